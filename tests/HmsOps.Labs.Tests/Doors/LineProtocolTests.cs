using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Doors;

/// <summary>The command of docs/reference/ways-in.md, run as it is printed, against a real hub.</summary>
public sealed class LineProtocolTests
{
    [Fact]
    public async Task The_line_that_the_page_tells_a_reader_to_type_arrives()
    {
        using var lab = new LabFolder();
        await using var hub = await RunningHub.StartAsync(lab);
        var page = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "docs", "reference", "ways-in.md"));
        var command = page.Split('\n').Single(line => line.StartsWith("curl ", StringComparison.Ordinal));

        var ended = await Ended.RunAsync("/bin/sh", ["-c", command.Replace("http://127.0.0.1:9900", hub.Url, StringComparison.Ordinal)], lab.Root);

        Assert.True(ended.Code == 0, $"{command} ended with {ended.Code}:\n{ended.Output}{ended.Errors}");
        Assert.Contains("\"340.5\"", (await hub.GetAsync("/api/v1/query?query=permits_wait_seconds%7Boffice%3D%22fairfax%22%7D")).Body);
        Assert.Contains("\"12\"", (await hub.GetAsync("/api/v1/query?query=permits_open")).Body);
    }
}
