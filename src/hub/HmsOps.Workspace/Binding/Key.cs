using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Binding;

/// <summary>One row of the table that binds, validates, suggests and explains: a key with its type, default, meaning and example.</summary>
public abstract class Key
{
    private protected Key(string name, string meaning, string example)
    {
        Name = name;
        Meaning = meaning;
        Example = example;
    }

    /// <summary>In snake_case.</summary>
    public string Name { get; }

    /// <summary>One sentence.</summary>
    public string Meaning { get; }

    /// <summary>A value that could stand there.</summary>
    public string Example { get; }

    /// <summary>True when it cannot be left out.</summary>
    public bool IsRequired { get; init; }

    /// <summary>What its value may be.</summary>
    public abstract string TypeName { get; }

    /// <summary>What holds when it is left out, as it would be written; null when nothing does.</summary>
    public string? DefaultText { get; init; }

    /// <summary>The keys below it, when its value is a record.</summary>
    public abstract RecordShape? Shape { get; }

    internal abstract bool TryRead(YamlNode node, Findings findings, out object? value);
}

/// <summary>A key whose values are of type <typeparamref name="T"/>.</summary>
public sealed class Key<T>(string name, ValueType<T> type, string meaning, string example) : Key(name, meaning, example)
{
    /// <summary>How a value is read and written.</summary>
    public ValueType<T> Type { get; } = type;

    /// <inheritdoc/>
    public override string TypeName => Type.Name;

    /// <inheritdoc/>
    public override RecordShape? Shape => Type.Shape;

    internal override bool TryRead(YamlNode node, Findings findings, out object? value)
    {
        var read = Type.TryRead(node, findings, out var typed);
        value = typed;
        return read;
    }
}
