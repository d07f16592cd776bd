using System.Reflection;

namespace HmsOps.App.Verbs;

/// <summary>What this program is.</summary>
internal static class Product
{
    /// <summary>As <c>--version</c> prints it, without build metadata.</summary>
    public static string Version { get; } =
        typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
