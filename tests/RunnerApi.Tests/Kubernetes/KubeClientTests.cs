using System.Net;
using Actors.RunnerApi.Kubernetes.Client;
using Microsoft.AspNetCore.Http;

namespace Actors.RunnerApi.Tests.Kubernetes;

public sealed class KubeClientTests : IAsyncLifetime
{
    private static readonly Pod Pod = new(new ObjectMeta { Name = "x" });
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private FakeApi _api = null!;

    public async Task InitializeAsync() => _api = await FakeApi.StartAsync();

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        _limit.Dispose();
    }

    [Theory]
    [InlineData("err-403-quota-exceeded", "Forbidden", "exceeded quota")]
    [InlineData("err-403-runtimeclass", "Forbidden", "RuntimeClass \"nosuch\" not found")]
    [InlineData("err-404-pod", "NotFound", "\"nope\" not found")]
    [InlineData("err-409-already-exists", "AlreadyExists", "already exists")]
    [InlineData("err-409-conflict", "Conflict", "the object has been modified")]
    [InlineData("err-409-delete-precondition", "Conflict", "precondition")]
    [InlineData("err-422-invalid", "Invalid", "metadata.name")]
    [InlineData("err-400-log-container", "Invalid", "container nope is not valid")]
    [InlineData("err-401-bad-token", "Unauthorized", "Unauthorized")]
    [InlineData("err-attach-finished", "ServerError", "container main not found")]
    public async Task CreatePodAsync_RecordedError_IsTypedWithTheApisWords(string error, string fault, string words)
    {
        _api.Answer(Transcripts.Error(error));
        using var client = _api.Client();

        var e = await Assert.ThrowsAsync<KubeException>(() => client.CreatePodAsync(Pod, _limit.Token));

        Assert.Equal(fault, e.Fault.ToString());
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("t0ken", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindPodAsync_NotFound_IsNull()
    {
        _api.Answer(Transcripts.Error("err-404-pod"));
        using var client = _api.Client();

        Assert.Null(await client.FindPodAsync("nope", _limit.Token));
        Assert.Equal("GET /api/v1/namespaces/space/pods/nope", Assert.Single(_api.Requests));
    }

    [Fact]
    public async Task Request_BusyThenWell_IsSentAgainAfterWhatTheServerAsksFor()
    {
        _api.Answer(Transcripts.Error("err-429-priority-and-fairness"), FakeApi.Ok("{\"metadata\":{\"name\":\"x\",\"uid\":\"u\"}}"));
        using var client = _api.Client();
        var before = TimeProvider.System.GetTimestamp();

        Assert.Equal("u", (await client.FindPodAsync("x", _limit.Token))!.Metadata.Uid);
        Assert.True(TimeProvider.System.GetElapsedTime(before) >= TimeSpan.FromSeconds(1), "came again too early");
        Assert.Equal(2, _api.Requests.Count);
    }

    [Fact]
    public async Task Request_BusyForLong_EndsWithTheServersWords()
    {
        _api.Answer(Transcripts.Error("err-429-priority-and-fairness"));
        using var client = _api.Client(seconds: 0.5);

        var e = await Assert.ThrowsAsync<KubeException>(() => client.FindPodAsync("x", _limit.Token));
        Assert.Equal(KubeFault.TooManyRequests, e.Fault);
    }

    [Fact]
    public async Task Request_BusyForLongerThanItsPatience_IsNotSentAgain()
    {
        _api.Answer(Transcripts.Error("err-429-priority-and-fairness") with { RetryAfter = "3600" });
        using var client = _api.Client();

        var e = await Assert.ThrowsAsync<KubeException>(() => client.FindPodAsync("x", _limit.Token));
        Assert.Equal(KubeFault.TooManyRequests, e.Fault);
        Assert.Single(_api.Requests);
    }

    [Fact]
    public async Task Request_NoServer_IsUnreachableAfterItsPatience()
    {
        using var client = _api.Client(seconds: 0.5);
        await _api.DisposeAsync();

        Assert.Equal(KubeFault.Unreachable, (await Assert.ThrowsAsync<KubeException>(() => client.FindPodAsync("x", _limit.Token))).Fault);
    }

    [Fact]
    public async Task Request_TokenFileThatIsReplaced_IsReadAgainWhenTheServerRefusesTheOldOne()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "old");
            _api.Handler = async context =>
            {
                if (context.Request.Headers.Authorization == "Bearer old")
                {
                    await File.WriteAllTextAsync(file, "new\n");
                    context.Response.StatusCode = 401;
                    return;
                }

                await context.Response.WriteAsync("{\"metadata\":{\"name\":\"x\"}}");
            };
            using var client = _api.Client(credentials: new FileCredentials(file, TimeProvider.System));

            Assert.NotNull(await client.FindPodAsync("x", _limit.Token));
            Assert.Equal(["Bearer old", "Bearer new"], _api.Tokens);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Request_ServerOfAnotherAuthority_IsRefused()
    {
        await using var other = await FakeApi.StartAsync();
        var connection = _api.Connection() with { Server = new Uri(other.Address) };
        using var client = new KubeClient(new KubeTransport(connection, TimeSpan.FromSeconds(0.5), TimeProvider.System), "space");

        Assert.Equal(KubeFault.Unreachable, (await Assert.ThrowsAsync<KubeException>(() => client.FindPodAsync("x", _limit.Token))).Fault);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Request_AnswerOverTheBound_IsAProtocolFault()
    {
        _api.Handler = context => context.Response.WriteAsync(new string(' ', 17 * 1024 * 1024));
        using var client = _api.Client();

        Assert.Equal(KubeFault.Protocol, (await Assert.ThrowsAsync<KubeException>(() => client.FindPodAsync("x", _limit.Token))).Fault);
    }

    [Fact]
    public async Task ListPodsAsync_SeveralPages_AreOne()
    {
        _api.Answer(
            FakeApi.Ok("{\"metadata\":{\"resourceVersion\":\"5\",\"continue\":\"n/2\"},\"items\":[{\"metadata\":{\"name\":\"a\"}}]}"),
            FakeApi.Ok("{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[{\"metadata\":{\"name\":\"b\"}}]}"));
        using var client = _api.Client();

        var (pods, version) = await client.ListPodsAsync("a=b", _limit.Token);

        Assert.Equal(["a", "b"], pods.Select(p => p.Metadata.Name));
        Assert.Equal("5", version);
        Assert.EndsWith("&continue=n%2F2", _api.Requests.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WatchPodsAsync_RecordedEvents_AreTyped()
    {
        _api.Handler = context => context.Response.WriteAsync(string.Join('\n', Transcripts.Watch) + "\n");
        using var client = _api.Client();
        List<PodChange> changes = [];
        await foreach (var change in client.WatchPodsAsync("a=b", "320", _limit.Token))
        {
            changes.Add(change);
        }

        Assert.Equal(PodChangeKind.Added, changes[0].Kind);
        Assert.Equal("Running", changes.First(c => c.Pod.Status?.ContainerStatuses?[0].State?.Running is not null).Pod.Status!.Phase);
        Assert.All(changes, c => Assert.NotEmpty(c.Pod.Metadata.ResourceVersion!));
    }

    [Fact]
    public async Task WatchPodsAsync_VersionThatIsNotKept_IsExpired()
    {
        _api.Answer(FakeApi.Ok("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"too old resource version: 1 (1021)\",\"reason\":\"Expired\",\"code\":410}}\n"));
        using var client = _api.Client();

        var e = await Assert.ThrowsAsync<KubeException>(async () =>
        {
            await foreach (var _ in client.WatchPodsAsync("a=b", "1", _limit.Token))
            {
            }
        });
        Assert.Equal((KubeFault.Expired, "Expired"), (e.Fault, e.Reason));
    }

    [Fact]
    public async Task AttachStdinAsync_Refused_IsTyped()
    {
        _api.Answer((403, "text/plain", null, ""));
        using var client = _api.Client();

        Assert.Equal(KubeFault.Forbidden, (await Assert.ThrowsAsync<KubeException>(() => client.AttachStdinAsync("x", "server", _limit.Token))).Fault);
    }

    [Fact]
    public async Task AttachStdinAsync_OlderServer_SpeaksTheOlderProtocolOnTheStdinChannel()
    {
        var received = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _api.Handler = async context =>
        {
            Assert.Equal(["v5.channel.k8s.io", "v4.channel.k8s.io"], context.WebSockets.WebSocketRequestedProtocols);
            using var socket = await context.WebSockets.AcceptWebSocketAsync("v4.channel.k8s.io");
            var buffer = new byte[100];
            var read = await socket.ReceiveAsync(buffer, _limit.Token);
            received.SetResult(buffer[..read.Count]);

            // A write that the close overtakes is not known to have arrived.
            await written.Task.WaitAsync(_limit.Token);
            await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, "", _limit.Token);
        };
        using var client = _api.Client();
        var stdin = new Actors.RunnerApi.Kubernetes.PodStdin(await client.AttachStdinAsync("x", "server", _limit.Token));

        await stdin.WriteAsync("hi\n"u8.ToArray(), _limit.Token);
        written.SetResult();
        Assert.Equal([0, .. "hi\n"u8], await received.Task.WaitAsync(_limit.Token));
        await stdin.Ended.WaitAsync(_limit.Token);
        await Assert.ThrowsAsync<Actors.RunnerApi.Sandboxes.NothingSentException>(async () => await stdin.WriteAsync("late"u8.ToArray(), _limit.Token));
        await stdin.CloseAsync();
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(400, false)]
    [InlineData(422, false)]
    public async Task KnowsLogStreamsAsync_AsTheServerAnswers_IsKnown(int status, bool expected)
    {
        _api.Answer((status, "text/plain", null, "x"));
        using var client = _api.Client();

        Assert.Equal(expected, await client.KnowsLogStreamsAsync("x", "server", _limit.Token));
    }
}
