using Actors.Grains.Store;

namespace Actors.Grains.Tests.Store;

public sealed class SqliteRunStoreTests : RunStoreConformance, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actors-store");
    private readonly SqliteDatabase _database;

    public SqliteRunStoreTests()
    {
        _database = new SqliteDatabase(Path.Combine(_folder.FullName, "runs.db"));
        Store = new SqliteRunStore(_database);
    }

    private protected override IRunStore Store { get; }

    [Fact]
    public void Open_SecondProcess_IsRefusedWithTheFix()
    {
        var e = Assert.Throws<StoreUnavailableException>(() => new SqliteDatabase(Path.Combine(_folder.FullName, "runs.db")));

        Assert.Contains("runs.db", e.Message, StringComparison.Ordinal);
        Assert.Contains("stop the other one", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoDatabase_SaysSo()
    {
        var path = Path.Combine(_folder.FullName, "broken.db");
        File.WriteAllText(path, new string('x', 4096));

        Assert.Throws<StoreUnavailableException>(() => new SqliteDatabase(path));
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
    public void Open_Again_KeepsTheSchema()
    {
        var path = Path.Combine(_folder.FullName, "twice.db");
        new SqliteDatabase(path).Dispose();
        new SqliteDatabase(path).Dispose();
    }

    public void Dispose()
    {
        _database.Dispose();
        _folder.Delete(recursive: true);
    }
}
