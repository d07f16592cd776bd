using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace HmsOps.Workspace.Quantities;

/// <summary>
/// Spans of time as people write them: <c>90s</c>, <c>5m</c>, <c>1h30m</c>, <c>2 min</c>. Units <c>ms s m h d w y</c> (a year has 365 days) and
/// <c>min</c>, each at most once, larger first; a space may stand before a unit and between parts. Exact to the millisecond.
/// </summary>
public static class Durations
{
    private static readonly (string Name, long Milliseconds)[] Units =
    [
        ("y", 365L * 86_400_000), ("w", 7L * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ];

    // What people write instead; said in the remedy, for a reader that guesses reads something else one day.
    private static readonly (string Unit, string[] Words)[] Spelled =
    [
        ("s", ["sec", "secs", "second", "seconds"]), ("m", ["mins", "minute", "minutes"]), ("h", ["hr", "hrs", "hour", "hours"]), ("d", ["day", "days"]),
        ("w", ["week", "weeks"]), ("y", ["year", "years"]),
    ];

    /// <summary>Reads a span. A bare <c>0</c> needs no unit, every other number does.</summary>
    public static bool TryParse(string text, out TimeSpan span)
    {
        ArgumentNullException.ThrowIfNull(text);
        span = default;
        var rest = text.AsSpan().Trim(' ');
        if (rest is "0")
            return true;
        var milliseconds = 0L;
        var smallest = -1; // index of the last unit read
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0 || !long.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                return false;
            rest = rest[digits..].TrimStart(' ');
            var letters = rest.IndexOfAnyExceptInRange('a', 'z') is var end and >= 0 ? end : rest.Length;
            var unit = UnitOf(rest[..letters]);
            if (unit <= smallest || count > (long.MaxValue / 2 - milliseconds) / Units[unit].Milliseconds)
                return false;
            milliseconds += count * Units[unit].Milliseconds;
            smallest = unit;
            rest = rest[letters..].TrimStart(' ');
        }
        if (smallest < 0 || milliseconds > TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond)
            return false;
        span = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    /// <summary>The span as it is written and as PromQL reads it: <c>1m30s</c>, <c>100d</c>, <c>0s</c>. Parts of a millisecond are cut off.</summary>
    public static string Format(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        var rest = span.Ticks / TimeSpan.TicksPerMillisecond;
        if (rest == 0)
            return "0s";
        var text = new StringBuilder();
        foreach (var (name, milliseconds) in Units.AsSpan(2)) // weeks and years are read, not written: 30d says more than 4w2d
        {
            if (rest >= milliseconds)
                text.Append(rest / milliseconds).Append(name);
            rest %= milliseconds;
        }
        return text.ToString();
    }

    /// <summary>What was meant by a text that is no span, where that can be told: <c>5 mins</c> is <c>5m</c>, <c>180</c> is <c>180s</c>.</summary>
    public static bool TryMend(string text, [NotNullWhen(true)] out string? mended)
    {
        var compact = text.Trim();
        var digits = compact.AsSpan().IndexOfAnyExceptInRange('0', '9');
        mended = digits switch
        {
            < 0 when compact.Length is > 0 and < 10 => compact + "s",
            > 0 when Array.Find(Spelled, row => row.Words.Contains(compact[digits..].Trim().ToLowerInvariant())).Unit is { } unit => compact[..digits] + unit,
            _ => null,
        };
        return mended is not null;
    }

    private static int UnitOf(ReadOnlySpan<char> name)
    {
        if (name is "min")
            name = "m";
        for (var i = 0; i < Units.Length; i++)
        {
            if (name.SequenceEqual(Units[i].Name))
                return i;
        }
        return -1;
    }
}
