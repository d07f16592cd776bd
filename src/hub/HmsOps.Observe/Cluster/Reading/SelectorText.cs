using System.Globalization;
using System.Text;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>Selections as expressions that each cluster reads alike.</summary>
internal static class SelectorText
{
    // Beyond these a cluster's times overflow; nobody has samples there.
    private const long OldestMs = 0;
    private const long NewestMs = 9_000_000_000_000; // 2255

    /// <summary>A selection that no cluster refuses: one that names nothing is refused by all, and each series has a name.</summary>
    public static IReadOnlyList<Matcher> Named(IReadOnlyList<Matcher> matchers) =>
        matchers.Any(matcher => !matcher.Matches(ReadOnlySpan<byte>.Empty)) ? matchers : [.. matchers, new Matcher("__name__", MatchOp.NotEqual, "")];

    /// <summary>The same times, as far as a cluster has any; null where it has none.</summary>
    public static (long From, long To)? Within(long from, long to)
    {
        var (first, last) = (Math.Max(from, OldestMs), Math.Min(to, NewestMs));
        return first <= last ? (first, last) : null;
    }

    /// <summary>The selector: <c>{__name__="x",job=~"…"}</c>.</summary>
    /// <param name="matchers">All must hold.</param>
    /// <param name="backslashes">Names of any letters are written with backslashes, as VictoriaMetrics reads them; else in quotes, as Prometheus does.</param>
    public static string Of(IReadOnlyList<Matcher> matchers, bool backslashes)
    {
        var text = new StringBuilder("{");
        foreach (var matcher in Named(matchers))
        {
            if (text.Length > 1)
                text.Append(',');
            text.Append(Name(matcher.Name, backslashes)).Append(matcher.Op switch { MatchOp.Equal => "=", MatchOp.NotEqual => "!=", MatchOp.Regex => "=~", _ => "!~" });
            text.Append(LabelNames.Quote(matcher.Value));
        }
        return text.Append('}').ToString();
    }

    /// <summary>
    /// The selector over a window that ends at <paramref name="to"/> and holds <paramref name="from"/>, whether the cluster counts the oldest millisecond of a window in or not: it is one longer.
    /// </summary>
    public static string Of(IReadOnlyList<Matcher> matchers, bool backslashes, long from, long to) =>
        string.Create(CultureInfo.InvariantCulture, $"{Of(matchers, backslashes)}[{to - from + 1}ms]");

    /// <summary>Milliseconds as seconds with a fraction.</summary>
    public static string Seconds(long ms) => (ms / 1_000m).ToString("0.000", CultureInfo.InvariantCulture);

    private static string Name(string name, bool backslashes)
    {
        if (LabelNames.IsLegacyLabelName(name))
            return name;
        if (!backslashes)
            return LabelNames.Quote(name);
        var escaped = new StringBuilder();
        foreach (var letter in name.EnumerateRunes())
        {
            var isPlain = letter.IsAscii && (letter.Value == '_' || char.IsAsciiLetter((char)letter.Value) || (escaped.Length > 0 && char.IsAsciiDigit((char)letter.Value)));
            escaped.Append(isPlain ? "" : "\\").Append(letter.ToString());
        }
        return escaped.ToString();
    }
}
