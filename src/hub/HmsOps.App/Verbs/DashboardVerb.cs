using System.CommandLine;

namespace HmsOps.App.Verbs;

/// <summary><c>hms-ops dashboard county_api_ms --window 1h</c>: prints the address of a metric's board (chapter B).</summary>
internal static class DashboardVerb
{
    private const string DefaultWindow = "1h";
    private static readonly string[] Windows = ["5m", "15m", "1h", "6h", "24h"];

    public static Command Make()
    {
        var metric = new Argument<string>("metric") { Description = "The metric, as it was sent" };
        var window = new Option<string>("--window") { Description = "How much of it: 5m, 15m, 1h, 6h or 24h", DefaultValueFactory = _ => DefaultWindow };
        var hub = HubClient.HubOption();
        var verb = new Command("dashboard", "Print the address of a metric's board") { metric, window, hub };
        verb.SetAction((parsed, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(metric);
            var range = parsed.GetRequiredValue(window);
            if (!Windows.Contains(range))
            {
                Console.Error.WriteLine($"hms-ops: --window {range}: a board shows {string.Join(", ", Windows)}");
                return Task.FromResult(ExitCode.Usage);
            }
            return HubClient.AskAsync(
                parsed.GetValue(hub),
                "healthz",
                (root, _) =>
                {
                    var query = range == DefaultWindow ? "" : $"?range={range}";
                    Console.WriteLine($"{root}d/board/{Uri.EscapeDataString(name)}{query}");
                    return Task.FromResult(ExitCode.Done);
                },
                cancellationToken);
        });
        return verb;
    }
}
