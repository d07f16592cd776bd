using System.Runtime.CompilerServices;

namespace HmsOps.Workspace.Tests;

/// <summary>Files of the checkout this test was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Folder(), "../.."));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>True when golden files are to be rewritten instead of compared.</summary>
    public static bool Accepts => Environment.GetEnvironmentVariable("HMS_ACCEPT") == "1";

    public static void Write(string path, string text) => File.WriteAllText(Path.Combine(Root, path), text);

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!; // a source file has a folder
}
