namespace HmsOps.Observe.Wire;

/// <summary>How large the label set of one series may be that comes in by a bulk door: keys <c>limits.labels.*</c>.</summary>
public sealed record LabelLimits
{
    public int CountMax { get; init; } = 64;

    public int NameBytesMax { get; init; } = 256;

    public int ValueBytesMax { get; init; } = 4 * 1024;

    /// <summary>Names and values together.</summary>
    public int BytesMax { get; init; } = 16 * 1024;

    internal Flaw Count => new("label_count", $"more than {CountMax} labels; drop labels that nobody asks for, or raise limits.labels.count");

    internal Flaw Name => new("label_name", $"a label's name has more than {NameBytesMax} bytes; shorten it, or raise limits.labels.name");

    internal Flaw Value => new("label_value", $"a label's value has more than {ValueBytesMax} bytes; shorten it, or raise limits.labels.value");

    internal Flaw Bytes => new("label_bytes", $"its labels have more than {BytesMax} bytes together; drop or shorten some, or raise limits.labels.total");
}

/// <summary>Why an item is refused: a word for counters, and for people what is wrong with it and what to do.</summary>
internal sealed record Flaw(string Reason, string Sentence)
{
    public static Flaw NoLabels { get; } = new("no_labels", "no labels; give the series a metric name");

    public static Flaw EmptyName { get; } = new("label_empty_name", "a label without a name; every label needs one");

    public static Flaw Twice { get; } = new("labels", "a label is there twice; send each once");

    public static Flaw NotUtf8 { get; } = new("label_utf8", "a label is not valid UTF-8; send names and values as UTF-8");
}
