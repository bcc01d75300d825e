using System.Runtime.InteropServices;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Configuration;
using Actors.Silo.Mcp.Hosting;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Resources;

/// <summary>Bounds artifacts over <c>MaxResultBytes</c>: each stands in memory several times until its client has read it.</summary>
internal sealed class LargeAnswers(SiloOptions options)
{
    /// <summary>Of one artifact: as many as all results of a run may have together.</summary>
    public const int Largest = 16 * 1024 * 1024;

    /// <summary>Under way to one caller.</summary>
    public const int MostPerCaller = 2;

    /// <summary>Under way in all.</summary>
    public const int Most = 8;

    private readonly CallerPlaces _places = new(MostPerCaller, Most);

    /// <summary>Lets an artifact out; a large one has a place until its response is over.</summary>
    /// <exception cref="RunRejectedException">It is too large, or too many are under way.</exception>
    public void Admit(JsonElement artifact, RequestContext<ReadResourceRequestParams> request)
    {
        var bytes = JsonMarshal.GetRawUtf8Value(artifact).Length;
        if (bytes <= options.MaxResultBytes)
        {
            return;
        }

        if (bytes > Largest)
        {
            throw new RunRejectedException(new RunError("artifact_too_large", $"The artifact has {bytes} bytes, {Largest} are the most. Read the steps' artifacts one by one, or page through the trace with get_run_trace (./actors trace)."));
        }

        var place = _places.TryEnter(Caller.Of(request.User).Subject)
            ?? throw new RunRejectedException(new RunError("artifacts_busy", $"{MostPerCaller} artifacts over {options.MaxResultBytes} bytes may be under way to you, and {Most} to all callers. Read those to their end, then try again."));
        McpCall.Of(request)!.Hold(place);
    }
}
