using Actors.Grains.Interfaces;
using Actors.Testing;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>Barriers on what a run is doing.</summary>
internal static class Calls
{
    /// <summary>Returns when the tool call is durable as started and the server has it.</summary>
    public static Task InFlightAsync(Deployment deployment, RunView run) => Poll.UntilAsync(async () =>
        (await deployment.TraceAsync(run)).Any(e => e.Kind == "call_started") && deployment.ServerSaw(run, "called "));
}
