using HmsOps.Series;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Scraping;

/// <summary>One step of relabelling, as Prometheus defines them.</summary>
public sealed record RelabelRule
{
    public RelabelAction Action { get; init; } = RelabelAction.Replace;

    public IReadOnlyList<string> Sources { get; init; } = [];

    public string Separator { get; init; } = ";";

    /// <summary>Has to match the whole text.</summary>
    public required CapturePattern Pattern { get; init; }

    public ulong Modulus { get; init; }

    public string Target { get; init; } = "";

    public string Replacement { get; init; } = "$1";
}

/// <summary>What a step does.</summary>
public enum RelabelAction
{
    Replace,
    Keep,
    Drop,
    KeepEqual,
    DropEqual,
    HashMod,
    LabelMap,
    LabelDrop,
    LabelKeep,
    Lowercase,
    Uppercase,
}

/// <summary>The keys of a step.</summary>
public static class RelabelShape
{
    public static readonly Key<IReadOnlyList<string>> Sources = new(
        "source_labels", new ListType<string>(new TextType(), "a list of labels"), "Labels whose values are joined and looked at.", "[__address__]")
    { DefaultText = "[]" };

    public static readonly Key<string> Separator = new("separator", new LooseTextType(), "What stands between the joined values.", "';'") { DefaultText = "';'" };
    public static readonly Key<CapturePattern> Pattern = new("regex", new PatternType(), "Has to match the whole of it (RE2).", "(.*):9100") { DefaultText = "(.*)" };
    public static readonly Key<long> Modulus = new("modulus", new CountType(1, long.MaxValue), "For hashmod.", "8");
    public static readonly Key<string> Target = new("target_label", new TextType(), "The label that is written.", "instance");
    public static readonly Key<string> Replacement = new("replacement", new LooseTextType(), "What is written; $1 and ${name} are groups of the pattern.", "$1") { DefaultText = "$1" };

    public static readonly Key<RelabelAction> Action = new(
        "action", new ChoiceType<RelabelAction>(
            ("replace", RelabelAction.Replace), ("keep", RelabelAction.Keep), ("drop", RelabelAction.Drop), ("keepequal", RelabelAction.KeepEqual),
            ("dropequal", RelabelAction.DropEqual), ("hashmod", RelabelAction.HashMod), ("labelmap", RelabelAction.LabelMap), ("labeldrop", RelabelAction.LabelDrop),
            ("labelkeep", RelabelAction.LabelKeep), ("lowercase", RelabelAction.Lowercase), ("uppercase", RelabelAction.Uppercase)),
        "What is done.", "keep")
    { DefaultText = "replace" };

    /// <summary>The table.</summary>
    public static RecordShape Shape { get; } = new("a relabelling step", [Sources, Separator, Pattern, Modulus, Target, Replacement, Action]);

    /// <summary>A step that was bound; null when its keys do not fit one another, and the findings say why.</summary>
    internal static RelabelRule? Read(BoundRecord step, Findings findings)
    {
        var action = step.Get(Action, RelabelAction.Replace);
        var target = step.Get(Target, "");
        var hasTarget = step.TryGet(Target, out _);
        var needsTarget = action is RelabelAction.Replace or RelabelAction.HashMod or RelabelAction.Lowercase or RelabelAction.Uppercase or RelabelAction.KeepEqual or RelabelAction.DropEqual;
        if (needsTarget && !hasTarget)
            return Refuse("E032", step.At(Action), "this action needs the key 'target_label'.", "Add a line such as 'target_label: instance'.");
        if (action == RelabelAction.HashMod && !step.TryGet(Modulus, out _))
            return Refuse("E032", step.At(Action), "hashmod needs the key 'modulus'.", "Add a line such as 'modulus: 8'.");
        if (action is RelabelAction.LabelDrop or RelabelAction.LabelKeep && (hasTarget || step.TryGet(Sources, out _) || step.TryGet(Replacement, out _)))
            return Refuse("E033", step.At(Action), "labeldrop and labelkeep look at the names of labels, with 'regex' alone.", "Take the other keys out.");
        return new RelabelRule
        {
            Action = action,
            Sources = step.Get(Sources, []),
            Separator = step.Get(Separator, ";"),
            Pattern = step.Get(Pattern, PatternType.Everything),
            Modulus = (ulong)step.Get(Modulus, 0),
            Target = target,
            Replacement = step.Get(Replacement, "$1"),
        };

        RelabelRule? Refuse(string code, YamlNode at, string message, string fix)
        {
            findings.Error(code, at, message, fix);
            return null;
        }
    }
}

/// <summary>A text that may be empty.</summary>
public sealed class LooseTextType : ValueType<string>
{
    public override string Name => "a text";

    public override bool TryRead(YamlNode node, Findings findings, out string value)
    {
        value = node is YamlNode.Scalar scalar ? scalar.Text : "";
        return node is YamlNode.Scalar || Refuse(node, findings, "Write one text.");
    }

    public override string Write(string value) => $"'{value}'";
}

/// <summary>A pattern of RE2, anchored at both ends.</summary>
public sealed class PatternType : ValueType<CapturePattern>
{
    private const int LengthMax = 4_096;

    internal static CapturePattern Everything { get; } = CapturePattern.Whole("(.*)");

    public override string Name => "a regular expression (RE2)";

    public override bool TryRead(YamlNode node, Findings findings, out CapturePattern value)
    {
        value = Everything;
        if (node is not YamlNode.Scalar scalar)
            return Refuse(node, findings, "Write one text.");
        if (scalar.Text.Length > LengthMax)
        {
            findings.Error("E045", node, $"the pattern has {scalar.Text.Length} characters; {LengthMax} is the most.", "Split it into several steps.");
            return false;
        }
        try
        {
            value = CapturePattern.Whole(scalar.Text);
            return true;
        }
        catch (ArgumentException e)
        {
            findings.Error("E047", node, $"this is no regular expression that is read in linear time: {FirstLine(e.Message)}", "Write it as RE2 reads it: no references back, no looking around.");
            return false;
        }
    }

    public override string Write(CapturePattern value) => value.Text;

    // The framework quotes the pattern as it stands, and with it what steers a terminal.
    private static string FirstLine(string text) => string.Concat(text.Split('\n')[0].TrimEnd().Select(c => char.IsControl(c) ? '·' : c));
}
