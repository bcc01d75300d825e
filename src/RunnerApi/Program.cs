using Actors.RunnerApi.Policy;
using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

try
{
    await using var app = RunnerApp.Create(args, (services, settings) => services
        .AddPolicyGate(settings.Policy)
        .AddDriver(settings));
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is SettingsException or PolicyException or IOException)
{
    // The operator's to mend: a message, no stack.
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
