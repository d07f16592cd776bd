using System.Globalization;
using System.Text;

namespace HmsOps.Series.Patterns;

/// <summary>A set of code points, as ranges in order that neither touch nor overlap. Immutable.</summary>
internal sealed class CharacterSet
{
    /// <summary>The last code point.</summary>
    public const int Last = 0x10ffff;

    private readonly (int From, int To)[] _ranges;

    private CharacterSet((int From, int To)[] ranges) => _ranges = ranges;

    /// <summary>Every code point.</summary>
    public static CharacterSet All { get; } = Of((0, Last));

    /// <summary><c>\d</c></summary>
    public static CharacterSet Digits { get; } = Of(('0', '9'));

    /// <summary><c>\s</c></summary>
    public static CharacterSet Spaces { get; } = Of(('\t', '\n'), ('\f', '\r'), (' ', ' '));

    /// <summary><c>\w</c></summary>
    public static CharacterSet Words { get; } = Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));

    /// <summary>The ranges, ascending.</summary>
    public IReadOnlyList<(int From, int To)> Ranges => _ranges;

    /// <summary>True when every code point is in it.</summary>
    public bool IsAll => _ranges is [(0, Last)];

    /// <summary>How many code points are in it.</summary>
    public int Count => _ranges.Sum(range => range.To - range.From + 1);

    /// <summary>A set of ranges in any order.</summary>
    public static CharacterSet Of(params IEnumerable<(int From, int To)> ranges)
    {
        var merged = new List<(int From, int To)>();
        foreach (var range in ranges.OrderBy(range => range.From))
        {
            if (merged.Count > 0 && range.From <= merged[^1].To + 1)
                merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, range.To));
            else
                merged.Add(range);
        }
        return new CharacterSet([.. merged]);
    }

    /// <summary>All others.</summary>
    public CharacterSet Others()
    {
        var others = new List<(int, int)>();
        var from = 0;
        foreach (var range in _ranges)
        {
            if (range.From > from)
                others.Add((from, range.From - 1));
            from = range.To + 1;
        }
        if (from <= Last)
            others.Add((from, Last));
        return new CharacterSet([.. others]);
    }

    /// <summary>This and what is the same but for case, by Unicode's simple folding: <c>k</c>, <c>K</c> and the Kelvin sign.</summary>
    public CharacterSet Folded()
    {
        var more = new List<(int, int)>(_ranges);
        foreach (var orbit in CaseOrbits.Value)
        {
            if (!orbit.Any(Has))
                continue;
            foreach (var point in orbit)
                more.Add((point, point));
        }
        return Of(more);
    }

    /// <summary>True when a code point is in it.</summary>
    public bool Has(int point) => _ranges.Any(range => range.From <= point && point <= range.To);

    /// <summary>The code points of a general category: <c>L</c>, <c>Lu</c>, …; null when there is none of that name.</summary>
    public static CharacterSet? Category(string name)
    {
        if (name == "Any")
            return All;
        var categories = CategoryNames.Where(pair => pair.Key.StartsWith(name, StringComparison.Ordinal)).Select(pair => pair.Value).ToHashSet();
        if (name.Length is < 1 or > 2 || categories.Count == 0)
            return null;
        return Of(Enumerable.Range(0, Last + 1).Where(point => categories.Contains(CharUnicodeInfo.GetUnicodeCategory(point))).Select(point => (point, point)));
    }

    private static readonly Dictionary<string, UnicodeCategory> CategoryNames = new()
    {
        ["Lu"] = UnicodeCategory.UppercaseLetter,
        ["Ll"] = UnicodeCategory.LowercaseLetter,
        ["Lt"] = UnicodeCategory.TitlecaseLetter,
        ["Lm"] = UnicodeCategory.ModifierLetter,
        ["Lo"] = UnicodeCategory.OtherLetter,
        ["Mn"] = UnicodeCategory.NonSpacingMark,
        ["Mc"] = UnicodeCategory.SpacingCombiningMark,
        ["Me"] = UnicodeCategory.EnclosingMark,
        ["Nd"] = UnicodeCategory.DecimalDigitNumber,
        ["Nl"] = UnicodeCategory.LetterNumber,
        ["No"] = UnicodeCategory.OtherNumber,
        ["Zs"] = UnicodeCategory.SpaceSeparator,
        ["Zl"] = UnicodeCategory.LineSeparator,
        ["Zp"] = UnicodeCategory.ParagraphSeparator,
        ["Cc"] = UnicodeCategory.Control,
        ["Cf"] = UnicodeCategory.Format,
        ["Cs"] = UnicodeCategory.Surrogate,
        ["Co"] = UnicodeCategory.PrivateUse,
        ["Pc"] = UnicodeCategory.ConnectorPunctuation,
        ["Pd"] = UnicodeCategory.DashPunctuation,
        ["Ps"] = UnicodeCategory.OpenPunctuation,
        ["Pe"] = UnicodeCategory.ClosePunctuation,
        ["Pi"] = UnicodeCategory.InitialQuotePunctuation,
        ["Pf"] = UnicodeCategory.FinalQuotePunctuation,
        ["Po"] = UnicodeCategory.OtherPunctuation,
        ["Sm"] = UnicodeCategory.MathSymbol,
        ["Sc"] = UnicodeCategory.CurrencySymbol,
        ["Sk"] = UnicodeCategory.ModifierSymbol,
        ["So"] = UnicodeCategory.OtherSymbol,
    };

    // Code points that are the same but for case. The dotted and the dotless i fold with nothing: their mappings are Turkish.
    private static readonly Lazy<int[][]> CaseOrbits = new(static () =>
    {
        var orbits = new Dictionary<int, SortedSet<int>>();
        for (var point = 0; point <= 0x1ffff; point++) // beyond lie no letters with case
        {
            if (point is 0x130 or 0x131 || !Rune.TryCreate(point, out var rune))
                continue;
            var upper = point == 0x17f ? 'S' : Rune.ToUpperInvariant(rune).Value; // the long s: no invariant mapping leads into ASCII
            foreach (var other in new[] { upper, Rune.ToLowerInvariant(rune).Value })
            {
                if (other == point)
                    continue;
                var orbit = orbits.GetValueOrDefault(point) ?? [point];
                orbit.UnionWith(orbits.GetValueOrDefault(other) ?? [other]);
                foreach (var member in orbit)
                    orbits[member] = orbit;
            }
        }
        return [.. orbits.Values.Distinct().Select(orbit => orbit.ToArray())];
    });
}
