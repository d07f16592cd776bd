using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Binding;

/// <summary>What a key's value may be: how it is read from a node, and what it is called in <c>explain</c>.</summary>
public abstract class ValueType<T>
{
    /// <summary>For people: <c>duration like 5m</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Reads a value, or says in the findings what is wrong with it.</summary>
    public abstract bool TryRead(YamlNode node, Findings findings, out T value);

    /// <summary>The value as a person would write it.</summary>
    public abstract string Write(T value);

    /// <summary>The record this value is, where it is one: its keys are explained too.</summary>
    public virtual RecordShape? Shape => null;

    /// <summary>Says that the value is not of this type. Always false, so that a reader can end with it.</summary>
    protected bool Refuse(YamlNode node, Findings findings, string fix, string? suggestion = null)
    {
        findings.Error("E033", node, $"expected {Name}, got {node.Shape}.", fix, suggestion);
        return false;
    }
}
