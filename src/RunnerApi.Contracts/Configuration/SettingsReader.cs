using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Reflection;

namespace Actors.RunnerApi.Contracts.Configuration;

/// <summary>Every fault of a program's settings at once; each line names its key and environment variable.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults)
    : Exception("The configuration has " + faults.Count.ToString(CultureInfo.InvariantCulture) + " fault(s):\n  " + string.Join("\n  ", faults))
{
    /// <summary>One sentence per fault.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}

/// <summary>Reads one section of settings into an options object and collects what is wrong with it.</summary>
/// <param name="section">Such as <c>Actors:Runner</c>.</param>
/// <param name="lookup">Gives the text of a key below the section, such as <c>Runner:Url</c>; null when it is not set.</param>
public sealed class SettingsReader(string section, Func<string, string?> lookup)
{
    private readonly List<string> _faults = [];

    /// <summary>Reads every public property of <typeparamref name="T"/> from the key of its name and checks its validation attributes.</summary>
    public T Read<T>()
        where T : new()
    {
        var options = new T();
        foreach (var property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && TypeDescriptor.GetConverter(p.PropertyType).CanConvertFrom(typeof(string))))
        {
            Set(options, property, property.Name);
        }

        return options;
    }

    /// <summary>Adds a fault of the key.</summary>
    public void Fault(string key, string sentence) => _faults.Add($"{section}:{key} ({Variable(key)}): {sentence}");

    /// <summary>Reads <c>http://ADDRESS:PORT</c>; an address that other machines can reach is a fault unless it is allowed.</summary>
    public IPEndPoint? Endpoint(string key, string text, bool allowNonLoopback, string remedy)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp || url.PathAndQuery != "/")
        {
            Fault(key, "must read http://ADDRESS:PORT.");
            return null;
        }

        var host = url.Host.Trim('[', ']');
        var address = host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(host, out var parsed) ? parsed : null;
        if (address is null)
        {
            Fault(key, "must name an IP address or localhost.");
            return null;
        }

        if (!IPAddress.IsLoopback(address) && !allowNonLoopback)
        {
            Fault(key, $"{address} can be reached by other machines; {remedy}");
            return null;
        }

        return new IPEndPoint(address, url.Port);
    }

    /// <summary>The same for what may be left out and may be reached by others.</summary>
    public IPEndPoint? Endpoint(string key, string text) => text.Length == 0 ? null : Endpoint(key, text, allowNonLoopback: true, "");

    /// <summary>Reads a bearer token from a file; a missing, short, long or widely readable one is a fault.</summary>
    public string? Token(string key, string path)
    {
        if (path.Length == 0)
        {
            return null;
        }

        var token = TokenFile.Read(path, out var fault);
        if (fault is not null)
        {
            Fault(key, fault);
        }

        return token;
    }

    /// <summary>Ends the reading of one or more sections.</summary>
    /// <exception cref="SettingsException">There was at least one fault.</exception>
    public static void ThrowOnFaults(params IReadOnlyList<SettingsReader> readers)
    {
        string[] faults = [.. readers.SelectMany(r => r._faults)];
        if (faults.Length > 0)
        {
            throw new SettingsException(faults);
        }
    }

    private void Set(object options, PropertyInfo property, string key)
    {
        if (lookup(key) is { } text)
        {
            try
            {
                property.SetValue(options, TypeDescriptor.GetConverter(property.PropertyType).ConvertFromInvariantString(text.Trim()));
            }
            catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException)
            {
                Fault(key, $"'{text}' is no {property.PropertyType.Name}.");
                return;
            }
        }

        var value = property.GetValue(options);
        foreach (var broken in property.GetCustomAttributes<ValidationAttribute>().Where(a => !a.IsValid(value)))
        {
            Fault(key, Explain(broken, value));
        }
    }

    private static string Explain(ValidationAttribute broken, object? value) => broken switch
    {
        RequiredAttribute => "must be set.",
        RangeAttribute r => $"{value} is not between {r.Minimum} and {r.Maximum}.",
        _ => $"'{value}' {broken.ErrorMessage}.",
    };

    private string Variable(string key) => $"{section}:{key}".ToUpperInvariant().Replace(":", "__", StringComparison.Ordinal);
}
