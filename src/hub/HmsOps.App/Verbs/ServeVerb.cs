using System.CommandLine;
using HmsOps.App.Running;
using HmsOps.App.Settings;

namespace HmsOps.App.Verbs;

/// <summary><c>hms-ops serve</c>: the hub, in the foreground.</summary>
internal static class ServeVerb
{
    public static Command Make()
    {
        var flags = new SettingsFlags();
        var verb = new Command("serve", "Run the hub in the foreground until SIGTERM or Ctrl+C");
        foreach (var option in flags.Options)
            verb.Add(option);
        verb.SetAction((parsed, cancellationToken) => flags.TryRead(parsed, out var read, out var code)
            ? RunAsync(read, ready: null, cancellationToken)
            : Task.FromResult(code));
        return verb;
    }

    /// <summary>Runs a hub with these settings to its end and answers the exit code.</summary>
    public static async Task<int> RunAsync(SettingsOutcome.Read read, Action<Uri>? ready, CancellationToken cancellationToken)
    {
        var log = new HubLog(Ambient.Time, read.Settings.LogLevel, read.Settings.LogFormat, Console.Error.WriteLine);
        using var signals = new StopSignals(cancellationToken);
        try
        {
            var server = new HubServer(read.Settings, read.Lines, log, Console.Out.WriteLine);
            return await server.RunAsync(ready, signals.Stopping) ? ExitCode.Done : ExitCode.No;
        }
        catch (HubCannotStartException e)
        {
            await Console.Error.WriteLineAsync($"hms-ops: {e.Message}");
            return ExitCode.No;
        }
    }
}
