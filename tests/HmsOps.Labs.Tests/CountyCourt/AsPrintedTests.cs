using System.Net;
using System.Net.Sockets;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.CountyCourt;

/// <summary>Chapter B §8, typed: a clone, its folder <c>examples/ops_lab</c>, and the two commands as they are printed.</summary>
public sealed class AsPrintedTests : IDisposable
{
    private const string Python = "/usr/bin/python3"; // the chapter's "python", as Debian calls it
    private const int PrintedPort = 9_900;

    private static readonly TimeSpan LineWithin = TimeSpan.FromSeconds(30);

    private readonly string _clone = Directory.CreateTempSubdirectory("hms-nfo-").FullName;

    [Fact]
    public async Task The_chapters_two_commands_start_the_real_hub_and_roll_back()
    {
        var lab = await CloneAsync();
        var address = IsFree(PrintedPort) ? [] : new[] { "--listen", "127.0.0.1:0" }; // a hub of the person who tests has the printed one
        await using var hub = await RunningHub.ReadyAsync(() => Ended.Start(Python, ["-m", "ops.mock_server", .. address], lab, Quiet));

        using var burst = Ended.Start(Python, ["send_burst.py"], lab, Quiet.Concat([KeyValuePair.Create("OPS_URL", (string?)hub.Url)]).ToDictionary());
        try
        {
            var line = await hub.Output.FirstAsync(l => l.EndsWith("rollback executed", StringComparison.Ordinal), LineWithin, "ALERT county_api_ms … rollback executed");
            Assert.Matches(@"^\[\d\d:\d\d\] ALERT county_api_ms 1500 ms \(threshold 1000\)  → rollback executed$", line);
        }
        finally
        {
            burst.Kill(); // the recovery is CountyCourtTests' story
        }
        Assert.Equal("v40\n", await File.ReadAllTextAsync(Path.Combine(lab, "docket_rule")));
        Assert.Equal(200, (await hub.GetAsync("/board/county_api_ms")).Status);
        Assert.Equal(0, (await hub.StopAsync()).Code); // the command has become the hub: its process is ours
    }

    public void Dispose() => Directory.Delete(_clone, recursive: true);

    private static Dictionary<string, string?> Quiet { get; } = new() { ["PYTHONDONTWRITEBYTECODE"] = "1" };

    /// <summary>Examples of its own beside the checkout's program: what playing the lab leaves behind must not lie in the checkout.</summary>
    private async Task<string> CloneAsync()
    {
        await Checkout.ProgramAsync();
        File.CreateSymbolicLink(Path.Combine(_clone, "hms-ops"), Path.Combine(Checkout.Root, "hms-ops"));
        LabFolder.CopyOfTheCountyCourt(Path.Combine(_clone, "examples", "b-county-court"));
        Directory.CreateSymbolicLink(Path.Combine(_clone, "examples", "ops_lab"), "b-county-court");
        return Path.Combine(_clone, "examples", "ops_lab");
    }

    private static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
