using Actors.Grains.Runs;
using Actors.Grains.Tests.Store;
using Actors.Grains.Tracing;

namespace Actors.Grains.Tests.Runs;

public sealed class ModelRunHostTests : RunHostTests
{
    private protected override GrainFixture Open(RunOptions? options = null, RedactionOptions? redaction = null) => new(options, redaction);
}

public sealed class ModelRunGrainTests : RunGrainTests
{
    private protected override GrainFixture Open(RunOptions? options = null) => new(options);
}

public sealed class SqliteRunHostTests : RunHostTests
{
    private protected override GrainFixture Open(RunOptions? options = null, RedactionOptions? redaction = null) => new(options, redaction, TestStore.Sqlite);
}

public sealed class SqliteRunGrainTests : RunGrainTests
{
    private protected override GrainFixture Open(RunOptions? options = null) => new(options, open: TestStore.Sqlite);
}

public sealed class PostgresRunHostTests(PostgresFixture postgres) : RunHostTests, IClassFixture<PostgresFixture>
{
    private protected override GrainFixture Open(RunOptions? options = null, RedactionOptions? redaction = null) => new(options, redaction, _ => TestStore.Postgres(postgres.Server));
}

public sealed class PostgresRunGrainTests(PostgresFixture postgres) : RunGrainTests, IClassFixture<PostgresFixture>
{
    private protected override GrainFixture Open(RunOptions? options = null) => new(options, open: _ => TestStore.Postgres(postgres.Server));
}
