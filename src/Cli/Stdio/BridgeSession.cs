using System.Net;
using System.Text.Json.Nodes;

namespace Actors.Cli.Stdio;

/// <summary>The client's session at the silo, if it began one. One that the silo does not know any more is begun anew, and the client need not know.</summary>
internal sealed class BridgeSession(SiloEndpoint silo) : IDisposable
{
    private readonly SemaphoreSlim _beginning = new(1, 1);
    private JsonObject? _initialize;

    /// <summary>Posts a message; the answer's headers are there.</summary>
    /// <exception cref="HttpRequestException">The silo does not answer, or begins no session.</exception>
    public async Task<HttpResponseMessage> SendAsync(JsonObject message, CancellationToken cancellationToken)
    {
        if (SiloEndpoint.Text(message, "method") == "initialize")
        {
            _initialize = message;
            silo.Session = null;
            silo.Version = null;
        }

        var session = silo.Session;
        var response = await silo.PostAsync(message, cancellationToken);
        if (response.StatusCode != HttpStatusCode.NotFound || session is null || _initialize is null || SiloEndpoint.IsModern(message))
        {
            Adopt(response);
            return response;
        }

        response.Dispose();
        await ReestablishAsync(_initialize, session, cancellationToken);
        return await silo.PostAsync(message, cancellationToken);
    }

    public void Dispose() => _beginning.Dispose();

    // It is too old, or its silos got another key. Several calls may learn of that at once: one begins anew for all.
    private async Task ReestablishAsync(JsonObject initialize, string lost, CancellationToken cancellationToken)
    {
        await _beginning.WaitAsync(cancellationToken);
        try
        {
            if (silo.Session != lost)
            {
                return;
            }

            using var initialized = await silo.PostAsync(initialize, cancellationToken);
            await initialized.Content.ReadAsStringAsync(cancellationToken);
            if (!Adopt(initialized))
            {
                throw new HttpRequestException($"it does not know the session any more, and answered {(int)initialized.StatusCode} without a new one");
            }

            (await silo.PostAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/initialized" }, cancellationToken)).Dispose();
        }
        finally
        {
            _beginning.Release();
        }
    }

    private bool Adopt(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Mcp-Session-Id", out var ids))
        {
            return false;
        }

        silo.Session = ids.First();
        return true;
    }
}
