using Actors.Silo.Mcp.Hosting;
using Actors.Testing;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Hosting;

/// <summary>Session ids: whose, how long, and only whole.</summary>
public sealed class SessionIdsTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    private readonly FakeTimeProvider _time = new();

    private static InitializeRequestParams Client { get; } = new()
    {
        ProtocolVersion = "2025-11-25",
        ClientInfo = new Implementation { Name = "client", Version = "1" },
        Capabilities = new ClientCapabilities { Elicitation = new ElicitationCapability() },
    };

    [Fact]
    public void Read_AtAnotherSiloWithTheSameKey_GivesWhatTheClientSaid()
    {
        var id = Ids("shared").Create(Client, "ann")!;

        var claim = Ids("shared").Read(id, "ann")!;

        Assert.Equal(("2025-11-25", "client"), (claim.Client.ProtocolVersion, claim.Client.ClientInfo.Name));
        Assert.NotNull(claim.Client.Capabilities.Elicitation);
        Assert.All(id, c => Assert.InRange(c, '!', '~'));
    }

    [Fact]
    public void Create_Twice_GivesTwoIds() => Assert.NotEqual(Ids("k").Create(Client, "ann"), Ids("k").Create(Client, "ann"));

    [Fact]
    public void Read_WithAnotherKeyOrSubject_IsRefused()
    {
        var id = Ids("shared").Create(Client, "ann")!;

        Assert.Null(Ids("other").Read(id, "ann"));
        Assert.Null(Ids(null).Read(id, "ann"));
        Assert.Null(Ids("shared").Read(id, "bob"));
        Assert.Null(Ids("shared").Read(id, ""));
    }

    [Fact]
    public void Read_TooOld_IsRefused()
    {
        var ids = Ids("k");
        var id = ids.Create(Client, "ann")!;
        _time.Advance(Lifetime - TimeSpan.FromSeconds(2));
        Assert.NotNull(ids.Read(id, "ann"));
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Null(ids.Read(id, "ann"));
    }

    [Fact]
    public void Read_EachCharacterChanged_IsRefused()
    {
        var ids = Ids("k");
        var id = ids.Create(Client, "ann")!;

        Assert.All(Enumerable.Range(0, id.Length), i => Assert.Null(ids.Read(id[..i] + (id[i] == 'A' ? 'B' : 'A') + id[(i + 1)..], "ann")));
    }

    [Fact]
    public void Read_OfAnyPrefixOrWithMore_IsRefused()
    {
        var ids = Ids("k");
        var id = ids.Create(Client, "ann")!;

        Assert.All(Enumerable.Range(0, id.Length), i => Assert.Null(ids.Read(id[..i], "ann")));
        Assert.Null(ids.Read(id + "A", "ann"));
        Assert.Null(ids.Read(id + "=", "ann"));
        Assert.Null(ids.Read(" " + id, "ann"));
        Assert.Null(ids.Read(new string('A', SessionIds.LongestId + 1) + ".AAAA", "ann"));
    }

    [Fact]
    public void Create_MoreThanAnIdHolds_GivesNone()
    {
        var client = new InitializeRequestParams
        {
            ProtocolVersion = "2025-11-25",
            ClientInfo = new Implementation { Name = new string('n', 100_000), Version = "1" },
            Capabilities = new ClientCapabilities { Extensions = new Dictionary<string, object>(StringComparer.Ordinal) { ["x"] = new string('x', 3000) } },
        };

        Assert.Null(Ids("k").Create(client, "ann"));
        client.Capabilities.Extensions = null;
        Assert.True(Ids("k").Create(client, "ann")!.Length < SessionIds.LongestId);
    }

    private SessionIds Ids(string? secret) => new(new SessionKey(secret), Lifetime, _time);
}
