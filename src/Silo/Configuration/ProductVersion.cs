using System.Reflection;

namespace Actors.Silo.Configuration;

/// <summary>The version that this build carries.</summary>
internal static class ProductVersion
{
    public static string Text { get; } = typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
