using System.Globalization;
using System.Text.Json.Serialization;
using HmsOps.Processes.Trees;

namespace HmsOps.Processes.Scripts;

/// <summary>What was to be run: file <c>call</c>, written before the folder gets its name and never again.</summary>
/// <param name="Format"><see cref="CurrentFormat"/></param>
/// <param name="Path">The script's path in the workspace.</param>
/// <param name="Sha256">Of the copy, lower-case hex.</param>
/// <param name="Interpreter">The program that reads the copy, and its option.</param>
/// <param name="Arguments">The script's.</param>
/// <param name="Timeout">As called.</param>
/// <param name="Deadline">When the time is up, also for a hub that comes later.</param>
internal sealed record RunCall(
    string Format, string Path, string Sha256, IReadOnlyList<string> Interpreter, IReadOnlyList<string> Arguments, TimeSpan Timeout, DateTimeOffset Deadline)
{
    public const string CurrentFormat = "hms-ops script run 1";
}

[JsonSerializable(typeof(RunCall))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class RunJson : JsonSerializerContext;

/// <summary>Who may start the script: link <c>claim</c>. Made once, by whoever is first.</summary>
internal abstract record RunClaim
{
    private RunClaim()
    {
    }

    /// <summary>A hub took it so that nobody starts anything any more.</summary>
    public sealed record Withdrawn : RunClaim
    {
        public override string ToString() => "hub";
    }

    /// <summary>A shim took it and runs the script.</summary>
    public sealed record Started(ProcessIdentity Shim, TimeSpan Uptime) : RunClaim
    {
        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"shim {Shim.BootId} {Shim.Pid} {Shim.StartTicks} {Uptime.TotalSeconds:0.00}");
    }

    public static RunClaim? Parse(string text) => text.Split(' ') switch
    {
        ["hub"] => new Withdrawn(),
        ["shim", { Length: > 0 } boot, var pid, var ticks, var uptime]
            when int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var start)
                && RunEnd.TryUptime(uptime, out var at) => new Started(new ProcessIdentity(boot, number, start), at),
        _ => null,
    };
}

/// <summary>How the run ended: link <c>end</c>. Made once, by whoever is first.</summary>
/// <param name="Kind">Who ended it.</param>
/// <param name="Code">The exit code where the script ended by itself.</param>
/// <param name="Uptime">When, on the machine's own clock.</param>
internal sealed record RunEnd(RunEndKind Kind, int Code, TimeSpan Uptime)
{
    public override string ToString()
    {
        var at = Uptime.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);
        return Kind switch
        {
            RunEndKind.TimedOut => $"timed-out {at}",
            RunEndKind.Stopped => $"stopped {at}",
            _ => $"exit {Code} {at}",
        };
    }

    public static RunEnd? Parse(string text) => text.Split(' ') switch
    {
        ["exit", var code, var uptime]
            when int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && TryUptime(uptime, out var at) =>
            new RunEnd(RunEndKind.Exited, number, at),
        ["timed-out", var uptime] when TryUptime(uptime, out var at) => new RunEnd(RunEndKind.TimedOut, 0, at),
        ["stopped", var uptime] when TryUptime(uptime, out var at) => new RunEnd(RunEndKind.Stopped, 0, at),
        _ => null,
    };

    internal static bool TryUptime(string text, out TimeSpan uptime)
    {
        // Hundredths, as the kernel writes them; ten digits are three hundred years.
        var isTime = decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 10_000_000_000m;
        uptime = isTime ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond)) : default;
        return isTime;
    }
}

/// <summary>Who ended a run.</summary>
internal enum RunEndKind
{
    Exited,
    TimedOut,
    Stopped,
}
