using System.Globalization;
using System.Text;

namespace HmsOps.Ledger.Tiles;

/// <summary>
/// The name of a tile or of a bundle of entries, as tlog-tiles has it: <c>tile/&lt;level&gt;/&lt;number&gt;[.p/&lt;width&gt;]</c>, the number in groups of three digits.
/// </summary>
/// <param name="Level">The level of the tile; null for a bundle of entries.</param>
/// <param name="Number">Which of its level.</param>
/// <param name="Width">How many hashes or entries: 256 unless it is a partial one.</param>
public readonly record struct TilePath(int? Level, long Number, int Width)
{
    /// <summary>Hashes of a full tile, entries of a full bundle.</summary>
    public const int WidthMax = 256;

    // 256 to this power is more than a size can be.
    private const int LevelsMax = 8;

    private const int GroupBase = 1_000;
    private const int GroupDigits = 3;
    private const int GroupsMax = 6; // beyond any size of a log

    /// <summary>Reads the name as it is written: one name, one tile. False for everything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TilePath path)
    {
        path = default;
        const string prefix = "tile/";
        if (!text.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        text = text[prefix.Length..];
        var slash = text.IndexOf('/');
        if (slash < 0 || !TryLevel(text[..slash], out var level))
            return false;
        text = text[(slash + 1)..];
        var width = WidthMax;
        if (text.IndexOf(".p/", StringComparison.Ordinal) is var partial and >= 0)
        {
            if (!TryNumber(text[(partial + 3)..], out width) || width is < 1 or >= WidthMax)
                return false;
            text = text[..partial];
        }
        if (!TryIndex(text, out var number))
            return false;
        path = new TilePath(level, number, width);
        return true;
    }

    /// <summary>The tiles of a tree of a size, level by level, and its bundles of entries first: all that a reader of the whole log asks for.</summary>
    public static IEnumerable<TilePath> Of(long size)
    {
        foreach (var bundle in OfLevel(null, size))
            yield return bundle;
        for (var (level, wide) = (0, size); wide > 0; level++, wide /= WidthMax)
        {
            foreach (var tile in OfLevel(level, wide))
                yield return tile;
        }
    }

    /// <summary>The name.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var number = Number;
        text.Append(CultureInfo.InvariantCulture, $"{number % GroupBase:000}");
        while ((number /= GroupBase) > 0)
            text.Insert(0, string.Create(CultureInfo.InvariantCulture, $"x{number % GroupBase:000}/"));
        text.Insert(0, Level is { } level ? string.Create(CultureInfo.InvariantCulture, $"tile/{level}/") : "tile/entries/");
        if (Width < WidthMax)
            text.Append(CultureInfo.InvariantCulture, $".p/{Width}");
        return text.ToString();
    }

    private static IEnumerable<TilePath> OfLevel(int? level, long wide)
    {
        for (var number = 0L; number < wide / WidthMax; number++)
            yield return new TilePath(level, number, WidthMax);
        if (wide % WidthMax is var rest and > 0)
            yield return new TilePath(level, wide / WidthMax, (int)rest);
    }

    private static bool TryLevel(ReadOnlySpan<char> text, out int? level)
    {
        level = null;
        if (text is "entries")
            return true;
        if (!TryNumber(text, out var number) || number >= LevelsMax)
            return false;
        level = number;
        return true;
    }

    // Digits, and no zero in front.
    private static bool TryNumber(ReadOnlySpan<char> text, out int number)
    {
        number = 0;
        if (text.Length is 0 or > GroupDigits || (text.Length > 1 && text[0] == '0') || text.ContainsAnyExceptInRange('0', '9'))
            return false;
        number = int.Parse(text, CultureInfo.InvariantCulture);
        return true;
    }

    // x001/x234/067: all groups but the last begin with x, and the first is not zero unless it is the only one.
    private static bool TryIndex(ReadOnlySpan<char> text, out long index)
    {
        index = 0;
        for (var group = 0; group < GroupsMax; group++)
        {
            var slash = text.IndexOf('/');
            var digits = slash < 0 ? text : text[..slash];
            if (slash >= 0)
            {
                if (digits is not ['x', ..])
                    return false;
                digits = digits[1..];
            }
            if (digits.Length != GroupDigits || digits.ContainsAnyExceptInRange('0', '9'))
                return false;
            var value = int.Parse(digits, CultureInfo.InvariantCulture);
            if (slash >= 0 && group == 0 && value == 0)
                return false;
            index = (index * GroupBase) + value;
            if (slash < 0)
                return true;
            text = text[(slash + 1)..];
        }
        return false;
    }
}
