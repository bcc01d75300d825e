using Actors.ConformanceSilo;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// One silo with the fixtures, by the silo's own settings; or a cluster of them, see ConformanceCluster.
await (args is ["cluster", ..] ? ConformanceCluster.RunAsync() : FixtureSilo.RunAsync(args));
