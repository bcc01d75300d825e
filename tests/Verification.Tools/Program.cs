using Actors.Verification.Tools;

return args switch
{
    ["export", var directory] => FixtureExport.Run(directory),
    ["mutate", var sources, .. var rest] => await MutationRun.RunAsync(sources, rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: export DIRECTORY          writes every fixture of the signer, one JSON file each
               mutate SOURCES [FILTER]   disables each check of the sources in turn and demands a red test
        """);
    return 2;
}
