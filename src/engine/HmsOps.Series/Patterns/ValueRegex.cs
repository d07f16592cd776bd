using System.Text;
using System.Text.RegularExpressions;

namespace HmsOps.Series.Patterns;

/// <summary>
/// Runs a pattern on .NET's regex engine in linear time, with RE2's meaning: the pattern is written out anew, in plain classes, groups and counts alone. Mostly over
/// UTF-16, a code point beyond U+FFFF as its two halves. But where it asks for the edges of words, which are ASCII's to RE2 and Unicode's to .NET,
/// over the bytes of UTF-8: a byte from 0x80 on becomes a character of the private use area, which .NET counts to no word.
/// </summary>
internal sealed class ValueRegex
{
    private const int HighBytes = 0xe000; // byte 0x80 is U+E080
    private const int TextMax = 1 << 20; // characters of the pattern written out
    private const int OnStack = 512;

    // A match is linear in the text, and takes microseconds; but the automaton is made as it is needed, and counts in counts make one of millions of states, for seconds.
    // It is tried again, since a thread that yields to others may have stood still for as long: together a tenth of a second, so that a query ends when it is told to.
    private static readonly TimeSpan QuickMax = TimeSpan.FromMilliseconds(50);
    private const int Attempts = 2;

    private readonly string _pattern;
    private readonly Regex _regex;
    private readonly bool _isOverBytes;

    private ValueRegex(string pattern, Regex regex, bool isOverBytes)
    {
        _pattern = pattern;
        _regex = regex;
        _isOverBytes = isOverBytes;
    }

    /// <summary>
    /// Compiles a pattern, anchored at both ends. Keeping what its groups hold takes longer. One of a query is quick or refused; one that is not a query's takes as long as it takes.
    /// </summary>
    /// <exception cref="PatternException">It makes too large an automaton.</exception>
    public static ValueRegex Compile(string pattern, PatternNode node, bool keepsGroups, bool isQuick)
    {
        var writer = new Writer(HasWordEdge(node), keepsGroups);
        writer.Write(node);
        try
        {
            // Neither backtracking nor culture.
            return writer.Text.Length <= TextMax
                ? new ValueRegex(pattern, new Regex($@"\A(?:{writer.Text})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, isQuick ? QuickMax : Regex.InfiniteMatchTimeout), writer.IsOverBytes)
                : throw TooLarge(pattern);
        }
        catch (NotSupportedException) // all that is written out is supported, unless it is too much
        {
            throw TooLarge(pattern);
        }
    }

    /// <summary>True when the whole value matches.</summary>
    public bool Matches(ReadOnlySpan<byte> value)
    {
        var characters = value.Length <= OnStack ? stackalloc char[OnStack] : new char[value.Length];
        if (!_isOverBytes)
            return IsMatch(characters[..Encoding.UTF8.GetChars(value, characters)]);
        Widen(value, characters);
        return IsMatch(characters[..value.Length]);
    }

    /// <summary>True when the whole text matches.</summary>
    public bool IsMatch(string text) => _isOverBytes ? Matches(Encoding.UTF8.GetBytes(text)) : IsMatch(text.AsSpan());

    /// <summary>What each group holds, the whole match first; null when the whole text does not match. A group that took no part holds the empty text.</summary>
    public string[]? GroupsOf(string text)
    {
        var match = MatchOf(_isOverBytes ? Widened(Encoding.UTF8.GetBytes(text)) : text);
        if (!match.Success)
            return null;
        var groups = new string[match.Groups.Count];
        for (var i = 0; i < groups.Length; i++)
            groups[i] = _isOverBytes ? Narrowed(match.Groups[i].ValueSpan) : match.Groups[i].Value;
        return groups;
    }

    private bool IsMatch(ReadOnlySpan<char> text)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return _regex.IsMatch(text);
            }
            catch (RegexMatchTimeoutException) when (attempt < Attempts)
            {
                // What it made of the automaton is kept.
            }
            catch (RegexMatchTimeoutException)
            {
                throw TooSlow();
            }
        }
    }

    private Match MatchOf(string text)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return _regex.Match(text);
            }
            catch (RegexMatchTimeoutException) when (attempt < Attempts)
            {
                // As above.
            }
            catch (RegexMatchTimeoutException)
            {
                throw TooSlow();
            }
        }
    }

    private QueryBudgetException TooSlow() => new($"The pattern {_pattern} takes more than {Attempts * QuickMax.TotalMilliseconds:0} ms for one text. Write it without counts in counts.") { Limit = "pattern_limit" };

    private static string Widened(ReadOnlySpan<byte> value)
    {
        var characters = new char[value.Length];
        Widen(value, characters);
        return new string(characters);
    }

    private static void Widen(ReadOnlySpan<byte> value, Span<char> into)
    {
        for (var i = 0; i < value.Length; i++)
            into[i] = (char)(value[i] < 0x80 ? value[i] : HighBytes + value[i]);
    }

    private static string Narrowed(ReadOnlySpan<char> characters)
    {
        var bytes = new byte[characters.Length];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(characters[i] < 0x80 ? characters[i] : characters[i] - HighBytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private static bool HasWordEdge(PatternNode node) => node switch
    {
        PatternNode.Place place => place.Kind is PlaceKind.WordEdge or PlaceKind.NoWordEdge,
        PatternNode.Sequence sequence => sequence.Parts.Any(HasWordEdge),
        PatternNode.Choice choice => choice.Parts.Any(HasWordEdge),
        PatternNode.Repeat repeat => HasWordEdge(repeat.Part),
        PatternNode.Group group => HasWordEdge(group.Part),
        _ => false,
    };

    private static PatternException TooLarge(string pattern) => new(pattern, "repetitions or classes too large to be matched quickly", 0);

    private sealed class Writer(bool isOverBytes, bool keepsGroups)
    {
        public StringBuilder Text { get; } = new();

        public bool IsOverBytes { get; } = isOverBytes;

        public void Write(PatternNode node)
        {
            if (Text.Length > TextMax)
                return; // refused by Compile
            switch (node)
            {
                case PatternNode.One one:
                    WriteSet(one.Set);
                    break;
                case PatternNode.Sequence sequence:
                    foreach (var part in sequence.Parts)
                        Write(part);
                    break;
                case PatternNode.Choice choice:
                    WriteChoice(choice);
                    break;
                // Any text is any halves or bytes: what stands beside it begins and ends with whole characters.
                case PatternNode.Repeat { IsAny: true, Min: 0 } any:
                    Text.Append(any.IsLazy ? @"[\s\S]*?" : @"[\s\S]*");
                    break;
                case PatternNode.Repeat repeat:
                    WriteRepeat(repeat);
                    break;
                case PatternNode.Group group:
                    Text.Append(keepsGroups ? "(" : "(?:");
                    Write(group.Part);
                    Text.Append(')');
                    break;
                case PatternNode.Place place:
                    WritePlace(place.Kind);
                    break;
            }
        }

        private void WriteRepeat(PatternNode.Repeat repeat)
        {
            Text.Append("(?:");
            Write(repeat.Part);
            Text.Append(repeat.Max < 0 ? $"){{{repeat.Min},}}" : $"){{{repeat.Min},{repeat.Max}}}").Append(repeat.IsLazy ? "?" : "");
        }

        private void WriteChoice(PatternNode.Choice choice)
        {
            for (var i = 0; i < choice.Parts.Count; i++)
            {
                Text.Append(i == 0 ? "(?:" : "|");
                Write(choice.Parts[i]);
            }
            Text.Append(')');
        }

        private void WritePlace(PlaceKind kind) => Text.Append(kind switch
        {
            PlaceKind.TextStart => @"\A",
            PlaceKind.TextEnd => @"\z",
            PlaceKind.LineStart => "(?m:^)",
            PlaceKind.LineEnd => "(?m:$)",
            PlaceKind.WordEdge => @"\b",
            _ => @"\B",
        });

        // One unit, or else sequences of them.
        private void WriteSet(CharacterSet set)
        {
            var units = new StringBuilder();
            var sequences = new StringBuilder();
            var lows = new SortedDictionary<int, StringBuilder>(); // by their high half
            foreach (var (from, to) in set.Ranges)
            {
                if (IsOverBytes)
                {
                    WriteUnits(units, from, Math.Min(to, 0x7f));
                    Utf8Ranges.Split(Math.Max(from, 0x80), to, bytes => WriteSequence(sequences, HighBytes, bytes));
                }
                else
                {
                    WriteUnits(units, from, Math.Min(to, 0xd7ff));
                    WriteUnits(units, Math.Max(from, 0xe000), Math.Min(to, 0xffff));
                    Utf16Ranges.Split(Math.Max(from, 0x10000), to, halves => AddHalves(lows, halves));
                }
            }
            // High halves that go with the same low ones stand together: letters alone are hundreds of ranges, and each alternative costs the automaton dearly.
            foreach (var alike in lows.GroupBy(half => half.Value.ToString(), half => half.Key))
            {
                sequences.Append("|[");
                foreach (var high in alike)
                    WriteUnits(sequences, high, high);
                sequences.Append("][").Append(alike.Key).Append(']');
            }
            if (units.Length > 0)
                sequences.Append("|[").Append(units).Append(']');
            Text.Append("(?:").Append(sequences.Length > 0 ? sequences.Remove(0, 1) : @"[^\s\S]").Append(')'); // of nothing, nothing matches
        }

        private static void AddHalves(SortedDictionary<int, StringBuilder> lows, (int From, int To)[] halves)
        {
            for (var high = halves[0].From; high <= halves[0].To; high++)
            {
                if (!lows.TryGetValue(high, out var units))
                    lows.Add(high, units = new StringBuilder());
                WriteUnits(units, halves[1].From, halves[1].To);
            }
        }

        private static void WriteSequence(StringBuilder into, int above, (int From, int To)[] units)
        {
            into.Append('|');
            foreach (var (from, to) in units)
            {
                into.Append('[');
                WriteUnits(into, above + from, above + to);
                into.Append(']');
            }
        }

        private static void WriteUnits(StringBuilder into, int from, int to)
        {
            if (from <= to)
                into.Append($@"\u{from:x4}-\u{to:x4}");
        }
    }
}

/// <summary>Cuts ranges of code points beyond U+FFFF into pairs of ranges of surrogates.</summary>
internal static class Utf16Ranges
{
    /// <summary>The pairs of a range.</summary>
    public static void Split(int from, int to, Action<(int From, int To)[]> sequence)
    {
        const int LowFirst = 0xdc00, LowLast = 0xdfff;
        if (from > to)
            return;
        var (high, low) = Halves(from);
        var (highEnd, lowEnd) = Halves(to);
        if (high < highEnd && low > LowFirst)
        {
            sequence([(high, high), (low, LowLast)]);
            (high, low) = (high + 1, LowFirst);
        }
        if (high < highEnd && lowEnd < LowLast)
        {
            sequence([(high, highEnd - 1), (LowFirst, LowLast)]);
            (high, low) = (highEnd, LowFirst);
        }
        sequence([(high, highEnd), (low, lowEnd)]);
    }

    private static (int High, int Low) Halves(int point) => (0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
}

/// <summary>Cuts ranges of code points into sequences of ranges of bytes, as UTF-8 encodes them.</summary>
internal static class Utf8Ranges
{
    /// <summary>The sequences of a range of code points from U+0080 on. Surrogates have no UTF-8 and are left out.</summary>
    public static void Split(int from, int to, Action<(int From, int To)[]> sequence)
    {
        foreach (var (first, last) in new[] { (0x80, 0x7ff), (0x800, 0xd7ff), (0xe000, 0xffff), (0x10000, CharacterSet.Last) })
        {
            if (Math.Max(from, first) <= Math.Min(to, last))
                SplitAligned(Math.Max(from, first), Math.Min(to, last), sequence);
        }
    }

    // Until the last bytes run over all of 80..bf wherever an earlier one differs.
    private static void SplitAligned(int from, int to, Action<(int From, int To)[]> sequence)
    {
        for (var bits = 6; bits < 21; bits += 6)
        {
            var mask = (1 << bits) - 1;
            if ((from & ~mask) == (to & ~mask))
                break;
            if ((from & mask) != 0)
            {
                SplitAligned(from, from | mask, sequence);
                SplitAligned((from | mask) + 1, to, sequence);
                return;
            }
            if ((to & mask) != mask)
            {
                SplitAligned(from, (to & ~mask) - 1, sequence);
                SplitAligned(to & ~mask, to, sequence);
                return;
            }
        }
        var low = Encoding.UTF8.GetBytes(new Rune(from).ToString());
        var high = Encoding.UTF8.GetBytes(new Rune(to).ToString());
        sequence([.. low.Zip(high, (a, b) => ((int)a, (int)b))]);
    }
}
