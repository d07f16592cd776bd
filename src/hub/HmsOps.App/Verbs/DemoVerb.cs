using System.CommandLine;
using HmsOps.App.Demo;
using HmsOps.App.Running;

namespace HmsOps.App.Verbs;

/// <summary><c>hms-ops demo</c>: the county court of chapter B, slow and cured within a minute, on this machine.</summary>
internal static class DemoVerb
{
    private const string Slow = "slow";

    public static Command Make()
    {
        var listen = new Option<string?>("--listen") { Description = "Where the hub answers (127.0.0.1:9900, another port when that is taken)", HelpName = "ADDR:PORT" };
        var pace = new Option<string>("--pace") { Description = "slow doubles the pauses", DefaultValueFactory = _ => "normal" };
        pace.AcceptOnlyFromAmong("normal", Slow);
        var keep = new Option<bool>("--keep") { Description = "Leave the demo's folder, and print where it is" };
        var once = new Option<bool>("--once") { Description = "End after the story" };
        var noBrowser = new Option<bool>("--no-browser") { Description = "Do not open a browser" };
        var verb = new Command("demo", "See it work: a slow court, an alert, a rollback, a recovery") { listen, pace, keep, once, noBrowser };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var signals = new StopSignals(cancellationToken);
            var demo = new CountyDemo(
                new DemoWish(
                    parsed.GetValue(listen), parsed.GetValue(pace) == Slow ? 2 : 1, parsed.GetValue(keep), parsed.GetValue(once), !parsed.GetValue(noBrowser)),
                Ambient.Time,
                Console.Out.WriteLine);
            try
            {
                return await demo.RunAsync(signals.Stopping);
            }
            catch (HubCannotStartException e)
            {
                await Console.Error.WriteLineAsync($"hms-ops: {e.Message}");
                return ExitCode.No;
            }
        });
        return verb;
    }
}
