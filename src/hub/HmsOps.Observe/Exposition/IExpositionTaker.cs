namespace HmsOps.Observe.Exposition;

/// <summary>
/// Who takes what a reader of an exposition finds, in the order it stands in the body. Implemented by a struct, so that the readers are compiled for it and a
/// sample costs no interface call. The spans live during the call.
/// </summary>
internal interface IExpositionTaker
{
    /// <summary>Takes a number. A fault ends the reading; null goes on.</summary>
    TakeFault? Sample(in SeriesKey key, double value, long? time, long start);

    /// <summary>Takes a native histogram.</summary>
    TakeFault? Histogram(in SeriesKey key, Series.NativeHistogram histogram, long? time, long start);

    /// <summary>Takes an exemplar of the sample taken last.</summary>
    void Exemplar(Series.Labels labels, double value, long? time);

    /// <summary>Takes what is said about a family. The text is as it was written, escapes and all.</summary>
    void Describe(ReadOnlySpan<byte> family, FamilyWord word, ReadOnlySpan<byte> text, bool isEscaped);
}

/// <summary>
/// A series as it lies in the body. Equal bytes are equal series, so whoever has seen them before need not read them; <see cref="SeriesText.Read"/> does.
/// </summary>
internal readonly ref struct SeriesKey(ReadOnlySpan<byte> text, SeriesForm form, ReadOnlySpan<byte> family, FamilyKind kind)
{
    public ReadOnlySpan<byte> Text { get; } = text;

    public SeriesForm Form { get; } = form;

    /// <summary>The family named last before it, as written.</summary>
    public ReadOnlySpan<byte> Family { get; } = family;

    public FamilyKind Kind { get; } = kind;
}

/// <summary>How the bytes of a <see cref="SeriesKey"/> are written.</summary>
internal enum SeriesForm
{
    /// <summary><c>name{a="b"}</c>, blanks between the parts allowed.</summary>
    Text,

    /// <summary><c>name{a="b"}</c>, no blanks.</summary>
    OpenMetrics,

    /// <summary>The fields of <see cref="Series.LabelBytes"/>, name first.</summary>
    LabelBytes,

    /// <summary>As above; the last label is a bound, its value the eight bytes of a float64. Text is made of it only when the series is read.</summary>
    LabelBytesAndBound,
}

/// <summary>Kinds of families, as OpenMetrics names them.</summary>
internal enum FamilyKind
{
    Unknown,
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
}

/// <summary>What a line of description says.</summary>
internal enum FamilyWord
{
    Help,
    Type,
    Unit,
}

/// <summary>Why a series cannot be taken.</summary>
/// <param name="Offset">Where in the key's text; −1 when it is not about a place.</param>
/// <param name="Message">What was expected and what was found, or which limit was met.</param>
internal sealed record TakeFault(int Offset, string Message);

/// <summary>Why a body could not be read, and where.</summary>
/// <param name="Place"><c>line 3, column 7</c>, or the byte; empty when it is not about a place.</param>
/// <param name="Message">What was expected and what was found.</param>
internal sealed record ExpositionFlaw(string Place, string Message)
{
    public override string ToString() => Place.Length == 0 ? Message : $"{Place}: {Message}";
}

/// <summary>The words for kinds.</summary>
internal static class FamilyKinds
{
    private static readonly byte[][] Words =
        ["unknown"u8.ToArray(), "counter"u8.ToArray(), "gauge"u8.ToArray(), "histogram"u8.ToArray(), "gaugehistogram"u8.ToArray(), "summary"u8.ToArray(), "info"u8.ToArray(), "stateset"u8.ToArray()];

    /// <summary>As OpenMetrics writes it.</summary>
    public static ReadOnlySpan<byte> WordOf(FamilyKind kind) => Words[(int)kind];

    /// <summary>Reads a word of either text format.</summary>
    public static bool TryRead(ReadOnlySpan<byte> word, bool isOpenMetrics, out FamilyKind kind)
    {
        (var known, kind) = word switch
        {
            _ when word.SequenceEqual("counter"u8) => (true, FamilyKind.Counter),
            _ when word.SequenceEqual("gauge"u8) => (true, FamilyKind.Gauge),
            _ when word.SequenceEqual("histogram"u8) => (true, FamilyKind.Histogram),
            _ when word.SequenceEqual("summary"u8) => (true, FamilyKind.Summary),
            _ when word.SequenceEqual("gaugehistogram"u8) => (isOpenMetrics, FamilyKind.GaugeHistogram),
            _ when word.SequenceEqual("info"u8) => (isOpenMetrics, FamilyKind.Info),
            _ when word.SequenceEqual("stateset"u8) => (isOpenMetrics, FamilyKind.StateSet),
            _ when word.SequenceEqual("unknown"u8) => (isOpenMetrics, FamilyKind.Unknown),
            _ => (!isOpenMetrics && word.SequenceEqual("untyped"u8), FamilyKind.Unknown),
        };
        return known;
    }
}
