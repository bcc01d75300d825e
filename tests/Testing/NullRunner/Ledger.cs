using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Actors.Testing.NullRunner;

/// <summary>An append-only file. An entry is on disk when its task ends; entries that come together share one fsync.</summary>
public sealed class Ledger : IAsyncDisposable
{
    private readonly Channel<(LedgerEntry Entry, TaskCompletionSource Written)> _queue = Channel.CreateUnbounded<(LedgerEntry, TaskCompletionSource)>();
    private readonly FileStream _file;
    private readonly Task _writing;

    private Ledger(string path)
    {
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        _writing = WriteAsync();
    }

    /// <summary>Opens it; a line that a crash cut short is removed.</summary>
    public static Ledger Open(string path)
    {
        if (File.Exists(path))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            var length = file.Length;
            while (length > 0)
            {
                file.Position = length - 1;
                if (file.ReadByte() == '\n')
                {
                    break;
                }

                length--;
            }

            file.SetLength(length);
        }

        return new Ledger(path);
    }

    /// <summary>Whole lines of a ledger, also while somebody writes it.</summary>
    public static IReadOnlyList<LedgerEntry> Read(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file, Encoding.UTF8);
        var text = reader.ReadToEnd();
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        return [.. whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<LedgerEntry>(l)!)];
    }

    public Task AppendAsync(LedgerEntry entry)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite((entry, written)) ? written.Task : throw new InvalidOperationException("the ledger is closed");
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
        await _file.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        var batch = new List<TaskCompletionSource>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (_queue.Reader.TryRead(out var item))
            {
                _file.Write(JsonSerializer.SerializeToUtf8Bytes(item.Entry));
                _file.WriteByte((byte)'\n');
                batch.Add(item.Written);
            }

            _file.Flush(flushToDisk: true);
            batch.ForEach(w => w.TrySetResult());
        }
    }
}
