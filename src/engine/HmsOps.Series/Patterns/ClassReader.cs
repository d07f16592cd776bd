namespace HmsOps.Series.Patterns;

/// <summary>Reads <c>[…]</c>.</summary>
internal readonly struct ClassReader(string pattern, bool ignoresCase)
{
    // All of ASCII: that is what RE2's mean.
    private static readonly Dictionary<string, CharacterSet> Named = new()
    {
        ["alnum"] = CharacterSet.Of(('0', '9'), ('A', 'Z'), ('a', 'z')),
        ["alpha"] = CharacterSet.Of(('A', 'Z'), ('a', 'z')),
        ["ascii"] = CharacterSet.Of((0, 0x7f)),
        ["blank"] = CharacterSet.Of(('\t', '\t'), (' ', ' ')),
        ["cntrl"] = CharacterSet.Of((0, 0x1f), (0x7f, 0x7f)),
        ["digit"] = CharacterSet.Digits,
        ["graph"] = CharacterSet.Of(('!', '~')),
        ["lower"] = CharacterSet.Of(('a', 'z')),
        ["print"] = CharacterSet.Of((' ', '~')),
        ["punct"] = CharacterSet.Of(('!', '/'), (':', '@'), ('[', '`'), ('{', '~')),
        ["space"] = CharacterSet.Of(('\t', '\r'), (' ', ' ')),
        ["upper"] = CharacterSet.Of(('A', 'Z')),
        ["word"] = CharacterSet.Words,
        ["xdigit"] = CharacterSet.Of(('0', '9'), ('A', 'F'), ('a', 'f')),
    };

    /// <summary>Reads a class and moves past it.</summary>
    public CharacterSet Read(ref int at)
    {
        var start = at++;
        var isOthers = at < pattern.Length && pattern[at] == '^';
        if (isOthers)
            at++;
        var ranges = new List<(int From, int To)>();
        for (var isFirst = true; ; isFirst = false)
        {
            if (at >= pattern.Length)
                throw new PatternException(pattern, "a [ that is not closed", start);
            if (pattern[at] == ']' && !isFirst)
                break;
            if ((TryReadNamed(ref at) ?? EscapeReader.TryReadClass(pattern, ref at)) is { } set)
                ranges.AddRange(set.Ranges);
            else
                ranges.Add(ReadRange(ref at, start));
        }
        at++;
        var all = CharacterSet.Of(ranges);
        all = ignoresCase ? all.Folded() : all;
        return isOthers ? all.Others() : all;
    }

    private CharacterSet? TryReadNamed(ref int at)
    {
        if (!pattern.AsSpan(at).StartsWith("[:", StringComparison.Ordinal))
            return null;
        var end = pattern.IndexOf(":]", at + 2, StringComparison.Ordinal);
        if (end < 0)
            return null;
        var name = pattern[(at + 2)..end];
        var isOthers = name.StartsWith('^');
        if (!Named.TryGetValue(isOthers ? name[1..] : name, out var set))
            throw new PatternException(pattern, $"the class [:{name}:], which RE2 does not know", at);
        at = end + 2;
        return isOthers ? set.Others() : set;
    }

    private (int From, int To) ReadRange(ref int at, int start)
    {
        var from = ReadPoint(ref at, start);
        if (at + 1 >= pattern.Length || pattern[at] != '-' || pattern[at + 1] == ']')
            return (from, from);
        at++;
        var to = ReadPoint(ref at, start);
        return to >= from ? (from, to) : throw new PatternException(pattern, "a range in [ ] that runs backwards", start);
    }

    private int ReadPoint(ref int at, int start)
    {
        if (at >= pattern.Length)
            throw new PatternException(pattern, "a [ that is not closed", start);
        return pattern[at] == '\\' ? EscapeReader.Read(pattern, ref at) : EscapeReader.TakePoint(pattern, ref at);
    }
}
