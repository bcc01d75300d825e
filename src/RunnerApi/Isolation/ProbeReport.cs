namespace Actors.RunnerApi.Isolation;

/// <summary>What a probe printed, by name. It comes from a sandbox: whatever is missing is empty or null.</summary>
internal sealed record ProbeReport
{
    /// <summary>All of it.</summary>
    public required string Printed { get; init; }

    /// <summary>It came to its end.</summary>
    public required bool IsFinished { get; init; }

    /// <summary>The kernel's version.</summary>
    public required string Version { get; init; }

    /// <summary>The kernel's command line names gVisor.</summary>
    public required bool NamesGvisor { get; init; }

    /// <summary>User.</summary>
    public required string Uid { get; init; }

    /// <summary>Capability sets that are not empty.</summary>
    public required string Capabilities { get; init; }

    /// <summary><c>no_new_privs</c>.</summary>
    public required string NoNewPrivileges { get; init; }

    /// <summary>Mode of seccomp.</summary>
    public required string Seccomp { get; init; }

    /// <summary>Folders that can be written; null when it was not told exactly once.</summary>
    public required string? Writable { get; init; }

    /// <summary>Service accounts' tokens; null when it was not told exactly once.</summary>
    public required string? Token { get; init; }

    /// <summary>Each address that was tried, in order.</summary>
    public required IReadOnlyList<ProbeAttempt> Attempts { get; init; }

    /// <summary>Reads <c>name=value</c> lines.</summary>
    public static ProbeReport Parse(string printed)
    {
        var lines = printed.Split('\n').Where(l => l.Contains('=', StringComparison.Ordinal)).Select(l => l.Split('=', 2)).ToLookup(l => l[0], l => l[1].Trim(), StringComparer.Ordinal);
        return new ProbeReport
        {
            Printed = printed,
            IsFinished = First("done") == "1",
            Version = First("version"),
            NamesGvisor = First("sentry") is not ("" or "0"),
            Uid = First("uid"),
            Capabilities = First("caps"),
            NoNewPrivileges = First("nnp"),
            Seccomp = First("seccomp"),
            Writable = Only("writable"),
            Token = Only("token"),
            Attempts = [.. lines["tcp"].Select(l => l.Split(' ')).Where(t => t.Length == 4).Select(t => new ProbeAttempt(t[0], t[1], t[2], t[3]))],
        };

        string First(string name) => lines[name].FirstOrDefault() ?? "";

        string? Only(string name) => lines[name].ToList() is [var one] ? one : null;
    }
}

/// <summary>One try to connect.</summary>
/// <param name="Kind">What is there.</param>
/// <param name="Host">IP address.</param>
/// <param name="Port">TCP port, or <c>53/udp</c>.</param>
/// <param name="Result"><c>open</c>, <c>refused</c>, <c>blocked</c> or <c>unclear</c>.</param>
internal sealed record ProbeAttempt(string Kind, string Host, string Port, string Result)
{
    /// <summary>Where to.</summary>
    public string Address => Host + " " + Port;

    /// <inheritdoc/>
    public override string ToString() => Address + " " + Result;
}
