using Actors.Grains.Store;
using Actors.Grains.Workflows;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.Silo;

try
{
    await using var app = SiloApp.Build(args);
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is SettingsException or WorkflowLoadException or StoreUnavailableException or IOException)
{
    // The operator's to mend: a message, no stack.
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
