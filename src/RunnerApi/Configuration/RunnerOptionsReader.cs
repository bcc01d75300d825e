using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Reflection;

namespace Actors.RunnerApi.Configuration;

/// <summary>Every fault of the configuration at once; each line names its key and environment variable.</summary>
internal sealed class ConfigurationException(IReadOnlyList<string> faults)
    : Exception("The configuration has " + faults.Count.ToString(CultureInfo.InvariantCulture) + " fault(s):\n  " + string.Join("\n  ", faults))
{
    /// <summary>One sentence per fault.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}

/// <summary>What the host needs before it starts: checked options, the token, the address.</summary>
internal sealed record RunnerSettings(RunnerOptions Options, RunnerToken Token, IPEndPoint Endpoint);

/// <summary>Reads and checks the section <c>Actors:Runner</c>.</summary>
internal static class RunnerOptionsReader
{
    /// <summary>Reads everything, or throws with all faults.</summary>
    /// <exception cref="ConfigurationException">At least one value is missing or wrong.</exception>
    public static RunnerSettings Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(RunnerOptions.Section);
        var options = new RunnerOptions();
        var faults = new List<string>();
        foreach (var property in typeof(RunnerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            Set(options, property, section[property.Name], faults);
        }

        var endpoint = ReadEndpoint(options, faults);
        CheckDirectories(options, faults);
        var token = RunnerToken.Read(options.TokenFile, out var tokenFault);
        if (tokenFault is not null && options.TokenFile.Length > 0)
        {
            faults.Add(Name(nameof(RunnerOptions.TokenFile)) + tokenFault);
        }

        return faults.Count == 0 ? new RunnerSettings(options, token!, endpoint!) : throw new ConfigurationException(faults);
    }

    private static void Set(RunnerOptions options, PropertyInfo property, string? text, List<string> faults)
    {
        if (text is not null)
        {
            try
            {
                property.SetValue(options, TypeDescriptor.GetConverter(property.PropertyType).ConvertFromInvariantString(text.Trim()));
            }
            catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException)
            {
                faults.Add($"{Name(property.Name)}'{text}' is no {property.PropertyType.Name}.");
                return;
            }
        }

        var value = property.GetValue(options);
        faults.AddRange(property.GetCustomAttributes<ValidationAttribute>()
            .Where(a => !a.IsValid(value))
            .Select(a => Name(property.Name) + Explain(a, value)));
    }

    private static string Explain(ValidationAttribute attribute, object? value) => attribute switch
    {
        RangeAttribute r => $"{value} is not between {r.Minimum} and {r.Maximum}.",
        _ => "must be set.",
    };

    private static IPEndPoint? ReadEndpoint(RunnerOptions options, List<string> faults)
    {
        var name = Name(nameof(RunnerOptions.Url));
        if (!Uri.TryCreate(options.Url, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp || url.PathAndQuery != "/")
        {
            faults.Add(name + "must read http://ADDRESS:PORT.");
            return null;
        }

        var host = url.Host.Trim('[', ']');
        var address = host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(host, out var parsed) ? parsed : null;
        if (address is null)
        {
            faults.Add(name + "must name an IP address or localhost.");
            return null;
        }

        if (!IPAddress.IsLoopback(address) && !options.AllowNonLoopback)
        {
            faults.Add($"{name}{address} can be reached by other machines; use 127.0.0.1, or set {RunnerOptions.Section}:{nameof(RunnerOptions.AllowNonLoopback)}=true where the network is closed.");
            return null;
        }

        return new IPEndPoint(address, url.Port);
    }

    private static void CheckDirectories(RunnerOptions options, List<string> faults)
    {
        if (options.StateDirectory.Length > 0 && !Path.IsPathFullyQualified(options.StateDirectory))
        {
            faults.Add(Name(nameof(RunnerOptions.StateDirectory)) + "must be an absolute path.");
        }

        if (options.SecretsDirectory.Length > 0 && !Directory.Exists(options.SecretsDirectory))
        {
            faults.Add(Name(nameof(RunnerOptions.SecretsDirectory)) + "the directory does not exist.");
        }
    }

    private static string Name(string property) =>
        $"{RunnerOptions.Section}:{property} (ACTORS__RUNNER__{property.ToUpperInvariant()}): ";
}
