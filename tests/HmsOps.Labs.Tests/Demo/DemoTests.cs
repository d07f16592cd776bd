using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Demo;

/// <summary><c>hms-ops demo</c> as a newcomer starts it: the built program, real time, real calls. Waits for its end, and guesses no second.</summary>
public sealed class DemoTests : IDisposable
{
    private static readonly TimeSpan BuiltWithin = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(90);

    private readonly string _temporary = Directory.CreateTempSubdirectory("hms-ops-lab-").FullName;

    public void Dispose() => Directory.Delete(_temporary, recursive: true);

    [Fact]
    public async Task The_court_gets_slow_is_rolled_back_and_recovers_and_nothing_is_left_behind()
    {
        Assert.Equal(0, (await RunAsync(BuiltWithin, "--version")).Code); // builds it where a source changed

        var (code, output, errors) = await RunAsync(ToldWithin, "demo", "--once", "--no-browser", "--listen", "127.0.0.1:0");

        Assert.Equal("", errors);
        Assert.Equal(0, code);
        Assert.Matches(@"^HMS-OPS is up on http://127\.0\.0\.1:\d+ \(\d+\.\d s\)\n", output);
        AssertInOrder(
            output,
            "HMS-OPS is up on http://",
            @"\+ county-court-api  watching",
            "■ docket rule v41 went live",
            @"county_api_ms 1\d\d\sms → \d\.\d\ss",
            @"\[\d\d:\d\d\] ALERT county_api_ms 1\d\d\d ms \(threshold 1000\)  → paging…",
            @"\[\d\d:\d\d\] EXEC  rollback_docket_rule\.sh               → success",
            @"\[\d\d:\d\d\] ALERT county_api_ms 1\d\d\d ms \(threshold 1000\)  → rollback executed",
            @"\[\d\d:\d\d\] ALERT_RESOLVED  county_api_ms back to 1\d\d ms",
            @"ledger: \d+ envelopes, verified offline in \d+ ms",
            @"Open http://127\.0\.0\.1:\d+/board/county_api_ms ",
            @"Open http://127\.0\.0\.1:\d+/incidents/INC-\d{4}-0001 ",
            "stopped; the demo's folder is removed");
        AssertInOrder(
            output,
            "■ docket rule v41 went live",
            @"why: average 1,\d\d\d\sms over 5s > 1,000\sms; ROLLBACK:DOCKET_RULE decided, guards 4 of 4",
            "■ docket rule v40 is live again",
            @"INC-\d{4}-0001 resolved: \d+ s from break to recovery, 0 of \d+ calls failed",
            "ledger: ");
        AssertInOrder(
            output,
            "■ docket rule v41 went live",
            @"page: oncall@opm\.gov: \[INC-\d{4}-0001\] ALERT county_api_ms",
            @"ledger: ");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temporary, "hms-ops-demo-*"));
    }

    [Theory]
    [InlineData("INT", false)]
    [InlineData("TERM", true)]
    public async Task A_second_signal_ends_it_at_once_and_what_became_of_its_folder_is_said(string signal, bool keep)
    {
        var program = await Checkout.ProgramAsync();
        string[] arguments = ["demo", "--no-browser", "--listen", "127.0.0.1:0", .. keep ? ["--keep"] : Array.Empty<string>()];
        await using var demo = await RunningHub.ReadyAsync(
            // A program inherits that SIGINT is ignored, as where the tests run behind a shell's &; somebody at a keyboard has it as it should be.
            () => Ended.Start("/usr/bin/env", ["--default-signal=INT", program, .. arguments], _temporary, new Dictionary<string, string?> { ["TMPDIR"] = _temporary }));
        using var caller = new TcpClient(); // a call that does not end holds the stop up
        await caller.ConnectAsync(IPAddress.Loopback, demo.Address.Port);
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /metric HTTP/1.1\r\nHost: {demo.Address.Authority}\r\nContent-Length: 10\r\n\r\n"));

        await demo.SignalAsync(signal);
        await UntilItStopsAsync(demo);
        await demo.SignalAsync(signal);

        Assert.Equal(1, await demo.CodeAsync());
        var folder = Directory.EnumerateFileSystemEntries(_temporary, "hms-ops-demo-*").SingleOrDefault();
        Assert.Equal(keep, folder is not null);
        Assert.Equal($"stopped at once; {(keep ? $"workspace and data are kept in {folder}" : "the demo's folder is removed")}", demo.Output.All[^1]);
    }

    /// <summary>Until it says that it is not ready any more, or does not answer new calls.</summary>
    private static async Task UntilItStopsAsync(RunningHub demo)
    {
        try
        {
            await demo.UntilAsync("/readyz", body => body.Contains("stopping", StringComparison.Ordinal), TimeSpan.FromSeconds(10));
        }
        catch (HttpRequestException)
        {
            // Its door is shut already.
        }
    }

    private static void AssertInOrder(string output, params string[] patterns)
    {
        var from = 0;
        foreach (var pattern in patterns)
        {
            var found = new Regex($"^{pattern}", RegexOptions.Multiline, TimeSpan.FromSeconds(1)).Match(output, from);
            Assert.True(found.Success, $"No line '{pattern}' where it belongs in:\n{output}");
            from = found.Index + found.Length;
        }
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(TimeSpan within, params string[] arguments)
    {
        using var deadline = new CancellationTokenSource(within);
        using var program = Process.Start(new ProcessStartInfo(Path.Combine(Root(), "hms-ops"), arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["TMPDIR"] = _temporary },
        }) ?? throw new InvalidOperationException("hms-ops was not started.");
        var output = program.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = program.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await program.WaitForExitAsync(deadline.Token);
            return (program.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException late) when (deadline.IsCancellationRequested)
        {
            program.Kill(entireProcessTree: true);
            throw new TimeoutException($"hms-ops {string.Join(' ', arguments)} did not end within {within.TotalSeconds:0} s.", late);
        }
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "HmsOps.slnx")))
                return folder.FullName;
        }
        throw new InvalidOperationException("The tests run outside of a checkout.");
    }
}
