using System.CommandLine;
using System.Globalization;
using Actors.Chaos;
using Actors.Chaos.Faults;
using Actors.Silo;
using Actors.Testing.NullRunner;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

if (args is ["null-runner", var port, var ledger, var lose, var idle])
{
    var behaviour = new NullRunnerOptions(int.Parse(lose, CultureInfo.InvariantCulture), int.Parse(idle, CultureInfo.InvariantCulture));
    await using var runner = await NullRunnerApp.StartAsync(int.Parse(port, CultureInfo.InvariantCulture), ledger, behaviour);
    await runner.WaitForShutdownAsync();
    return 0;
}

if (args is ["silo"])
{
    using var clock = new ShiftedClock(Environment.GetEnvironmentVariable("ACTORS_CHAOS_CLOCK")!);
    await using var silo = SiloApp.Build([], builder => builder.Services.AddSingleton<TimeProvider>(clock));
    await silo.RunAsync();
    return 0;
}

var minutes = new Option<double?>("--minutes") { Description = "How long faults are injected, 1 or with a mutation 0.5; healing and judging come on top." };
var seed = new Option<int?>("--seed") { Description = "Decides what is injected and when; a random one by default." };
var silos = new Option<int>("--silos") { Description = "How many silos.", DefaultValueFactory = _ => 3 };
var mutation = new Option<Mutation>("--mutation") { Description = "Breaks the product on purpose: success is that the checker sees it." };
var only = new Option<string[]>("--only") { Description = "Only these kinds of faults.", AllowMultipleArgumentsPerToken = true };
var keep = new Option<bool>("--keep") { Description = "Keeps the folder with logs and ledger and prints its name." };
var root = new RootCommand("Breaks silos, runner and PostgreSQL under load, heals them, and proves from the database and an independent ledger that nothing was lost or done twice.")
{
    minutes, seed, silos, mutation, only, keep,
};
root.SetAction(async (parsed, cancellationToken) =>
{
    var broken = parsed.GetValue(mutation);
    var options = new ChaosOptions
    {
        Minutes = parsed.GetValue(minutes) ?? (broken == Mutation.None ? 1 : 0.5),
        Seed = parsed.GetValue(seed) ?? Random.Shared.Next(1, 1_000_000),
        Silos = parsed.GetValue(silos),
        Mutation = broken,
        Only = parsed.GetValue(only) is { Length: > 0 } asked ? asked : Mutations.Faults(broken),
        Keep = parsed.GetValue(keep),
    };
    if (broken != Mutation.None)
    {
        // What a mutation breaks may never end: that is worth no long wait.
        options = options with { HealPatience = TimeSpan.FromSeconds(40) };
    }

    await Console.Error.WriteLineAsync(FormattableString.Invariant($"    seed {options.Seed}"));
    var report = await new ChaosRun(options).RunAsync(cancellationToken);
    await Console.Out.WriteAsync(report.Text);
    if (options.Mutation == Mutation.None)
    {
        await Console.Out.WriteLineAsync(report.Passed ? "passed" : "FAILED");
        return report.Passed ? 0 : 1;
    }

    var caught = report.Catches(broken);
    var signs = string.Join(" or ", Mutations.Signs(broken));
    await Console.Out.WriteLineAsync(caught ? $"passed: the checker caught the mutation as {signs}" : $"FAILED: the checker saw no {signs}");
    return caught ? 0 : 1;
});
return await root.Parse(args).InvokeAsync();
