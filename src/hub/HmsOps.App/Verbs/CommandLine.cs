using System.CommandLine;
using HmsOps.App.Verbs.Query;

namespace HmsOps.App.Verbs;

/// <summary>The program's verbs. Each is a file beside this one; one that is not in this version says so by name.</summary>
internal static class CommandLine
{
    // What the house will have: named here so that a reader of a later version's docs gets an answer and not a guess.
    private static readonly string[] Later =
    [
        "gateway", "backup", "restore", "mcp", "top", "completion", "explain", "schema", "import", "rules", "replay", "slo", "alerts", "ack", "silence", "oncall",
        "rollout", "rollback", "scale", "traffic-shift", "restart", "script", "playbook", "approve", "reject", "stop", "resume", "why", "incident", "page", "probe",
        "user", "token", "grant", "ship", "logs", "trace", "init",
    ];

    /// <summary>Runs one command line and answers the exit code.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Length > 0 && Later.Contains(args[0]))
        {
            await Console.Error.WriteLineAsync($"hms-ops {args[0]}: not in this version ({Product.Version}). hms-ops --help lists the verbs there are.");
            return ExitCode.Usage;
        }
        var root = new RootCommand("HMS-OPS: mission control for digital public services.")
        {
            ServeVerb.Make(),
            DemoVerb.Make(),
            CheckVerb.Make(),
            ConfigVerb.Make(),
            DashboardVerb.Make(),
            LedgerVerbs.Make(),
            QueryVerb.Make(),
            StoreVerbs.Make(),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await Console.Error.WriteLineAsync($"hms-ops: {error.Message}");
            await Console.Error.WriteLineAsync("hms-ops --help lists the verbs; hms-ops VERB --help what one takes.");
            return ExitCode.Usage;
        }
        if (args.Length == 0)
        {
            await root.Parse(["--help"]).InvokeAsync();
            return ExitCode.Usage;
        }
        // The library would end the process two seconds after a signal; the hub ends in its own order.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
    }
}
