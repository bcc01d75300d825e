using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Podman;
using Actors.RunnerApi.Policy;
using Microsoft.Extensions.Options;

try
{
    await using var app = RunnerApp.Create(args, (builder, settings) =>
    {
        builder.Services.AddPolicyGate(new PolicyOptions { PolicyFile = settings.Options.PolicyFile });
        builder.Services.AddPodman(builder.Configuration);
    });
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is ConfigurationException or PolicyException or OptionsValidationException or IOException)
{
    // The operator's to mend: a message, no stack.
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
