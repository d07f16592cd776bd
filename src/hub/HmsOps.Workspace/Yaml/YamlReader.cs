using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace HmsOps.Workspace.Yaml;

/// <summary>
/// Text to nodes with places, by the parser's events and never by a deserialiser: YAML 1.2 core schema, each key once, no tags, no merge keys,
/// and bounded in depth, nodes and aliases while it reads, not afterwards.
/// </summary>
public sealed class YamlReader
{
    private readonly Findings _findings;
    private readonly YamlLimits _limits;
    private readonly LenientText? _lenient;
    private readonly Dictionary<string, YamlNode?> _anchors = []; // null while the anchored node is being read
    private readonly Parser _parser;
    private int _aliases;
    private int _nodes;

    private YamlReader(Findings findings, YamlLimits limits, LenientText? lenient)
    {
        _findings = findings;
        _limits = limits;
        _lenient = lenient;
        _parser = new Parser(new StringReader(lenient?.Text ?? findings.Source.Text));
    }

    /// <summary>The documents of a text; empty documents are left out. What is wrong is in the findings, and then nothing of it may be used.</summary>
    public static IReadOnlyList<YamlNode> Read(Findings findings, YamlLimits limits)
    {
        ArgumentNullException.ThrowIfNull(findings);
        ArgumentNullException.ThrowIfNull(limits);
        if (RefusesCharacter(findings))
            return [];
        if (new YamlReader(findings, limits, lenient: null).TryReadAll(out var documents, out var error))
            return documents;
        if (error is null)
            return []; // a limit or a rule of ours: said already

        var lenient = LenientText.Of(findings.Source.Text);
        if (lenient.Quoted.Count == 0)
        {
            Say(findings, error, offset => offset);
            return [];
        }
        if (!new YamlReader(findings, limits, lenient).TryReadAll(out documents, out error))
        {
            if (error is not null)
                Say(findings, error, lenient.ToOriginal);
            return [];
        }
        foreach (var (start, end) in lenient.Quoted)
            NoteQuoted(findings, start, end);
        return documents;
    }

    // The parser takes NUL for the end of the text and U+0085, U+2028, U+2029 for line breaks: half a file would pass for the whole,
    // and one line on the screen for two.
    private static bool RefusesCharacter(Findings findings)
    {
        var text = findings.Source.Text;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is (>= ' ' and not ('\u0085' or '\u2028' or '\u2029')) or '\t' or '\n' or '\r')
                continue;
            findings.Add(Severity.Error, "E001", i, i + 1, $"the invisible character U+{(int)text[i]:X4} cannot stand in YAML.", "Delete it; inside a text write it as an escape in double quotes.");
            return true;
        }
        return false;
    }

    private static void Say(Findings findings, YamlException error, Func<int, int> original)
    {
        var at = original((int)Math.Min(error.Start.Index, int.MaxValue));
        at = Math.Clamp(at, 0, findings.Source.Text.Length);
        if (TabAt(findings.Source, at, toEnd: error.Message.Contains("tab", StringComparison.Ordinal)) is { } tab)
        {
            findings.Add(Severity.Error, "E002", tab, tab + 1, "a tab cannot indent YAML.", "Indent with spaces.");
            return;
        }
        var message = char.ToLowerInvariant(error.Message[0]) + error.Message[1..].TrimEnd('.');
        findings.Add(Severity.Error, "E001", at, at + 1, $"not YAML: {message}.", "Look at the indentation and the quotes of this line and the one above it.");
    }

    private static void NoteQuoted(Findings findings, int start, int end)
    {
        var source = findings.Source;
        var quoted = source.Text[start..end].Replace("'", "''", StringComparison.Ordinal);
        var fix = Binding.Credentials.MayBeIn(source.Text) ? "Put the value in quotes." : $"Write '{quoted}'.";
        findings.Add(Severity.Note, "N001", start, end, $"a value that begins with '{source.Text[start]}' is YAML only in quotes; it is read as if it stood in them.", fix);
    }

    // The parser names the list or map it was in when it met the tab, which may be lines above.
    private static int? TabAt(SourceText source, int from, bool toEnd)
    {
        for (var line = source.StartOfLine(from); ; line = source.EndOfLine(line) + 1)
        {
            var text = source.Text.AsSpan(line, source.EndOfLine(line) - line);
            var tab = text[..^text.TrimStart(" \t").Length].IndexOf('\t');
            if (tab >= 0)
                return line + tab;
            if (!toEnd || source.EndOfLine(line) + 1 >= source.Text.Length)
                return null;
        }
    }

    /// <summary>False with an error: the parser could not go on. False without: the findings say why.</summary>
    private bool TryReadAll(out IReadOnlyList<YamlNode> documents, out YamlException? error)
    {
        var read = new List<YamlNode>();
        documents = read;
        error = null;
        try
        {
            while (MoveNext())
            {
                if (_parser.Current is not DocumentStart)
                    continue;
                _anchors.Clear();
                MoveNext();
                if (Node(depth: 1) is not { } root)
                    return false;
                if (root is not YamlNode.Scalar { IsNull: true })
                    read.Add(root);
            }
            return true;
        }
        catch (YamlException e)
        {
            error = e;
            return false;
        }
    }

    // On some texts that are not YAML the scanner stops with an exception of the framework's (a plain text before a
    // bracket in a flow map, a tag that is no address).
    // They are as little YAML as the others; the place is behind what was read last.
    private bool MoveNext()
    {
        try
        {
            return _parser.MoveNext();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            var read = _parser.Current?.End ?? new Mark(0, 1, 1);
            throw new YamlException(read, read, "Did not find an expected value after this.", e);
        }
    }

    // Reads the node whose event is current; afterwards the event behind it is not yet read. Null: refused and said.
    private YamlNode? Node(int depth)
    {
        // Current is set after every MoveNext that returned true, and a document is never cut short without an exception.
        var current = _parser.Current!;
        if (depth > _limits.Depth)
            return Refuse("E005", current, $"lists and maps are more than {_limits.Depth} deep here.", "Write it flatter.");
        if (++_nodes > _limits.Nodes)
            return RefuseNodes(current);
        if (current is NodeEvent { Tag.IsEmpty: false } tagged && tagged.Tag != "tag:yaml.org,2002:str" && tagged.Tag != "!")
            return Refuse("E006", current, "tags have no meaning here.", "Delete the tag; put a text in quotes to keep it one.");

        var anchor = current is NodeEvent { Anchor.IsEmpty: false } anchored ? anchored.Anchor.Value : null;
        if (anchor is not null && current is not AnchorAlias)
            _anchors[anchor] = null;
        var node = current switch
        {
            AnchorAlias alias => Alias(alias),
            SequenceStart start => Sequence(start, depth),
            MappingStart start => Mapping(start, depth),
            Scalar scalar => Text(scalar),
            // The parser ends some broken maps between a key and its value.
            _ => Refuse("E001", current, "not YAML: a value is missing here.", "Look at the brackets and the colons before it."),
        };
        if (anchor is not null && current is not AnchorAlias)
            _anchors[anchor] = node;
        return node;
    }

    private YamlNode.Scalar Text(Scalar scalar) => new(
        scalar.Value, scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty, Offset(scalar.Start), Offset(scalar.End));

    private YamlNode? Alias(AnchorAlias alias)
    {
        if (++_aliases > _limits.Aliases)
            return Refuse("E005", alias, $"more than {_limits.Aliases} aliases.", "Write the values out.");
        if (!_anchors.TryGetValue(alias.Value.Value, out var node) || node is null)
            return Refuse("E006", alias, "this alias names no anchor that ends before it.", "Write the value out, or set the anchor (&name) above.");
        _nodes += node.Size;
        return _nodes > _limits.Nodes ? RefuseNodes(alias) : node;
    }

    private YamlNode.Sequence? Sequence(SequenceStart start, int depth)
    {
        var items = new List<YamlNode>();
        while (MoveNext() && _parser.Current is not SequenceEnd)
        {
            if (Node(depth + 1) is not { } item)
                return null;
            items.Add(item);
        }
        return new YamlNode.Sequence(items, Offset(start.Start), EndOf(start.Style == SequenceStyle.Flow, items.Count == 0 ? null : items[^1]));
    }

    private YamlNode.Mapping? Mapping(MappingStart start, int depth)
    {
        var entries = new List<(YamlNode.Scalar Key, YamlNode Value)>();
        var keys = new HashSet<string>();
        while (MoveNext() && _parser.Current is not MappingEnd)
        {
            var at = _parser.Current!;
            if (Node(depth + 1) is not { } name)
                return null;
            if (name is not YamlNode.Scalar key)
                return (YamlNode.Mapping?)Refuse("E001", at, "a key has to be a text.", "Write 'key: value'.");
            if (!keys.Add(key.Text))
                return (YamlNode.Mapping?)Refuse("E003", at, $"the key '{Findings.Shorten(key.Text)}' stands here twice.", "Keep one of them.");
            if (key is { IsPlain: true, Text: "<<" })
                return (YamlNode.Mapping?)Refuse("E006", at, "merge keys ('<<') belong to YAML 1.1 and are not read.", "Write the keys out.");
            MoveNext();
            if (Node(depth + 1) is not { } value)
                return null;
            entries.Add((key, value));
        }
        return new YamlNode.Mapping(entries, Offset(start.Start), EndOf(start.Style == MappingStyle.Flow, entries.Count == 0 ? null : entries[^1].Value));
    }

    // A list or map in brackets ends with its bracket. One in lines ends with its last value: the parser's own mark is only where the indentation
    // falls back, lines later.
    private int EndOf(bool flow, YamlNode? last) => flow || last is null ? Offset(_parser.Current!.End) : last.End;

    private YamlNode? RefuseNodes(ParsingEvent at) =>
        Refuse("E005", at, $"more than {_limits.Nodes:#,0} values.".Replace(',', ' '), "Split the file.");

    private YamlNode? Refuse(string code, ParsingEvent at, string message, string fix)
    {
        _findings.Add(Severity.Error, code, Offset(at.Start), Offset(at.End), message, fix);
        return null;
    }

    private int Offset(Mark mark)
    {
        var offset = (int)mark.Index;
        return Math.Clamp(_lenient?.ToOriginal(offset) ?? offset, 0, _findings.Source.Text.Length);
    }
}
