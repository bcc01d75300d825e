using System.Net;
using System.Net.Sockets;
using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Network;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Egress;

/// <summary>One connection to the proxy, from its request to its end. One request, one target: nothing is answered twice on it.</summary>
internal sealed class EgressTunnel(Socket client, EgressGrants grants, EgressOptions options, EgressDial dial, TimeProvider time)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Serves it; the socket is the caller's to dispose.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (await ReadHeadAsync(stopping) is not { } head)
        {
            return;
        }

        if (grants.Authenticate(head.Authorization) is not { } grant)
        {
            await AnswerAsync("407 Proxy Authentication Required", "These are not the credentials of a running sandbox; use HTTPS_PROXY as the sandbox got it.", stopping);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping, grant.Ended);
        await ServeAsync(grant, head, ended.Token, stopping);
    }

    private async Task<ConnectHead?> ReadHeadAsync(CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, late.Token);
        var buffer = new byte[ConnectHead.MaxBytes];
        var (count, length) = (0, -1);
        while (length < 0)
        {
            var read = count < buffer.Length ? await client.ReceiveAsync(buffer.AsMemory(count), either.Token) : 0;
            count += read;
            length = ConnectHead.LengthOf(buffer.AsSpan(0, count));
            if (read == 0)
            {
                await AnswerAsync("431 Request Header Fields Too Large", $"The request has no end within {ConnectHead.MaxBytes} bytes.", stopping);
                return null;
            }
        }

        var fault = "bytes before the answer";
        var head = length == count ? ConnectHead.Parse(buffer.AsSpan(0, length), out fault) : null;
        if (head is null)
        {
            await AnswerAsync("400 Bad Request", $"The request has {fault}; send CONNECT host:port HTTP/1.1 alone.", stopping);
        }

        return head;
    }

    private async Task ServeAsync(EgressGrant grant, ConnectHead head, CancellationToken ended, CancellationToken stopping)
    {
        var target = head.Method == "CONNECT" ? ConnectTarget.Parse(head.Target) : null;
        var entry = grant.Log.Begin(target?.Host ?? head.Target, target?.Port ?? 0);
        var entered = grant.TryEnter();
        var verdict = EgressVerdicts.Broken;
        try
        {
            verdict = !entered ? await RefuseAsync("429 Too Many Requests", EgressVerdicts.ConnectionLimit, "The sandbox has as many connections as it may have; close some.", ended)
                : target is null ? await RefuseUnreadAsync(head, ended)
                : await ConnectAsync(grant, target, entry, ended);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // Gone, or cut: the entry says which when somebody else ended it.
        }
        finally
        {
            grant.Log.End(entry, verdict == EgressVerdicts.Broken && stopping.IsCancellationRequested ? EgressVerdicts.RunnerEnded : verdict);
            if (entered)
            {
                grant.Leave();
            }
        }
    }

    private Task<string> RefuseUnreadAsync(ConnectHead head, CancellationToken ended) => head.Method == "CONNECT"
        ? RefuseAsync("400 Bad Request", EgressVerdicts.BadRequest, "The target must be a name and a port, or an address in its usual form and a port.", ended)
        : RefuseAsync("405 Method Not Allowed", EgressVerdicts.BadRequest, "Only CONNECT is served; plain HTTP goes through CONNECT too, where the profile has a rule with tls: false.", ended);

    private async Task<string> ConnectAsync(EgressGrant grant, ConnectTarget target, EgressEntry entry, CancellationToken ended)
    {
        var (rule, refusal) = grant.Find(target);
        if (rule is null)
        {
            return await RefuseAsync("403 Forbidden", refusal, $"The profile's egress does not allow {target.Host} with port {target.Port}; add a rule to the policy if it should.", ended);
        }

        var (socket, code, words) = await DialAsync(rule, target, ended);
        if (socket is null)
        {
            return await RefuseAsync(code == EgressVerdicts.AddressNotAllowed ? "403 Forbidden" : "502 Bad Gateway", code, words, ended);
        }

        using (socket)
        {
            entry.Connected(((IPEndPoint)socket.RemoteEndPoint!).Address is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4().ToString() : ((IPEndPoint)socket.RemoteEndPoint!).Address.ToString());
            await SendAsync(client, "HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), ended);
            return await PassAsync(grant, rule, target, entry, socket, ended);
        }
    }

    private async Task<(Socket? Socket, string Code, string Words)> DialAsync(EgressRule rule, ConnectTarget target, CancellationToken ended)
    {
        using var late = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ended, late.Token);
        var code = EgressVerdicts.NameNotResolved;
        try
        {
            var addresses = target.Address is { } address
                ? [address]
                : await EgressGuard.ResolveAsync(target.Host, rule.AllowPrivate ? dial.IsPublicOrPrivate : dial.IsPublic, dial.Resolve, either.Token);
            code = EgressVerdicts.ConnectFailed;
            return (await EgressGuard.ConnectAsync(addresses, target.Port, either.Token), "", "");
        }
        catch (EgressRefusedException)
        {
            return (null, EgressVerdicts.AddressNotAllowed, $"{target.Host} has an address that is not public; the policy's rule for it may say allow_private: true.");
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !ended.IsCancellationRequested))
        {
            return (null, code, code == EgressVerdicts.ConnectFailed ? $"{target.Host} does not accept connections to port {target.Port}." : $"{target.Host} does not resolve.");
        }
    }

    private async Task<string> PassAsync(EgressGrant grant, EgressRule rule, ConnectTarget target, EgressEntry entry, Socket socket, CancellationToken ended)
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(options.ConnectionSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ended, over.Token);
        if (rule.Tls && await CheckHelloAsync(grant, target, entry, socket, ended) is { } refusal)
        {
            Reset(socket);
            return refusal;
        }

        var verdict = await new Splice(client, socket, grant, entry, TimeSpan.FromSeconds(options.IdleSeconds), time).RunAsync(either.Token);
        verdict = over.IsCancellationRequested && verdict == EgressVerdicts.Broken ? EgressVerdicts.TimeLimit : verdict;
        if (verdict != EgressVerdicts.Closed)
        {
            Reset(socket);
        }

        return verdict;
    }

    /// <summary>Reads the ClientHello, and passes it on when it names the target; else gives the verdict. The target gets no byte before.</summary>
    private async Task<string?> CheckHelloAsync(EgressGrant grant, ConnectTarget target, EgressEntry entry, Socket socket, CancellationToken ended)
    {
        using var late = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ended, late.Token);
        var buffer = new byte[ClientHello.MaxBytes];
        var (count, hello) = (0, new ClientHello(HelloKind.Incomplete, ""));
        try
        {
            while (hello.Kind == HelloKind.Incomplete)
            {
                var read = count < buffer.Length ? await client.ReceiveAsync(buffer.AsMemory(count), either.Token) : 0;
                count += read;
                hello = read == 0 ? new ClientHello(HelloKind.NotTls, "") : ClientHello.Read(buffer.AsSpan(0, count));
            }
        }
        catch (OperationCanceledException) when (!ended.IsCancellationRequested)
        {
            return EgressVerdicts.TlsTimeout;
        }

        if (VerdictOf(hello, target) is { } refusal)
        {
            return refusal;
        }

        if (!grant.TryTake(count))
        {
            return EgressVerdicts.ByteLimit;
        }

        entry.Count(count, up: true);
        await SendAsync(socket, buffer.AsMemory(0, count), ended);
        return null;
    }

    private static string? VerdictOf(ClientHello hello, ConnectTarget target) => hello.Kind switch
    {
        HelloKind.Named => hello.Name == target.Host ? null : EgressVerdicts.ServerNameMismatch,
        HelloKind.NoName => EgressVerdicts.ServerNameMissing,
        HelloKind.Hidden => EgressVerdicts.ServerNameHidden,
        _ => EgressVerdicts.NotTls,
    };

    // A cut connection must not look like the end of what was sent.
    private void Reset(Socket socket)
    {
        client.LingerState = new LingerOption(enable: true, 0);
        socket.LingerState = new LingerOption(enable: true, 0);
    }

    private async Task<string> RefuseAsync(string status, string verdict, string words, CancellationToken ended)
    {
        await AnswerAsync(status, verdict + ": " + words, ended);
        return verdict;
    }

    private async Task AnswerAsync(string status, string words, CancellationToken ended)
    {
        var challenge = status.StartsWith("407", StringComparison.Ordinal) ? "Proxy-Authenticate: Basic realm=\"actors\"\r\n" : "";
        var body = Encoding.UTF8.GetBytes(words + "\n");
        var head = Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{challenge}Content-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        await SendAsync(client, (byte[])[.. head, .. body], ended);
        client.Shutdown(SocketShutdown.Send);
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken)..];
        }
    }
}
