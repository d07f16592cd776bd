using System.Text;

namespace HmsOps.Series.Patterns;

/// <summary>
/// A regular expression over whole label values, taken apart: what is a list of texts, or texts with anything between them (<c>api-.*</c>, <c>.*error.*</c>,
/// <c>a|b.+c</c>), is compared without a regex engine; only the rest needs <see cref="ValueRegex"/>. Immutable, safe to share.
/// </summary>
internal sealed class ValuePattern
{
    private const int TextsMax = 256; // alternatives taken apart
    private const int LoosesMax = 8; // of those with gaps; more are faster as one automaton
    private const int ClassMax = 16; // characters of a class written out as alternatives

    private readonly HashSet<byte[]>? _texts;
    private readonly HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly LooseText[] _looses = [];
    private readonly ValueRegex? _regex;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="ArgumentException">It is not one; the message says where and why.</exception>
    public ValuePattern(string pattern)
    {
        var node = PatternReader.Read(pattern);
        var ways = Apart(Inside(node));
        var looses = ways?.Where(way => !way.IsExact).ToArray() ?? [];
        if (ways is null || looses.Length > LoosesMax)
        {
            _regex = ValueRegex.Compile(pattern, node, keepsGroups: false, isQuick: true);
            return;
        }
        _looses = looses;
        _texts = new HashSet<byte[]>(ways.Where(way => way.IsExact).Select(way => way.Text), TextComparer.Instance);
        _lookup = _texts.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (_looses.Length == 0)
            Texts = [.. _texts];
    }

    /// <summary>All values that match, when they can be listed.</summary>
    public IReadOnlyList<byte[]>? Texts { get; }

    /// <summary>True when the whole value matches.</summary>
    public bool Matches(ReadOnlySpan<byte> value)
    {
        if (_regex is not null)
            return _regex.Matches(value);
        foreach (var loose in _looses)
        {
            if (loose.Matches(value))
                return true;
        }
        return _texts!.Count > 0 && _lookup.Contains(value); // there whenever there is no regex
    }

    // The anchors that people write around a pattern are there anyway.
    private static PatternNode Inside(PatternNode node)
    {
        if (node is PatternNode.Place { Kind: PlaceKind.TextStart or PlaceKind.TextEnd })
            return new PatternNode.Sequence([]);
        if (node is not PatternNode.Sequence { Parts.Count: > 0 } sequence)
            return node;
        var first = sequence.Parts[0] is PatternNode.Place { Kind: PlaceKind.TextStart } ? 1 : 0;
        var last = sequence.Parts.Count > first && sequence.Parts[^1] is PatternNode.Place { Kind: PlaceKind.TextEnd } ? 1 : 0;
        return new PatternNode.Sequence([.. sequence.Parts.Skip(first).SkipLast(last)]);
    }

    // Null when it cannot be taken apart, or into too many.
    private static List<LooseText>? Apart(PatternNode node) => node switch
    {
        PatternNode.One one => OfSet(one.Set),
        PatternNode.Repeat { IsAny: true, Min: 0 or 1 } any => [LooseText.Any(any.Min)],
        PatternNode.Repeat { Min: 0, Max: 1 } maybe => Apart(maybe.Part) is { Count: < TextsMax } ways ? [.. ways, LooseText.Empty] : null,
        PatternNode.Sequence sequence => OfSequence(sequence),
        PatternNode.Choice choice => OfChoice(choice),
        PatternNode.Group group => Apart(group.Part),
        _ => null,
    };

    private static List<LooseText>? OfSet(CharacterSet set)
    {
        if (set.Count > ClassMax)
            return null;
        return [.. set.Ranges.SelectMany(range => Enumerable.Range(range.From, range.To - range.From + 1))
            .Where(Rune.IsValid).Select(point => LooseText.Exact(Encoding.UTF8.GetBytes(new Rune(point).ToString())))];
    }

    private static List<LooseText>? OfSequence(PatternNode.Sequence sequence)
    {
        List<LooseText> ways = [LooseText.Empty];
        foreach (var part in sequence.Parts)
        {
            if (Apart(part) is not { } next || (long)ways.Count * next.Count > TextsMax)
                return null;
            ways = [.. ways.SelectMany(way => next.Select(way.Then))];
        }
        return ways;
    }

    private static List<LooseText>? OfChoice(PatternNode.Choice choice)
    {
        var all = new List<LooseText>();
        foreach (var part in choice.Parts)
        {
            if (Apart(part) is not { } ways || all.Count + ways.Count > TextsMax)
                return null;
            all.AddRange(ways);
        }
        return all;
    }

    private sealed class TextComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static TextComparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] text) => GetHashCode(text.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }
    }
}

/// <summary>Texts one after the other, with anything between, before or after them.</summary>
internal sealed class LooseText
{
    private readonly byte[][] _texts; // one more than gaps; the outer ones may be empty
    private readonly int[] _gaps; // of each gap, how many characters it has at least: 0 or 1

    private LooseText(byte[][] texts, int[] gaps)
    {
        _texts = texts;
        _gaps = gaps;
    }

    /// <summary>The empty text.</summary>
    public static LooseText Empty { get; } = Exact([]);

    /// <summary>True when there is no gap.</summary>
    public bool IsExact => _gaps.Length == 0;

    /// <summary>The text, when there is no gap.</summary>
    public byte[] Text => _texts[0];

    /// <summary>A text as it is.</summary>
    public static LooseText Exact(byte[] text) => new([text], []);

    /// <summary>Anything of so many characters at least.</summary>
    public static LooseText Any(int atLeast) => new([[], []], [atLeast]);

    /// <summary>This, then another.</summary>
    public LooseText Then(LooseText next)
    {
        byte[] seam = [.. _texts[^1], .. next._texts[0]];
        return new LooseText([.. _texts[..^1], seam, .. next._texts[1..]], [.. _gaps, .. next._gaps]);
    }

    /// <summary>
    /// True when the whole value is like this. Each text is taken where it first comes after the gap before it: a later place would only leave less for the rest.
    /// </summary>
    public bool Matches(ReadOnlySpan<byte> value)
    {
        if (!value.StartsWith(_texts[0]))
            return false;
        var rest = value[_texts[0].Length..];
        if (IsExact)
            return rest.IsEmpty;
        for (var i = 0; i < _gaps.Length; i++)
        {
            if (rest.IsEmpty && _gaps[i] > 0)
                return false;
            rest = _gaps[i] > 0 ? rest[Math.Min(rest.Length, CharacterLength(rest[0]))..] : rest;
            if (i == _gaps.Length - 1)
                return rest.EndsWith(_texts[^1]);
            var at = rest.IndexOf(_texts[i + 1]);
            if (at < 0)
                return false;
            rest = rest[(at + _texts[i + 1].Length)..];
        }
        return rest.IsEmpty;
    }

    private static int CharacterLength(byte first) => first switch { < 0x80 => 1, < 0xe0 => 2, < 0xf0 => 3, _ => 4 };
}
