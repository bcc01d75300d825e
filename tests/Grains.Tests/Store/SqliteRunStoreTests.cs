using Actors.Grains.Store;
using Actors.Grains.Store.Sqlite;
using Actors.Testing;

namespace Actors.Grains.Tests.Store;

public sealed class SqliteRunStoreTests : RunStoreConformance, IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actors-store");
    private readonly FakeTimeProvider _time = new();
    private readonly SqlRunStore _store;

    public SqliteRunStoreTests() => _store = new SqlRunStore(Open("runs.db"));

    private protected override IRunStore Store => _store;

    private protected override DateTimeOffset Now => _time.GetUtcNow();

    private protected override bool ServesManySilos => false;

    private protected override Task AdvanceAsync(TimeSpan by)
    {
        _time.Advance(by);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Join_NewSilo_TakesThePlaceOfTheOther()
    {
        var (silo, run) = await ClaimedAsync();
        var next = await JoinedAsync();

        Assert.Null(await Store.BeatAsync(silo, default));
        Assert.Equal(run.Epoch + 1, Assert.Single(await Store.ClaimAsync(Wish(next), default)).Run.Epoch);
    }

    [Fact]
    public void Open_SecondProcess_IsRefusedWithTheFix()
    {
        var e = Assert.Throws<StoreUnavailableException>(() => Open("runs.db"));

        Assert.Contains("runs.db", e.Message, StringComparison.Ordinal);
        Assert.Contains("stop the other one", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoDatabase_SaysSo()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "broken.db"), new string('x', 4096));

        Assert.Throws<StoreUnavailableException>(() => Open("broken.db"));
    }

    [Fact]
    public void Open_NewDatabase_IsReadableByItsOwnerAlone()
    {
        foreach (var file in _folder.EnumerateFiles("runs.db*").Where(f => f.Extension != ".lock"))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.FullName));
        }
    }

    [Fact]
    public async Task Open_NewerSchema_IsUsedWhenItServesThisProgram()
    {
        Migration[] newer = [.. Migration.Load("Sqlite"), new(4, 1, "CREATE TABLE later (id INTEGER)"), new(5, 5, "DROP TABLE later")];
        await Open("new.db", newer[..4]).DisposeAsync();
        await Open("new.db").DisposeAsync();
        await Open("new.db", newer).DisposeAsync();
        var e = Assert.Throws<StoreUnavailableException>(() => Open("new.db"));

        Assert.Contains("Use the newer program", e.Message, StringComparison.Ordinal);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private SqliteDialect Open(string name, IReadOnlyList<Migration>? migrations = null) => new(Path.Combine(_folder.FullName, name), _time, migrations);
}
