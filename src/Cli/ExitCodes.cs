using Actors.Grains.Interfaces;

namespace Actors.Cli;

/// <summary>What the program's exit code says.</summary>
internal static class ExitCodes
{
    /// <summary>Done; a run succeeded.</summary>
    public const int Ok = 0;

    /// <summary>The command failed: wrong use, no silo, a typed error.</summary>
    public const int Error = 1;

    /// <summary>The run ended with another outcome than succeeded, or a trace does not verify.</summary>
    public const int NotSucceeded = 2;

    /// <summary>Wrong use of a command whose failure says something else.</summary>
    public const int Usage = 2;

    /// <summary>The run is not done yet.</summary>
    public const int NotDone = 3;

    /// <summary>Interrupted.</summary>
    public const int Interrupted = 130;

    /// <summary>What a command that prints a run exits with.</summary>
    public static int Of(RunView run) => run switch
    {
        { Status: not RunStatus.Done } => NotDone,
        { Outcome: RunOutcome.Succeeded } => Ok,
        _ => NotSucceeded,
    };
}
