using Actors.Grains.Store;
using Actors.Grains.Store.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Grains.Tests.Store;

public sealed class SessionMailTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Read_RecentLetters_ComeInOrderAndAtMostTheNewestThousand()
    {
        await using var dialect = PostgresDialect.Open(PostgresConnections.Parse(await postgres.Server.CreateDatabaseAsync(), null), NullLogger.Instance);
        var mail = new SessionMail(dialect);
        await mail.PostAsync("one", "first", TimeSpan.FromMinutes(1), default);
        await mail.PostAsync("two", null, TimeSpan.FromMinutes(1), default);
        var recent = await mail.RecentAsync(default);

        Assert.Equal([("one", "first"), ("two", null)], (await mail.ReadAsync(recent, default)).Select(l => (l.Session, l.Body)));
        Assert.Equal(("two", null), (await mail.ReadAsync([recent[1]], default)).Select(l => (l.Session, l.Body)).Single());
        await dialect.WriteAsync(async (c, t) => await Dapper.SqlMapper.ExecuteAsync(c, "INSERT INTO session_mail (session, body, posted_at, expires_at) SELECT 'x', 'y', db_now(), db_now() + 60000 FROM generate_series(1, 1000)", transaction: t), default);
        var full = await mail.RecentAsync(default);
        Assert.Equal(1000, full.Count);
        Assert.True(full[0] > recent[1] && full.SequenceEqual(full.Order()));
    }
}
