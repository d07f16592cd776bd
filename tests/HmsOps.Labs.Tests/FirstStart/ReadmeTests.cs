using System.Text.RegularExpressions;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.FirstStart;

/// <summary>What the README says under "Use it", typed in a folder that is empty: its command, its rule, its measurement.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("hms-readme-").FullName;
    private readonly string _page = File.ReadAllText(Path.Combine(Checkout.Root, "README.md"));

    [Fact]
    public async Task The_first_start_makes_both_folders_and_the_rule_and_the_measurement_are_taken()
    {
        var program = await Checkout.ProgramAsync();
        string[] typed = [.. Only(ServeLine()).Split(' '), "--listen", "127.0.0.1:0", "--otlp-grpc", "off"]; // free ports: the machine's own hub may be up
        await using var hub = await RunningHub.ReadyAsync(() => Ended.Start(program, typed, _folder));
        Assert.True(Directory.Exists(Path.Combine(_folder, "data")), "there is no ./data");

        var alerts = Directory.CreateDirectory(Path.Combine(_folder, "workspace", "alerts"));
        await File.WriteAllTextAsync(Path.Combine(alerts.FullName, "county.yaml"), Only(Rule()));
        await hub.UntilAsync("/api/ops/v1/workspace", body => body.Contains("county_api_ms", StringComparison.Ordinal), Soon);

        var (status, body) = await hub.PostAsync("/metric", Only(Measurement()));
        Assert.True(status is 200 or 202 or 204, $"{status} {body}");
        await hub.UntilAsync("/api/v1/query?query=county_api_ms", answer => answer.Contains("\"1580\"", StringComparison.Ordinal), Soon);
    }

    [Fact]
    public async Task A_workspace_that_cannot_be_made_is_refused_in_one_line()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "workspace"), "a file");
        var ended = await Ended.RunAsync(await Checkout.ProgramAsync(), ["serve", "--workspace", "./workspace", "--data", "./data", "--listen", "127.0.0.1:0", "--otlp-grpc", "off"], _folder);
        Assert.Equal(1, ended.Code);
        Assert.Matches(@"^hms-ops: The workspace \S+/workspace cannot be made \(.+\)\. Make the folder, or name another with --workspace\.\n$", ended.Errors);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Only(Regex pattern)
    {
        var found = pattern.Matches(_page);
        Assert.True(found.Count == 1, $"README.md has {found.Count} of {pattern}");
        return found[0].Groups[1].Value;
    }

    [GeneratedRegex(@"^\./hms-ops (serve .+)$", RegexOptions.Multiline)]
    private static partial Regex ServeLine();

    [GeneratedRegex(@"^```yaml\n(metric: .+?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Rule();

    [GeneratedRegex(@"/metric -d '(.+)'$", RegexOptions.Multiline)]
    private static partial Regex Measurement();
}
