using System.Net;
using System.Net.Sockets;
using HmsOps.App.Running;
using HmsOps.App.Settings;
using HmsOps.App.Verbs;

namespace HmsOps.App.Demo;

/// <summary>How the demo is to be shown.</summary>
/// <param name="Listen">Where the hub answers; null for the usual port, or another when that is taken.</param>
/// <param name="Pace">What pauses are multiplied with.</param>
/// <param name="Keep">The folder stays.</param>
/// <param name="Once">It ends after the story.</param>
/// <param name="OpenBrowser">Where there is one.</param>
internal sealed record DemoWish(string? Listen, int Pace, bool Keep, bool Once, bool OpenBrowser);

/// <summary>
/// Chapter B on this machine: the hub, the court, its clerks, a phone, and the director. Everything measured is real; nothing is simulated and no history
/// invented. Ends in order: the clerks, the hub, the court, the folder.
/// </summary>
internal sealed class CountyDemo(DemoWish wish, TimeProvider time, Action<string> print)
{
    private const int UsualPort = 9900;

    /// <summary>Shows it, and answers the exit code.</summary>
    /// <exception cref="HubCannotStartException">Named, with what to do.</exception>
    public async Task<int> RunAsync(CancellationToken stopping)
    {
        var folder = DemoFolder.Make(wish.Keep);
        int code;
        using (folder)
            code = await InFolderAsync(folder, stopping);
        print($"stopped; {folder.Farewell}");
        return code;
    }

    private async Task<int> InFolderAsync(DemoFolder folder, CancellationToken stopping)
    {
        var court = new CountyCourt(folder.Rule, new Random(Ambient.Random.Next()), time);
        await using var courtDesk = await LocalDesk.OpenAsync("/api", court.AnswerAsync, CancellationToken.None);
        await using var phoneDesk = await LocalDesk.OpenAsync("/pages", new OnCallPhone(print).RingAsync, CancellationToken.None);
        folder.Write(phoneDesk.Address);
        switch (SettingsOf(folder))
        {
            case SettingsOutcome.Read read:
                return await WithHubAsync(read.Settings, folder, courtDesk.Address, stopping);
            case SettingsOutcome.RefusedForSafety refused:
                Complain(refused.Why);
                return ExitCode.Refused;
            case SettingsOutcome.Wrong wrong:
                wrong.Diagnostics.ToList().ForEach(Complain);
                return ExitCode.Usage;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<int> WithHubAsync(HubSettings settings, DemoFolder folder, Uri court, CancellationToken stopping)
    {
        var up = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var showing = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var serving = new CancellationTokenSource();
        var isLeaving = false;
        var log = new HubLog(time, settings.LogLevel, settings.LogFormat, SayUnlessLeaving);
        var hub = new HubServer(settings, [], log, print, Leave).RunAsync(up.SetResult, serving.Token);
        var show = ShowAsync(up.Task, folder, court, showing);
        try
        {
            await Task.WhenAny(hub, show);
            showing.Cancel();
            await show;
        }
        finally
        {
            serving.Cancel();
            await hub;
        }
        return await hub ? ExitCode.Done : ExitCode.No;

        // A second Ctrl+C: nobody waits for the hub any more, and what it says of its folder being gone is nobody's trouble.
        void Leave()
        {
            Volatile.Write(ref isLeaving, true);
            print($"stopped at once; {folder.Leave()}");
        }

        void SayUnlessLeaving(string line)
        {
            if (!Volatile.Read(ref isLeaving))
                Console.Error.WriteLine(line);
        }
    }

    private async Task ShowAsync(Task<Uri> up, DemoFolder folder, Uri court, CancellationTokenSource showing)
    {
        var stopping = showing.Token;
        try
        {
            var hub = await up.WaitAsync(stopping);
            if (wish.Listen is null && hub.Port != UsualPort)
                print($"  port {UsualPort} is taken, so the hub took another: {hub.Port}");
            if (wish.OpenBrowser)
                Browser.Open(hub);
            using var load = new CourtLoad(court, hub, Ambient.Ids, time);
            using var ledger = new LedgerFollower(hub);
            var keys = new Keys(time);
            var director = new Director(load, folder, ledger, hub, wish.Pace, time, print);
            var beside = Task.WhenAll(load.RunAsync(stopping), wish.Once ? Task.CompletedTask : keys.RunAsync(showing.Cancel, stopping));
            try
            {
                await director.TellAsync(wish.Once, keys, stopping);
            }
            finally
            {
                showing.Cancel();
                await beside;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Ctrl+C or q, or the hub ended.
        }
    }

    private SettingsOutcome SettingsOf(DemoFolder folder) => SettingsReader.Read(new SettingsSources
    {
        File = null,
        Environment = new Dictionary<string, string>(), // a setting of the person's own hub is not the demo's
        Flags = new Dictionary<string, string>
        {
            [Setting.FlagOf("listen")] = wish.Listen ?? $"127.0.0.1:{(IsFree(UsualPort) ? UsualPort : 0)}",
            [Setting.FlagOf("workspace")] = folder.Workspace,
            [Setting.FlagOf("data")] = folder.Data,
            [Setting.FlagOf("log.level")] = "error", // that the chapter's oncall@opm.gov has no mail server here stands on the page Workspace
        },
        WorkingDirectory = folder.Path,
        SystemTimeZone = TimeZoneInfo.Local,
    });

    private static void Complain(HmsOps.Workspace.Diagnostic diagnostic) => Console.Error.WriteLine($"{diagnostic}\n  fix: {diagnostic.Fix}");

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
