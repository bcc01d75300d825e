using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>Stdio of one pod: stdin by attach, the outputs from its log. One source for what is live and what is replayed has no seam where a byte could be lost or come twice.</summary>
internal sealed class KubernetesConnection(Stream stdin, Stream stdout, Stream stderr, IReadOnlyList<PodLog> logs) : ISandboxConnection
{
    public Stream Stdin { get; } = stdin;

    public Stream Stdout { get; } = stdout;

    public Stream Stderr { get; } = stderr;

    public bool StderrInStdout { get; private init; }

    /// <summary>Both outputs in one log.</summary>
    internal static KubernetesConnection Merged(Stream stdin, PodLog log, int longest, Func<CancellationToken, Task<bool>> hasEnded)
    {
        var merged = new MergedLog(log, longest, hasEnded);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new KubernetesConnection(stdin, new SignalledOutput(merged, over), new SilentOutput(over.Task), [log]) { StderrInStdout = true };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var log in logs)
        {
            await log.CloseAsync();
        }

        if (Stdin is PodStdin attached)
        {
            await attached.CloseAsync();
        }

        // Ends a reader of the silent output.
        await Stdout.DisposeAsync();
    }

    /// <summary>Tells when an output has ended.</summary>
    private sealed class SignalledOutput(Stream source, TaskCompletionSource over) : StdioStream
    {
        public override bool CanRead => true;

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                var read = await source.ReadAsync(buffer, cancellationToken);
                if (read == 0 && buffer.Length > 0)
                {
                    over.TrySetResult();
                }

                return read;
            }
            catch (SandboxException)
            {
                over.TrySetResult();
                throw;
            }
        }

        protected override void Dispose(bool disposing)
        {
            over.TrySetResult();
            base.Dispose(disposing);
        }
    }

    /// <summary>An output without a byte that ends when the other one does.</summary>
    private sealed class SilentOutput(Task over) : StdioStream
    {
        public override bool CanRead => true;

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await over.WaitAsync(cancellationToken);
            return 0;
        }
    }
}
