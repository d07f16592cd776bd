using System.Diagnostics.CodeAnalysis;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Binding;

/// <summary>A record as it was written: the values that could be read, and the node of each.</summary>
public sealed class BoundRecord
{
    private readonly Dictionary<Key, (object? Value, YamlNode Node)> _values = [];

    private BoundRecord(YamlNode node)
    {
        Node = node;
    }

    /// <summary>The whole record's node.</summary>
    public YamlNode Node { get; }

    /// <summary>
    /// Holds a map against a shape. Everything wrong in it is said at once: keys that are unknown, written twice in two spellings, missing, or of the wrong
    /// type. Keys that begin with <c>x-</c> are the writer's own, and the root of a document may say its <c>kind</c>.
    /// </summary>
    public static BoundRecord Bind(YamlNode node, RecordShape shape, Findings findings, bool isRoot = false)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(findings);
        var record = new BoundRecord(node);
        if (node is not YamlNode.Mapping mapping)
        {
            findings.Error("E033", node, $"expected {shape.Name}, a map of keys, got {node.Shape}.", $"Write its keys: {Sketch(shape)}.");
            return record;
        }
        var spelled = new Dictionary<string, string>();
        foreach (var (key, value) in mapping.Entries)
        {
            if (key.Text.StartsWith("x-", StringComparison.Ordinal))
                continue;
            var name = KeySpelling.Fold(key.Text);
            if (isRoot && name == Kinds.FileKind.Key)
                continue;
            if (!spelled.TryAdd(name, key.Text))
                findings.Error("E003", key, $"'{Findings.Shorten(key.Text)}' and '{Findings.Shorten(spelled[name])}' are one key.", "Keep one of them.");
            else if (shape.Find(name) is { } known)
                record.Read(known, value, findings);
            else
                SayUnknown(key, name, shape, findings);
        }
        foreach (var key in shape.Keys.Where(key => key.IsRequired && !spelled.ContainsKey(key.Name)))
            findings.Add(Severity.Error, "E032", node.Start, node.Start + 1, $"{shape.Name} needs the key '{key.Name}'.", $"Add a line such as '{key.Name}: {key.Example}'.");
        return record;
    }

    /// <summary>The value of a key; false when it was not written, or could not be read and the findings say why.</summary>
    public bool TryGet<T>(Key<T> key, [MaybeNullWhen(false)] out T value)
    {
        if (_values.TryGetValue(key, out var bound))
        {
            value = (T)bound.Value!; // put there by Key<T>.TryRead, which returned true
            return true;
        }
        value = default;
        return false;
    }

    /// <summary>The value of a key, or what holds when it is left out.</summary>
    public T Get<T>(Key<T> key, T otherwise) => TryGet(key, out var value) ? value : otherwise;

    /// <summary>Where a key's value stands; the record itself when it was left out.</summary>
    public YamlNode At(Key key) => _values.TryGetValue(key, out var bound) ? bound.Node : Node;

    private void Read(Key key, YamlNode value, Findings findings)
    {
        if (value is YamlNode.Scalar { IsNull: true } && !key.IsRequired)
            return; // 'runbook:' with nothing behind it says nothing
        if (key.TryRead(value, findings, out var read))
            _values[key] = (read, value);
    }

    private static void SayUnknown(YamlNode.Scalar key, string name, RecordShape shape, Findings findings)
    {
        if (shape.NotInThisVersion.Contains(name))
        {
            findings.Error("E090", key, $"'{name}' of {shape.Name} is not in this version.", $"Take it out; the keys here are {KeyNames(shape)}.");
            return;
        }
        var suggestion = Suggestions.Nearest(name, shape.Keys.Select(known => known.Name));
        var fix = suggestion is null ? $"Take it out, or begin it with x-; the keys here are {KeyNames(shape)}." : $"Write '{suggestion}:'.";
        findings.Add(
            findings.IsStrict ? Severity.Error : Severity.Warning, "E031", key.Start, key.End, $"'{Findings.Shorten(key.Text)}' is not a key of {shape.Name}.", fix, suggestion);
    }

    private static string KeyNames(RecordShape shape) => string.Join(", ", shape.Keys.Select(key => key.Name));

    private static string Sketch(RecordShape shape)
    {
        var shown = shape.Keys.Where(key => key.IsRequired).ToList();
        return string.Join(", ", (shown.Count > 0 ? shown : shape.Keys.Take(1)).Select(key => $"{key.Name}: {key.Example}"));
    }
}
