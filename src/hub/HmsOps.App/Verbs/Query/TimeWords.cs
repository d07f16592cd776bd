using System.Globalization;
using HmsOps.Workspace.Quantities;

namespace HmsOps.App.Verbs.Query;

/// <summary>Times and spans as people type them. The clock is read once: all times of one command are seen from the same moment.</summary>
/// <param name="now">That moment, milliseconds since 1970.</param>
/// <param name="zone">Where a date, and a time without a zone, is meant.</param>
internal sealed class TimeWords(long now, TimeZoneInfo zone)
{
    private const long SecondMs = 1_000;
    private const double SecondsMax = 1e12; // some 30,000 years

    // Nobody has samples beyond these, and every calendar here can count a while on.
    private static readonly long FirstMs = new DateTimeOffset(1000, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private static readonly long LastMs = new DateTimeOffset(9000, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static readonly string[] Dates = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss"];

    /// <summary>What can be written for a time.</summary>
    public const string HowTimes = "write 2026-11-20T16:00:00Z, a date, seconds since 1970, now, now-1h or -1h";

    /// <summary>What can be written for a span.</summary>
    public const string HowSpans = "write 15s, 1h30m, or a number of seconds";

    /// <summary>The moment of this command, on to the next whole second: what has come up to now is in a range that ends there.</summary>
    public long NextSecond => (now + SecondMs - 1) / SecondMs * SecondMs;

    /// <summary>The moment of this command.</summary>
    public long Now => now;

    /// <summary>Reads a time; milliseconds since 1970.</summary>
    /// <param name="text">As it was typed.</param>
    /// <param name="from">What <c>now</c> is.</param>
    /// <param name="time">The time.</param>
    public bool TryTime(string text, long from, out long time) => TryRead(text.Trim(), from, out time) && time >= FirstMs && time <= LastMs;

    /// <summary>Reads a span of more than nothing, in milliseconds.</summary>
    public static bool TrySpan(string text, out long milliseconds)
    {
        milliseconds = 0;
        if (TrySeconds(text, out var seconds))
            milliseconds = (long)Math.Round(Math.Min(seconds, SecondsMax) * SecondMs);
        else if (Durations.TryParse(text, out var span))
            milliseconds = (long)span.TotalMilliseconds;
        return milliseconds > 0;
    }

    /// <summary>A time as tables show it: <c>2026-11-20 16:00:00</c>, with milliseconds where there are any.</summary>
    public static string Local(long time, TimeZoneInfo zone)
    {
        var at = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(time, FirstMs, LastMs)), zone);
        return at.ToString(at.Millisecond == 0 ? "yyyy-MM-dd HH:mm:ss" : "yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
    }

    private bool TryRead(string text, long from, out long time)
    {
        time = from;
        if (text is "now")
            return true;
        var rest = text.StartsWith("now", StringComparison.Ordinal) ? text[3..].TrimStart() : text;
        if (rest.Length > 1 && rest[0] is '-' or '+' && Durations.TryParse(rest[1..].TrimStart(), out var span))
        {
            time = rest[0] == '-' ? from - (long)span.TotalMilliseconds : from + (long)span.TotalMilliseconds;
            return true;
        }
        if (!TrySeconds(text, out var seconds))
            return TryDate(text, out time);
        time = (long)Math.Round(Math.Min(seconds, SecondsMax) * SecondMs);
        return true;
    }

    // No sign: a negative number may be meant as so long ago or as before 1970, and neither is guessed.
    private static bool TrySeconds(string text, out double seconds)
    {
        seconds = 0;
        return text.Length > 0 && char.IsAsciiDigit(text[0])
            && double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out seconds);
    }

    private bool TryDate(string text, out long time)
    {
        time = 0;
        if (DateTime.TryParseExact(text, Dates, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
        {
            time = (local - DateTime.UnixEpoch - zone.GetUtcOffset(local)).Ticks / TimeSpan.TicksPerMillisecond;
            return true;
        }
        // RFC 3339: a zone stands at the end.
        var hasZone = text.EndsWith('Z') || text.EndsWith('z') || text.Length > 19 && text[^6] is '+' or '-' && text[^3] == ':';
        if (!hasZone || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
            return false;
        time = at.ToUnixTimeMilliseconds();
        return true;
    }
}
