using System.Text;

namespace HmsOps.Workspace.Binding;

/// <summary>What <c>hms-ops explain</c> prints and the reference pages show: the table itself, in words.</summary>
public static class Explanation
{
    /// <summary>The keys of a shape with those below them, as dotted names.</summary>
    public static IEnumerable<(string Name, Key Key)> KeysOf(RecordShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        foreach (var key in shape.Keys)
        {
            yield return (key.Name, key);
            foreach (var (name, below) in key.Shape is null ? [] : KeysOf(key.Shape))
                yield return ($"{key.Name}.{name}", below);
        }
    }

    /// <summary>One key for a terminal.</summary>
    public static string Of(string name, Key key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var text = new StringBuilder();
        text.Append(name).Append(": ").Append(key.TypeName);
        if (key.IsRequired)
            text.Append(", required");
        if (key.DefaultText is not null)
            text.Append(", default ").Append(key.DefaultText);
        return text.Append("\n    ").Append(key.Meaning).Append("\n    example: ").Append(LastOf(name)).Append(": ").Append(key.Example).Append('\n').ToString();
    }

    /// <summary>A shape for a terminal.</summary>
    public static string Of(RecordShape shape) => string.Concat(KeysOf(shape).Where(row => row.Key.Shape is null).Select(row => Of(row.Name, row.Key)));

    /// <summary>A shape as the table of a reference page.</summary>
    public static string Markdown(RecordShape shape)
    {
        var table = new StringBuilder("| key | type | default | meaning | example |\n| --- | --- | --- | --- | --- |\n");
        foreach (var (name, key) in KeysOf(shape).Where(row => row.Key.Shape is null))
        {
            var otherwise = key.IsRequired ? "required" : key.DefaultText is null ? "" : $"`{key.DefaultText}`";
            table.Append($"| `{name}` | {key.TypeName} | {otherwise} | {key.Meaning} | `{key.Example}` |\n");
        }
        return table.ToString();
    }

    private static string LastOf(string name) => name[(name.LastIndexOf('.') + 1)..];
}
