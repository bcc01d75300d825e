using Actors.RunnerApi.Configuration;

try
{
    var app = RunnerApp.Create(args, builder =>
    {
        // builder.AddPolicy();
        // builder.AddPodman();
    });
    await app.RunAsync();
    return 0;
}
catch (ConfigurationException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 78;
}
