using System.Globalization;
using System.Text;
using HmsOps.PromQL.Tests.Notation;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Scripts;

/// <summary>An answer, as a script expects it and as it is found.</summary>
/// <param name="Rows">Its series.</param>
/// <param name="Says">Its annotations.</param>
/// <param name="Fails">Why there is none; of one that is expected, a part of why.</param>
public sealed record ScriptAnswer(IReadOnlyList<ScriptRow> Rows, IReadOnlyList<string> Says, string? Fails)
{
    /// <summary>What the engine says.</summary>
    public static ScriptAnswer Of(ScriptCase question)
    {
        var parse = PromParser.Parse(question.Text);
        if (parse.Expression is not { } expression)
            return new([], [], string.Join("; ", parse.Errors));
        try
        {
            return Of(question, expression);
        }
        catch (PromEvaluationException refusal)
        {
            return new([], [], refusal.Message);
        }
    }

    private static ScriptAnswer Of(ScriptCase question, PromExpression expression)
    {
        var engine = new PromEngine(question.Source, PromLimits.Default);
        var (from, to, step) = question.Times;
        if (to is { } last)
            return Of(engine.Range(expression, from, last, step, CancellationToken.None));
        if (expression.Type == PromType.Matrix)
            return Of(engine.Samples(expression, from, CancellationToken.None));
        if (expression.Type == PromType.Text)
            return new([new ScriptRow($"text \"{expression.LiteralText}\"", [])], [], null);
        var vector = engine.Instant(expression, from, CancellationToken.None);
        var rows = vector.Points.Select(point => new ScriptRow(
            vector.Type == PromType.Scalar ? ScriptRow.Number : point.Labels.ToString(), [new ScriptCell(point.Time, new(point.Value, point.Histogram), false)]));
        return new([.. rows], vector.Annotations, null);
    }

    private static ScriptAnswer Of(PromMatrix matrix) => new(
        [
            .. matrix.Series.Select(series => new ScriptRow(
                series.Labels.ToString(),
                [.. series.Times.Select((time, i) => new ScriptCell(time, new(series.Values[i], series.Histograms?[i]), false))])),
        ],
        matrix.Annotations,
        null);

    /// <summary>What differs, expected and found side by side; null where nothing does.</summary>
    /// <param name="found">What was found.</param>
    /// <param name="isInOrder">The order of the rows counts.</param>
    /// <param name="comparesWords">Annotations, and why it fails, have to be the same too.</param>
    public string? DifferenceFrom(ScriptAnswer found, bool isInOrder, bool comparesWords = true)
    {
        var pairs = isInOrder ? InOrder(Rows, found.Rows) : ByName(Rows, found.Rows);
        var table = new List<(string Expected, string Found, bool IsSame)>();
        foreach (var (expected, actual) in pairs)
            table.Add((expected?.Beside(actual) ?? "", actual?.Beside(expected) ?? "", expected is not null && actual is not null && expected.IsAs(actual)));
        if (Fails is not null || found.Fails is not null)
        {
            var isSame = Fails is not null && found.Fails is not null && (!comparesWords || found.Fails.Contains(Fails, StringComparison.Ordinal));
            table.Add((Fails is null ? "" : $"fails: {Fails}", found.Fails is null ? "" : $"fails: {found.Fails}", isSame));
        }
        if (comparesWords)
        {
            table.AddRange(Says.Except(found.Says).Select(said => ($"says: {said}", "", false)));
            table.AddRange(found.Says.Except(Says).Select(said => ("", $"says: {said}", false)));
        }
        return table.TrueForAll(row => row.IsSame) ? null : Written(table);
    }

    private static IEnumerable<(ScriptRow? Expected, ScriptRow? Found)> InOrder(IReadOnlyList<ScriptRow> expected, IReadOnlyList<ScriptRow> found) =>
        Enumerable.Range(0, Math.Max(expected.Count, found.Count)).Select(i => (expected.ElementAtOrDefault(i), found.ElementAtOrDefault(i)));

    private static IEnumerable<(ScriptRow? Expected, ScriptRow? Found)> ByName(IReadOnlyList<ScriptRow> expected, IReadOnlyList<ScriptRow> found)
    {
        foreach (var name in expected.Concat(found).Select(row => row.Name).Distinct())
        {
            foreach (var pair in InOrder([.. expected.Where(row => row.Name == name)], [.. found.Where(row => row.Name == name)]))
                yield return pair;
        }
    }

    private static string Written(List<(string Expected, string Found, bool IsSame)> table)
    {
        const int widthMax = 90; // what stands beside a long row goes below it
        var width = Math.Min(widthMax, Math.Max("expected".Length, table.Max(row => row.Expected.Length)));
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"   {"expected".PadRight(width)}   found\n");
        foreach (var (expected, found, isSame) in table)
        {
            var gap = expected.Length <= width ? expected.PadRight(width) : $"{expected}\n   {new string(' ', width)}";
            text.Append(CultureInfo.InvariantCulture, $" {(isSame ? ' ' : '≠')} {gap}   {found}\n");
        }
        return text.ToString();
    }
}

/// <summary>One series of an answer.</summary>
/// <param name="Name">Its labels; <c>number</c> for a scalar.</param>
/// <param name="Cells">Its samples, ascending by time.</param>
public sealed record ScriptRow(string Name, IReadOnlyList<ScriptCell> Cells)
{
    public const string Number = "number";

    public bool IsAs(ScriptRow found) => Name == found.Name && Cells.Count == found.Cells.Count && Cells.Zip(found.Cells).All(pair => pair.First.IsAs(pair.Second));

    /// <summary>Its labels and samples; of many, those that the other has not.</summary>
    public string Beside(ScriptRow? other)
    {
        const int shownMax = 6;
        if (Cells.Count == 1)
            return $"{Name}  {Cells[0].Written}";
        var shown = other is null || IsAs(other) ? Cells : [.. Cells.Where(cell => !other.Cells.Any(known => cell.IsAs(known)))];
        return $"{Name}  {string.Join(' ', shown.Take(shownMax))}{(shown.Count > shownMax ? $" … {shown.Count} in all" : "")}";
    }
}

/// <summary>One sample of an answer.</summary>
/// <param name="Time">When.</param>
/// <param name="Value">The number, or the histogram.</param>
/// <param name="IsMinusZero">Expected is the zero below zero; where it is not, either will do.</param>
public readonly record struct ScriptCell(long Time, SeriesNotation.Cell Value, bool IsMinusZero)
{
    public string Written => Value.Histogram is { } histogram ? SeriesNotation.Write(histogram) : NumberText.InAnswer(Value.Number);

    public bool IsAs(ScriptCell found)
    {
        if (Time != found.Time || Value.Histogram is null != found.Value.Histogram is null)
            return false;
        if (Value.Histogram is null)
            return Answers.Near(Value.Number, found.Value.Number) && (!IsMinusZero || double.IsNegative(found.Value.Number));
        return AreNear(Value.Histogram, found.Value.Histogram!); // both are histograms: see above
    }

    public override string ToString() => $"{Written}@{Time / 1000m}s";

    private static bool AreNear(NativeHistogram a, NativeHistogram b) =>
        a.Schema == b.Schema && a.Bounds.SequenceEqual(b.Bounds) && a.IsGauge == b.IsGauge
        && (a.Reset == CounterResetHint.Unknown || a.Reset == b.Reset)
        && Answers.Near(a.Count, b.Count) && Answers.Near(a.Sum, b.Sum) && Answers.Near(a.ZeroCount, b.ZeroCount) && Answers.Near(a.ZeroThreshold, b.ZeroThreshold)
        && AreNear(a.Positive, b.Positive) && AreNear(a.Negative, b.Negative);

    private static bool AreNear(IReadOnlyList<HistogramBucket> a, IReadOnlyList<HistogramBucket> b) =>
        a.Count == b.Count && a.Zip(b).All(pair => pair.First.Index == pair.Second.Index && Answers.Near(pair.First.Count, pair.Second.Count));
}
