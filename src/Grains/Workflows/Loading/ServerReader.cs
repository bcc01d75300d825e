using Actors.Grains.Workflows.Yaml;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Workflows.Loading;

/// <summary>Reads the <c>servers</c> of a workflow.</summary>
internal static class ServerReader
{
    // What the runner takes of each kind.
    private const int MostArgs = 64;
    private const int MostEnv = 64;
    private const int MostSecrets = 32;

    public static Dictionary<string, ServerDefinition> Read(YamlMap servers, FaultList faults)
    {
        var found = new Dictionary<string, ServerDefinition>(StringComparer.Ordinal);
        if (servers.Members.Count > WorkflowLimits.Servers)
        {
            faults.Add(servers, $"There are {servers.Members.Count} servers, where at most {WorkflowLimits.Servers} may be. Split the workflow.");
            return found;
        }

        foreach (var (id, value) in servers.Members)
        {
            if (!TextRule.Id.Holds(id.Text))
            {
                faults.Add(id, $"A server's id must be {TextRule.Id.Words}. Rename {Schemas.Describe.Name(id.Text)}.");
            }
            else if (value is YamlMap map)
            {
                found[id.Text] = Server(new MapReader(map, "A server", faults));
            }
            else
            {
                faults.Add(value, $"The server '{id.Text}' must be a mapping, not {value.Kind}. Give it an 'image'.");
            }
        }

        return found;
    }

    private static ServerDefinition Server(MapReader reader)
    {
        var image = reader.Text(reader.Required("image"), "'image'", TextRule.Image);
        var args = reader.List(reader.Optional("args"), "'args'", MostArgs);
        var env = Variables(reader, "env", MostEnv, TextRule.Value);
        var secrets = Variables(reader, "secrets", MostSecrets, TextRule.Secret);
        foreach (var (name, _) in reader.Map.Find("secrets") is YamlMap map ? map.Members.Where(m => env.ContainsKey(m.Key.Text)) : [])
        {
            reader.Faults.Add(name, $"The variable '{name.Text}' is both in env and in secrets. Keep one of them.");
        }

        var profile = reader.Text(reader.Optional("profile"), "'profile'", TextRule.Id);
        var limits = reader.OptionalMap("limits");
        reader.Finish();
        return new ServerDefinition
        {
            Image = image ?? "",
            Args = [.. args.Select(a => reader.Text(a, "An item of 'args'", TextRule.Value) ?? "")],
            Env = env,
            Secrets = secrets,
            Profile = profile ?? "default",
            Limits = limits is null ? new SandboxLimits() : Limits(new MapReader(limits, "'limits'", reader.Faults)),
        };
    }

    private static Dictionary<string, string> Variables(MapReader reader, string name, int most, TextRule rule)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        var map = reader.OptionalMap(name);
        if (map?.Members.Count > most)
        {
            reader.Faults.Add(map, $"'{name}' has {map.Members.Count} variables, where at most {most} may be. Make it shorter.");
        }

        foreach (var (key, value) in map?.Members ?? [])
        {
            if (!TextRule.Variable.Holds(key.Text))
            {
                reader.Faults.Add(key, $"A name in '{name}' must be {TextRule.Variable.Words}. Rename {Schemas.Describe.Name(key.Text)}.");
            }
            else if (Text(reader, key, value, name, rule) is { } text)
            {
                variables[key.Text] = text;
            }
        }

        return variables;
    }

    // Somebody may have put a secret's value where its name belongs, so the fault does not repeat it.
    private static string? Text(MapReader reader, YamlScalar key, YamlValue value, string section, TextRule rule)
    {
        if (value is YamlScalar { IsString: true } scalar && !rule.Holds(scalar.Text))
        {
            reader.Faults.Add(value, $"'{section}.{key.Text}' must be {rule.Words}. Change it.");
            return null;
        }

        return reader.Text(value, $"'{section}.{key.Text}'", rule);
    }

    private static SandboxLimits Limits(MapReader reader)
    {
        var limits = new SandboxLimits
        {
            CpuMillis = reader.Quantity("cpu", Quantities.CpuMillis, "cores such as 500m, 0.5 or 2, from 10m to 1000"),
            MemoryBytes = reader.Quantity("memory", Quantities.MemoryBytes, "bytes or a whole number of Ki, Mi, Gi or Ti such as 256Mi, from 6Mi to 16Ti"),
            Pids = (int?)reader.Quantity("pids", t => Quantities.Whole(t, SandboxLimits.MostPids), "a whole number from 1 to 100000"),
            LifetimeSeconds = (int?)reader.Quantity("lifetime", t => Quantities.Duration(t, WorkflowLimits.RunTimeout), "a duration such as 30s, 5m or 2h, up to 24h")?.TotalSeconds,
        };
        reader.Finish();
        return limits;
    }
}
