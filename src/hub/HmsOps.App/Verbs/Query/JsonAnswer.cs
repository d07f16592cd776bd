using System.Globalization;
using System.Text.Json;
using HmsOps.PromQL;
using HmsOps.Series;

namespace HmsOps.App.Verbs.Query;

/// <summary>Answers read from the body that Prometheus' addresses answer with.</summary>
internal static class JsonAnswer
{
    // A plan is as deep as its expression, two levels a part.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1_000 };

    /// <summary>Reads one.</summary>
    /// <exception cref="InvalidDataException">It is no such body.</exception>
    public static Answer Read(string body) => Read(body, AnswerOf);

    /// <summary>Reads one, and what is explained in it.</summary>
    /// <exception cref="InvalidDataException">It is no such body.</exception>
    public static Answered Read(string body, Explained explained) => Read(body, root => new Answered(
        explained == Explained.Plan ? null : AnswerOf(root), () => body,
        explained == Explained.No ? null : PlanOf(root.GetProperty("data").GetProperty("explain"))));

    private static T Read<T>(string body, Func<JsonElement, T> read)
    {
        try
        {
            using var json = JsonDocument.Parse(body, Deep);
            return read(json.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"What answers is no hub, or a newer one: its answer is not of Prometheus' shape ({failure.Message})", failure);
        }
    }

    private static Answer AnswerOf(JsonElement root)
    {
        var data = root.GetProperty("data");
        var result = data.GetProperty("result");
        IReadOnlyList<string> notes = [.. Texts(root, "warnings"), .. Texts(root, "infos")];
        return data.GetProperty("resultType").GetString() switch
        {
            "string" => new Answer(AnswerKind.Text, [], result[1].GetString() ?? "", notes),
            "scalar" => new Answer(AnswerKind.Scalar, [new AnswerSeries(Labels.Empty, [Float(result)])], "", notes),
            "vector" => new Answer(AnswerKind.Vector, [.. result.EnumerateArray().Select(Point)], "", notes),
            "matrix" => new Answer(AnswerKind.Matrix, [.. result.EnumerateArray().Select(Column)], "", notes),
            var other => throw new InvalidDataException($"What answers is no hub, or a newer one: an answer of the type '{other}' is not known here."),
        };
    }

    private static PromPlan PlanOf(JsonElement part) => new(
        part.GetProperty("expr").GetString() ?? "", part.GetProperty("how").GetString() ?? "",
        part.TryGetProperty("seconds", out var seconds) ? CostOf(part, TimeSpan.FromSeconds(seconds.GetDouble())) : null,
        [.. part.GetProperty("parts").EnumerateArray().Select(PlanOf)]);

    private static PlanCost CostOf(JsonElement part, TimeSpan took) => new(
        took, part.GetProperty("series").GetInt32(), part.GetProperty("samples").GetInt64(), part.GetProperty("points").GetInt64(), part.GetProperty("reused").GetBoolean());

    private static IEnumerable<string> Texts(JsonElement root, string name) =>
        root.TryGetProperty(name, out var texts) ? [.. texts.EnumerateArray().Select(text => text.GetString() ?? "")] : [];

    private static AnswerSeries Point(JsonElement series) => new(
        LabelsOf(series), [series.TryGetProperty("histogram", out var histogram) ? Histogram(histogram) : Float(series.GetProperty("value"))]);

    private static AnswerSeries Column(JsonElement series)
    {
        var samples = new List<AnswerSample>();
        if (series.TryGetProperty("values", out var values))
            samples.AddRange(values.EnumerateArray().Select(Float));
        if (series.TryGetProperty("histograms", out var histograms))
        {
            samples.AddRange(histograms.EnumerateArray().Select(Histogram));
            samples.Sort(static (a, b) => a.At.CompareTo(b.At));
        }
        return new AnswerSeries(LabelsOf(series), samples);
    }

    private static Labels LabelsOf(JsonElement series)
    {
        var labels = new LabelsBuilder();
        foreach (var label in series.GetProperty("metric").EnumerateObject())
            labels.Set(label.Name, label.Value.GetString() ?? "");
        return labels.Build();
    }

    private static AnswerSample Float(JsonElement sample) => new(TimeOf(sample[0]), Number(sample[1]), null);

    private static AnswerSample Histogram(JsonElement sample)
    {
        var histogram = sample[1];
        IReadOnlyList<AnswerBucket> buckets = histogram.TryGetProperty("buckets", out var listed)
            ? [.. listed.EnumerateArray().Select(bucket => new AnswerBucket(Number(bucket[1]), Number(bucket[2]), Number(bucket[3])))]
            : [];
        return new AnswerSample(TimeOf(sample[0]), 0, new AnswerHistogram(Number(histogram.GetProperty("count")), Number(histogram.GetProperty("sum")), buckets));
    }

    // Seconds with a fraction; exact as decimals.
    private static long TimeOf(JsonElement seconds) => (long)decimal.Round(seconds.GetDecimal() * 1_000);

    private static double Number(JsonElement text) => text.GetString() switch
    {
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        var digits => double.Parse(digits ?? "", NumberStyles.Float, CultureInfo.InvariantCulture),
    };
}
