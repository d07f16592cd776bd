using System.Globalization;
using HmsOps.Present.Web.Words;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>Times and steps as Prometheus' clients write them.</summary>
public static class PromTime
{
    /// <summary>Further from 1970 nobody has samples, and sums of times stay within a long.</summary>
    internal const long FarthestMs = 1L << 53;

    // As far as Prometheus' own first and last moments, which its clients send where nothing is said; nobody has samples there.
    private const double SecondsMax = 9.3e15;

    // Of a span: sums with times stay within a long of milliseconds.
    private const double SpanSecondsMax = 9e12;

    // Those moments in words, as Go writes them: no parser takes years of so many digits.
    private const string FirstMoment = "-292273086-05-16T16:47:06Z";
    private const string LastMoment = "292277025-08-18T07:12:54.999999999Z";

    /// <summary>Reads seconds since 1970 with a fraction, or RFC 3339; milliseconds since 1970.</summary>
    public static bool TryReadTime(string text, out long milliseconds)
    {
        milliseconds = 0;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            if (!(Math.Abs(seconds) < SecondsMax))
                return false;
            milliseconds = (long)Math.Clamp(Math.Round(seconds * 1_000), -FarthestMs, FarthestMs);
            return true;
        }
        if (text is FirstMoment or LastMoment)
        {
            milliseconds = text is FirstMoment ? -FarthestMs : FarthestMs;
            return true;
        }
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) || !text.Contains('T', StringComparison.OrdinalIgnoreCase))
            return false;
        milliseconds = at.ToUnixTimeMilliseconds();
        return true;
    }

    /// <summary>What is said of a text that is no time.</summary>
    internal static string NoTime(string text) => $"cannot parse {PromRefusal.Quoted(text)} to a valid timestamp: seconds since 1970 or RFC 3339";

    /// <summary>Reads seconds with a fraction, or a duration; milliseconds, more than none.</summary>
    public static bool TryReadStep(string text, out long milliseconds) => TryReadSpan(text, out milliseconds) && milliseconds > 0;

    /// <summary>Reads seconds with a fraction, or a duration; milliseconds, of either sign.</summary>
    internal static bool TryReadSpan(string text, out long milliseconds)
    {
        milliseconds = 0;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            if (!(Math.Abs(seconds) < SpanSecondsMax))
                return false;
        }
        else if (Durations.TryRead(text, out var span))
        {
            seconds = span.TotalSeconds;
        }
        else
        {
            return false;
        }
        milliseconds = (long)Math.Round(seconds * 1_000);
        return true;
    }

    /// <summary>Seconds since 1970, with milliseconds where there are any.</summary>
    public static decimal Seconds(long milliseconds) => milliseconds / 1_000m;
}
