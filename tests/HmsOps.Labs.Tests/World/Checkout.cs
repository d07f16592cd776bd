namespace HmsOps.Labs.Tests.World;

/// <summary>The checkout under test: its program, built once a run by <c>./hms-ops</c> itself, as whoever clones it has it.</summary>
internal static class Checkout
{
    private static readonly Lazy<Task<string>> Built = new(BuildAsync);

    public static string Root { get; } = RootOf(AppContext.BaseDirectory);

    public static string Lab => Path.Combine(Root, "examples", "b-county-court");

    /// <summary>True when pictures in docs/ are to be taken anew.</summary>
    public static bool AcceptsPictures => Environment.GetEnvironmentVariable("HMS_ACCEPT") == "1";

    /// <summary>What every started program gets: where .NET is, and nothing that would colour a hub's settings.</summary>
    public static Dictionary<string, string?> Surroundings { get; } = SurroundingsOf();

    /// <summary>The program's path; the first caller waits for the build.</summary>
    public static Task<string> ProgramAsync() => Built.Value;

    /// <summary>Runs the program to its end.</summary>
    public static async Task<Ended> OpsAsync(params string[] arguments) => await Ended.RunAsync(await ProgramAsync(), arguments, Root);

    private static async Task<string> BuildAsync()
    {
        // A build takes a minute or two on a quiet machine; five on one that is not.
        var ended = await Ended.RunAsync(Path.Combine(Root, "hms-ops"), ["--version"], Root, within: TimeSpan.FromMinutes(5));
        Assert.True(ended.Code == 0, $"./hms-ops --version ended with {ended.Code}:\n{ended.Errors}");
        return Path.Combine(Root, ".build", "app", "hms-ops");
    }

    private static string RootOf(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "HmsOps.slnx")))
                return at.FullName;
        }
        throw new InvalidOperationException($"{folder} lies in no checkout: no folder above it holds HmsOps.slnx");
    }

    private static Dictionary<string, string?> SurroundingsOf()
    {
        var surroundings = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("HMS_", StringComparison.Ordinal) || name.StartsWith("OPS_", StringComparison.Ordinal) || name == "DOCKET_RULE_FILE")
            .ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal);
        if (Path.GetDirectoryName(Environment.ProcessPath) is { } home && Directory.Exists(Path.Combine(home, "host", "fxr")))
            surroundings["DOTNET_ROOT"] = home;
        return surroundings;
    }
}
