using System.Buffers;
using System.Globalization;

namespace HmsOps.Present.Web.Words;

/// <summary>Durations as the workspace and PromQL write them: <c>3m</c>, <c>1h30m</c>, <c>500ms</c>.</summary>
public static class Durations
{
    private static readonly SearchValues<char> Figures = SearchValues.Create("0123456789.");

    private static readonly (string Unit, double Seconds)[] Units =
        [("ms", 0.001), ("y", 365 * 86_400d), ("w", 7 * 86_400d), ("d", 86_400d), ("h", 3_600d), ("min", 60d), ("m", 60d), ("s", 1d)];

    /// <summary>Reads one; false when it is not a duration.</summary>
    public static bool TryRead(string? text, out TimeSpan span)
    {
        span = default;
        if (string.IsNullOrWhiteSpace(text))
            return false;
        var rest = text.AsSpan().Trim();
        var seconds = 0d;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Figures);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
                return false;
            rest = rest[digits..].TrimStart();
            var letters = rest.IndexOfAnyExceptInRange('a', 'z');
            var unit = letters < 0 ? rest : rest[..letters];
            var per = 0d;
            foreach (var (name, each) in Units)
            {
                if (unit.SequenceEqual(name))
                    per = each;
            }
            if (per == 0)
                return false;
            seconds += count * per;
            rest = rest[unit.Length..].TrimStart();
        }
        if (seconds > TimeSpan.MaxValue.TotalSeconds / 2)
            return false;
        span = TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary><c>3 minutes</c> for <c>3m</c>; what cannot be read is shown as written.</summary>
    public static string InWords(string written) => TryRead(written, out var span) ? Quantity.DurationInWords(span) : written;
}
