using System.Globalization;
using System.Text;
using HmsOps.Series.Patterns;

namespace HmsOps.Series;

/// <summary>
/// A regular expression of RE2 that has to match a whole text, and whose groups fill in templates: for relabelling and <c>label_replace</c>. Linear in the
/// text, whatever it is. Immutable, safe to share.
/// </summary>
public sealed class CapturePattern
{
    private readonly ValueRegex _regex;
    private readonly Dictionary<string, int> _names = [];

    private CapturePattern(string pattern, bool isQuick)
    {
        Text = pattern;
        var node = PatternReader.Read(pattern);
        var groups = 0;
        Number(node, ref groups);
        _regex = ValueRegex.Compile(pattern, node, keepsGroups: true, isQuick);
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a pattern. One of a query is quick: where it takes long for a text, <see cref="QueryBudgetException"/> is thrown.</summary>
    /// <exception cref="ArgumentException">It is not one; the message says where and why.</exception>
    public static CapturePattern Whole(string pattern, bool isQuick = false)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return new CapturePattern(pattern, isQuick);
    }

    /// <summary>True when the whole text matches.</summary>
    public bool IsMatch(string text) => _regex.IsMatch(text);

    /// <summary>What matched of a whole text; null when it does not match.</summary>
    public Captures? Match(string text) => _regex.GroupsOf(text) is { } groups ? new Captures(groups, _names) : null;

    // In the order in which their parentheses open, named or not.
    private void Number(PatternNode node, ref int groups)
    {
        switch (node)
        {
            case PatternNode.Group group:
                groups++;
                if (group.Name is not null)
                    _names.Add(group.Name, groups);
                Number(group.Part, ref groups);
                break;
            case PatternNode.Repeat repeat:
                Number(repeat.Part, ref groups);
                break;
            case PatternNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                    Number(part, ref groups);
                break;
            case PatternNode.Choice choice:
                foreach (var part in choice.Parts)
                    Number(part, ref groups);
                break;
        }
    }
}

/// <summary>What the groups of a pattern hold of one text.</summary>
public sealed class Captures
{
    private readonly string[] _groups;
    private readonly Dictionary<string, int> _names;

    internal Captures(string[] groups, Dictionary<string, int> names) => (_groups, _names) = (groups, names);

    /// <summary>Fills in a template: <c>$1</c>, <c>${1}</c>, <c>$name</c>, <c>${name}</c>; <c>$$</c> is one. A name is as long as it can be; an unknown group is empty.</summary>
    /// <remarks>Ends early once it has more characters than are wanted.</remarks>
    public string Expand(string template, int charactersMax = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(template);
        if (!template.Contains('$'))
            return template;
        var text = new StringBuilder();
        for (var at = 0; at < template.Length && text.Length <= charactersMax;)
        {
            var dollar = template.IndexOf('$', at);
            text.Append(template, at, (dollar < 0 ? template.Length : dollar) - at);
            if (dollar < 0)
                break;
            at = dollar + 1;
            if (TryName(template, ref at) is { } name)
            {
                text.Append(Group(name));
                continue;
            }
            text.Append('$'); // it is written twice, or no name is behind it
            if (at < template.Length && template[at] == '$')
                at++;
        }
        return text.ToString();
    }

    private static string? TryName(string template, ref int at)
    {
        var isBraced = at < template.Length && template[at] == '{';
        var start = at + (isBraced ? 1 : 0);
        var end = start;
        while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_'))
            end++;
        if (end == start || (isBraced && (end == template.Length || template[end] != '}')))
            return null;
        at = isBraced ? end + 1 : end;
        return template[start..end];
    }

    private string Group(string name)
    {
        var isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && (name.Length == 1 || name[0] != '0');
        if (!isNumber && !_names.TryGetValue(name, out number))
            return "";
        return number < _groups.Length ? _groups[number] : "";
    }
}
