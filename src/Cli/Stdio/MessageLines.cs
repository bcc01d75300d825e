using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Actors.Cli.Stdio;

/// <summary>JSON-RPC messages of a stream, one per line.</summary>
internal static class MessageLines
{
    /// <summary>What the silo takes.</summary>
    private const int LongestLine = 2 * 1024 * 1024;

    /// <summary>Each message; null for a line that is none.</summary>
    /// <exception cref="CommandException">A line is too long.</exception>
    public static async IAsyncEnumerable<JsonObject?> ReadAsync(Stream input, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(input);
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end).ToArray();
                buffer = buffer.Slice(buffer.GetPosition(1, end));
                if (!IsBlank(line))
                {
                    yield return Parse(line);
                }
            }

            if (buffer.Length > LongestLine)
            {
                throw new CommandException($"a message is over {LongestLine} bytes.");
            }

            if (read.IsCompleted)
            {
                // The last line may have no end.
                var rest = buffer.ToArray();
                if (!IsBlank(rest))
                {
                    yield return Parse(rest);
                }

                yield break;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static bool IsBlank(byte[] line) => line.AsSpan().Trim(" \t\r"u8).Length == 0;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private static JsonObject? Parse(byte[] line)
    {
        try
        {
            return JsonNode.Parse(line, null, Strict) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Writes messages from any number of tasks, one per line.</summary>
internal sealed class MessageWriter(Stream output) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);

    public async Task WriteAsync(string message, CancellationToken cancellationToken)
    {
        // A line break in JSON is white space only.
        var line = System.Text.Encoding.UTF8.GetBytes(message.ReplaceLineEndings(" ") + "\n");
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await output.WriteAsync(line, cancellationToken);
            await output.FlushAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Answers a request with an error of the bridge's own.</summary>
    public Task FailAsync(JsonNode? id, int code, string message, CancellationToken cancellationToken) =>
        WriteAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id?.DeepClone(), ["error"] = new JsonObject { ["code"] = code, ["message"] = message } }.ToJsonString(), cancellationToken);

    public void Dispose() => _writing.Dispose();
}
