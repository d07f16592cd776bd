using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.App.Settings;

/// <summary>Where the value of a secret is kept.</summary>
public abstract record SecretSource
{
    private SecretSource()
    {
    }

    /// <summary>A variable of the hub's environment.</summary>
    public sealed record FromEnvironment(string Variable) : SecretSource
    {
        public override string ToString() => $"env:{Variable}";
    }

    /// <summary>The content of a file, without the line break at its end.</summary>
    public sealed record FromFile(string Path) : SecretSource
    {
        public override string ToString() => $"file:{Path}";
    }

    /// <summary>What a program prints, without the line break at its end.</summary>
    public sealed record FromProgram(string Program, IReadOnlyList<string> Arguments) : SecretSource
    {
        public override string ToString() => $"[{string.Join(", ", Arguments.Prepend(Program))}]";
    }
}

/// <summary>A value under <c>secrets:</c>: <c>env:NAME</c>, <c>file:PATH</c> or <c>[program, argument, …]</c>. Anything else may be the secret itself, and is not repeated.</summary>
public sealed class SecretSourceType : ValueType<SecretSource>
{
    private const string Environment = "env:";
    private const string File = "file:";

    public override string Name => "env:NAME, file:PATH or [program, argument]";

    public override bool TryRead(YamlNode node, Findings findings, out SecretSource value)
    {
        value = new SecretSource.FromEnvironment("");
        switch (node)
        {
            case YamlNode.Scalar { Text: var text } when Behind(text, Environment) is { } variable && variable.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'):
                value = new SecretSource.FromEnvironment(variable);
                return true;
            case YamlNode.Scalar { Text: var text } when Behind(text, File) is { } path:
                value = new SecretSource.FromFile(path);
                return true;
            case YamlNode.Sequence { Items: [YamlNode.Scalar { IsNull: false } program, ..] } list when list.Items.All(item => item is YamlNode.Scalar):
                value = new SecretSource.FromProgram(program.Text, [.. list.Items.Skip(1).Select(item => ((YamlNode.Scalar)item).Text)]);
                return true;
            default:
                findings.Error("E034", node, $"expected {Name}; the secret itself does not stand here.", "Say where it is kept: env:NAME, file:PATH or [program, argument].");
                return false;
        }
    }

    public override string Write(SecretSource value) => value.ToString();

    private static string? Behind(string text, string prefix) =>
        text.StartsWith(prefix, StringComparison.Ordinal) && text.Length > prefix.Length ? text[prefix.Length..].Trim() : null;
}
