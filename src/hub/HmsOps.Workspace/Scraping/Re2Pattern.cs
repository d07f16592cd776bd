using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace HmsOps.Workspace.Scraping;

/// <summary>
/// Patterns as RE2 reads them, for the framework's linear-time engine. What the two write differently is rewritten: <c>(?P&lt;name&gt;</c>, <c>\Q…\E</c>,
/// <c>[[:alpha:]]</c>, and <c>\d \w \s</c>, which mean ASCII there. What RE2 does not have (references back, looking around) is refused by both.
/// </summary>
public sealed class Re2Pattern
{
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline;

    private static readonly TimeSpan TimeMax = TimeSpan.FromMilliseconds(100);

    private static readonly Dictionary<string, string> Posix = new()
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = @"\x00-\x7F",
        ["blank"] = @"\t ",
        ["cntrl"] = @"\x00-\x1F\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = @"!-/:-@\[-`{-~",
        ["space"] = @"\t\n\v\f\r ",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    private readonly Regex _whole;
    private readonly Dictionary<string, int> _names;

    private Re2Pattern(Regex whole, Dictionary<string, int> names, string text) => (_whole, _names, Text) = (whole, names, text);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>A pattern that has to match the whole text.</summary>
    /// <exception cref="ArgumentException">It is no pattern.</exception>
    /// <exception cref="NotSupportedException">It asks for what takes more than linear time.</exception>
    public static Re2Pattern Anchored(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        var names = new Dictionary<string, int>();
        var translated = Translate(pattern, names);
        _ = new Regex(translated, Linear, TimeMax); // alone first: one that closes our group is not a pattern
        return new Re2Pattern(new Regex($@"\A(?:{translated})\z", Linear, TimeMax), names, pattern);
    }

    /// <summary>True when the whole text matches.</summary>
    public bool IsMatch(string text) => _whole.IsMatch(text);

    /// <summary>The match of the whole text.</summary>
    public Match Match(string text) => _whole.Match(text);

    /// <summary>What a group of a match holds, by its name or number; empty when there is no such group.</summary>
    public string GroupOf(Match match, string name)
    {
        ArgumentNullException.ThrowIfNull(match);
        return match.Groups[_names.TryGetValue(name, out var number) ? number : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var said) ? said : -1].Value;
    }

    // Names of groups are taken out: the framework counts named groups after all others, RE2 in the order they stand.
    private static string Translate(string pattern, Dictionary<string, int> names)
    {
        var groups = 0;
        var to = new StringBuilder(pattern.Length + 16);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                i++;
                if (pattern[i] == 'Q' && !inClass)
                {
                    var end = pattern.IndexOf(@"\E", i, StringComparison.Ordinal);
                    to.Append(Regex.Escape(pattern[(i + 1)..(end < 0 ? pattern.Length : end)]));
                    i = end < 0 ? pattern.Length : end + 1;
                }
                else
                {
                    to.Append(Escape(pattern[i], inClass));
                }
            }
            else if (!inClass && c == '[')
            {
                inClass = true;
                to.Append('[');
                if (i + 1 < pattern.Length && pattern[i + 1] == '^')
                    to.Append(pattern[++i]);
                if (i + 1 < pattern.Length && pattern[i + 1] == ']')
                {
                    to.Append(@"\]"); // first in a class it stands for itself
                    i++;
                }
            }
            else if (inClass && c == '[')
            {
                i = Class(pattern, i, to);
            }
            else
            {
                if (inClass && c == ']')
                    inClass = false;
                if (!inClass && c == '(')
                    i = Group(pattern, i, names, ref groups);
                to.Append(c);
            }
        }
        return to.ToString();
    }

    // Answers where the opening of a group ends, without its name.
    private static int Group(string pattern, int at, Dictionary<string, int> names, ref int groups)
    {
        var rest = pattern.AsSpan(at);
        var opening = rest.StartsWith("(?P<") ? 4 : rest.StartsWith("(?<") && !rest.StartsWith("(?<=") && !rest.StartsWith("(?<!") ? 3 : 0;
        if (opening == 0)
        {
            groups += rest.StartsWith("(?") ? 0 : 1;
            return at;
        }
        var end = rest.IndexOf('>');
        if (end <= opening || !names.TryAdd(rest[opening..end].ToString(), ++groups))
            throw new NotSupportedException("the name of a group is missing, or there twice");
        return at + end;
    }

    private static int Class(string pattern, int at, StringBuilder to)
    {
        var end = pattern.AsSpan(at).StartsWith("[:") ? pattern.IndexOf(":]", at + 2, StringComparison.Ordinal) : -1;
        var name = end < 0 ? "" : pattern[(at + 2)..end];
        if (Posix.TryGetValue(name, out var range))
        {
            to.Append(range);
            return end + 1;
        }
        if (name.StartsWith('^') && Posix.ContainsKey(name[1..]))
            throw new NotSupportedException($"[:{name}:] inside a class is not read; write the characters out");
        to.Append(@"\["); // the framework would begin to subtract
        return at;
    }

    private static string Escape(char c, bool inClass) => c switch
    {
        'd' => inClass ? "0-9" : "[0-9]",
        'w' => inClass ? "0-9A-Za-z_" : "[0-9A-Za-z_]",
        's' => inClass ? @"\t\n\f\r " : @"[\t\n\f\r ]",
        'D' when !inClass => "[^0-9]",
        'W' when !inClass => "[^0-9A-Za-z_]",
        'S' when !inClass => @"[^\t\n\f\r ]",
        'C' => throw new NotSupportedException(@"\C is not read; write . instead"),
        _ => $@"\{c}",
    };
}
