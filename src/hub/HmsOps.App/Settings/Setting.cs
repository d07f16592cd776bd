using HmsOps.Workspace;
using HmsOps.Workspace.Binding;

namespace HmsOps.App.Settings;

/// <summary>A setting's name in each of the places it can be given: the one rule is that <c>late.window</c> is <c>--late-window</c> is <c>HMS_LATE_WINDOW</c>.</summary>
public sealed record Setting(string Name, Key Key)
{
    /// <summary>Every setting there is, in the order of the table.</summary>
    public static IReadOnlyList<Setting> All { get; } =
        [.. Explanation.KeysOf(SettingsShape.Shape).Where(row => row.Key.Shape is null).Select(row => new Setting(row.Name, row.Key))];

    /// <summary><c>--late-window</c></summary>
    public string Flag => FlagOf(Name);

    /// <summary><c>HMS_LATE_WINDOW</c></summary>
    public string Variable => VariableOf(Name);

    internal static string FlagOf(string name) => $"--{name.Replace('.', '-').Replace('_', '-')}";

    internal static string VariableOf(string name) => $"HMS_{name.Replace('.', '_').ToUpperInvariant()}";
}

/// <summary>Where a setting's value came from.</summary>
public abstract record SettingOrigin
{
    private SettingOrigin()
    {
    }

    /// <summary>Nobody said anything.</summary>
    public sealed record Default : SettingOrigin
    {
        public override string ToString() => "default";
    }

    /// <summary>A line of the file.</summary>
    public sealed record Written(SourceSpan At) : SettingOrigin
    {
        public override string ToString() => $"{At.File}:{At.Line}:{At.Column}";
    }

    /// <summary>A variable of the environment.</summary>
    public sealed record Variable(string Name) : SettingOrigin
    {
        public override string ToString() => Name;
    }

    /// <summary>A flag of the command line.</summary>
    public sealed record Flag(string Name) : SettingOrigin
    {
        public override string ToString() => Name;
    }
}

/// <summary>One line of <c>hms-ops config show</c>.</summary>
public sealed record SettingLine(string Name, string Value, SettingOrigin Origin)
{
    public override string ToString() => $"{Name} = {Value}  ({Origin})";
}
