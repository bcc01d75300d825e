using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Sessions;

/// <content>What happens with each line, and at the end.</content>
internal sealed partial class McpSession
{
    private static readonly TimeSpan s_exitPoll = TimeSpan.FromMilliseconds(100);
    private const int ExitPolls = 50;

    private async Task OnLineAsync(Inbound line, ReadOnlyMemory<byte> bytes)
    {
        switch (line.Kind)
        {
            case InboundKind.Answer when line.Id == _handshake.Id:
                await OnInitializeAnsweredAsync(line.Message);
                break;
            case InboundKind.Answer when _wasReady && State.Phase == SandboxPhase.Starting:
                // No call is sent before the handshake is answered, so what is replayed lacks its start.
                await EndAsync(SandboxPhase.Failed, SandboxReasons.OutputLimit, "The start of the sandbox' log is gone, rotated away while the runner was down, so answers may be missing; it was stopped.");
                break;
            case InboundKind.Answer:
                OnAnswer(line.Id, line.Message);
                break;
            case InboundKind.Request:
                OnServerRequest(line.Message);
                break;
            case InboundKind.Notification:
                if (_answers.ReadProgress(line.Message) is { } report)
                {
                    Calls.Find(report.CallId)?.Report(report.Progress);
                }

                break;
            case InboundKind.Noise when _stderrInStdout && line.Id is null:
                _stderr.Append(bytes.Span);
                _stderr.Append("\n"u8);
                break;
            default:
                OnNoise(line.Noise!);
                Spoil(line.Id, CallErrorCodes.InvalidAnswer, "The server's answer is no valid JSON-RPC message, is nested too deep or has a name twice.");
                break;
        }
    }

    private async Task OnInitializeAnsweredAsync(JsonElement answer)
    {
        if (State.Phase != SandboxPhase.Starting)
        {
            OnNoise(NoiseKinds.DuplicateAnswer);
            return;
        }

        string fault;
        ServerIdentity? server = null;
        try
        {
            server = _handshake.Read(answer, out fault);
        }
        catch (InvalidOperationException)
        {
            fault = "The server's handshake holds a string that is no valid text.";
        }

        if (server is null)
        {
            await EndAsync(SandboxPhase.Failed, SandboxReasons.HandshakeFailed, fault);
            return;
        }

        _handshakeTimer?.Dispose();
        _handshake.Complete();
        if (State.TryReady(server))
        {
            Calls.Release();
            LogReady(Id, server.ProtocolVersion);
        }
    }

    private void OnAnswer(string? callId, JsonElement answer)
    {
        if (callId is null || Calls.Find(callId) is not { } call)
        {
            OnNoise(NoiseKinds.UnknownId);
            return;
        }

        if (!_answers.TryRead(answer, out var result, out var error))
        {
            OnNoise(NoiseKinds.InvalidMessage);
            Spoil(callId, CallErrorCodes.InvalidAnswer, "The server's answer holds a string that is no valid text.");
            return;
        }

        switch (call.Answer(result, error))
        {
            case AnswerFate.NotAsked:
                OnNoise(NoiseKinds.UnknownId);
                break;
            case AnswerFate.Duplicate:
                OnNoise(NoiseKinds.DuplicateAnswer);
                break;
            default:
                break;
        }
    }

    private void OnTooLong(ReadOnlyMemory<byte> prefix)
    {
        OnNoise(NoiseKinds.LineTooLong);
        var id = Inbound.PeekAnswerId(prefix.Span);
        if (id is null && Inbound.LooksLikeAnswer(prefix.Span))
        {
            // The id comes after the part that was kept: only one call can be meant.
            id = Calls.OnlyPending?.Id;
        }

        Spoil(id, CallErrorCodes.ResultTooLarge, $"The server's answer is longer than {_services.Options.MaxLineBytes} bytes.");
    }

    private void Spoil(string? callId, string code, string message)
    {
        if (callId is not null)
        {
            Calls.Find(callId)?.Spoil(code, message, _journal);
        }
    }

    private void OnNoise(string kind)
    {
        if (State.CountNoise(kind) > _services.Options.MaxNoiseLines)
        {
            _ = EndForOutputAsync();
        }
    }

    private void OnServerRequest(JsonElement request)
    {
        var id = request.GetProperty("id");
        if (++_serverRequests > MaxServerRequests || id.GetRawText().Length > MaxEchoedIdChars)
        {
            OnNoise(NoiseKinds.InvalidMessage);
            return;
        }

        var answer = request.GetProperty("method").ValueEquals("ping"u8) ? Outbound.Pong(id) : Outbound.MethodNotFound(id);
        _outbox.TryPost(() => answer);
    }

    private async Task ConcludeExitAsync()
    {
        for (var i = 0; i < ExitPolls && !State.HasEnded; i++)
        {
            var status = await AskAsync(token => _services.Driver.InspectAsync(Id, token));
            if (status is null)
            {
                Conclude(SandboxPhase.Failed, SandboxReasons.SandboxLost, "The container is gone and nobody saw it end.", null, null);
                return;
            }

            if (status.State == SandboxState.Exited)
            {
                ConcludeExit(status);
                return;
            }

            await Task.Delay(s_exitPoll, _services.Time, _stop.Token);
        }

        await EndAsync(SandboxPhase.Failed, SandboxReasons.ServerExited, "The server closed its stdout but did not exit; it was stopped.");
    }

    private void ConcludeExit(SandboxStatus status)
    {
        if (status.OutOfMemory)
        {
            Conclude(SandboxPhase.Failed, SandboxReasons.OutOfMemory, "The kernel killed the server at its memory limit.", status.ExitCode, null);
        }
        else if (status.Loss != SandboxLoss.None)
        {
            var (code, what) = status.Loss == SandboxLoss.Evicted ? (SandboxReasons.Evicted, "The node evicted the sandbox") : (SandboxReasons.NodeLost, "The sandbox' node is lost");
            Conclude(SandboxPhase.Failed, code, status.Detail is null ? what + "." : $"{what}: {status.Detail}", status.ExitCode, null);
        }
        else if (status.DeadlineExceeded)
        {
            Conclude(SandboxPhase.Failed, SandboxReasons.DeadlineExceeded, "The sandbox' lifetime is over.", status.ExitCode, null);
        }
        else
        {
            Conclude(SandboxPhase.Exited, SandboxReasons.ServerExited, $"The server exited with code {status.ExitCode}.", status.ExitCode, null);
        }
    }
}
