using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using HmsOps.PromQL;
using HmsOps.Series;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>Answers in Prometheus' own shape: <c>{"status":"success","data":{"resultType":…,"result":…}}</c>, and its errors.</summary>
public static class PromAnswer
{
    /// <summary>What is said of an answer that is not whole.</summary>
    public const string Truncated = "results truncated due to limit";

    // Only what JSON asks for is escaped, so that + and ' stand there as Prometheus writes them: an answer is application/json, and no browser takes it for a page (nosniff).
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What every answer is written by.</summary>
    public static Utf8JsonWriter Writer(IBufferWriter<byte> body) => new(body, Plain);

    /// <summary>Any data, written by the caller.</summary>
    public static void WriteData(Utf8JsonWriter json, Action<Utf8JsonWriter> data)
    {
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WritePropertyName("data");
        data(json);
        json.WriteEndObject();
    }

    /// <summary>A text, which an expression can be too.</summary>
    public static void Write(Utf8JsonWriter json, string text, long at, AnswerForm form)
    {
        Begin(json);
        json.WriteString("resultType", "string");
        json.WriteStartArray("result");
        WriteTime(json, at);
        json.WriteStringValue(text);
        json.WriteEndArray();
        End(json, [], form);
    }

    /// <summary>What an expression says at one time, a series a piece.</summary>
    public static IEnumerable<bool> Write(Utf8JsonWriter json, PromVector vector, long at, AnswerForm form)
    {
        Begin(json);
        if (vector.Type == PromType.Scalar)
        {
            json.WriteString("resultType", "scalar");
            json.WritePropertyName("result");
            WriteSample(json, at, vector.Points.Count > 0 ? vector.Points[0].Value : double.NaN);
        }
        else
        {
            json.WriteString("resultType", "vector");
            json.WriteStartArray("result");
            foreach (var point in vector.Points.Take(form.Limit))
            {
                Write(json, point);
                yield return true;
            }
            json.WriteEndArray();
        }
        End(json, vector.Annotations, form with { IsTruncated = vector.Points.Count > form.Limit }, vector.Usage);
    }

    /// <summary>What an expression says over a range of times, or the samples of a range vector, a series a piece.</summary>
    public static IEnumerable<bool> Write(Utf8JsonWriter json, PromMatrix matrix, AnswerForm form)
    {
        Begin(json);
        json.WriteString("resultType", "matrix");
        json.WriteStartArray("result");
        foreach (var series in matrix.Series.Take(form.Limit))
        {
            json.WriteStartObject();
            json.WritePropertyName("metric");
            WriteLabels(json, series.Labels);
            WriteColumn(json, series, histograms: false);
            WriteColumn(json, series, histograms: true);
            json.WriteEndObject();
            yield return true;
        }
        json.WriteEndArray();
        End(json, matrix.Annotations, form with { IsTruncated = matrix.Series.Count > form.Limit }, matrix.Usage);
    }

    private static void Write(Utf8JsonWriter json, PromPoint point)
    {
        json.WriteStartObject();
        json.WritePropertyName("metric");
        WriteLabels(json, point.Labels);
        json.WritePropertyName(point.Histogram is null ? "value" : "histogram");
        if (point.Histogram is { } histogram)
            WriteSample(json, point.Time, histogram);
        else
            WriteSample(json, point.Time, point.Value);
        json.WriteEndObject();
    }

    /// <summary>A list of label sets or of names, written by the caller, and what the asker should know of it.</summary>
    public static void WriteList(Utf8JsonWriter json, Action<Utf8JsonWriter> items, IReadOnlyList<string> warnings)
    {
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WriteStartArray("data");
        items(json);
        json.WriteEndArray();
        WriteTexts(json, "warnings", warnings);
        json.WriteEndObject();
    }

    /// <summary>A label set as an object.</summary>
    public static void WriteLabels(Utf8JsonWriter json, Labels labels)
    {
        json.WriteStartObject();
        foreach (var label in labels)
            json.WriteString(label.Name, label.Value);
        json.WriteEndObject();
    }

    public static void WriteError(Utf8JsonWriter json, string errorType, string error)
    {
        json.WriteStartObject();
        json.WriteString("status", "error");
        json.WriteString("errorType", errorType);
        json.WriteString("error", error);
        json.WriteEndObject();
    }

    private static void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WriteStartObject("data");
    }

    /// <summary>What the asker should know: infos and warnings apart, as their wording says.</summary>
    private static void End(Utf8JsonWriter json, IReadOnlyList<string> annotations, AnswerForm form, PromUsage usage = default)
    {
        if (form.Took is { } took)
            WriteStats(json, took, usage);
        if (form.Plan is { } plan)
        {
            json.WritePropertyName("explain");
            Write(json, plan);
        }
        json.WriteEndObject();
        WriteTexts(json, "warnings", [.. annotations.Where(a => !IsInfo(a)), .. form.IsTruncated ? [Truncated] : Array.Empty<string>(), .. form.Warning is { } said ? [said] : Array.Empty<string>()]);
        WriteTexts(json, "infos", [.. annotations.Where(IsInfo)]);
        json.WriteEndObject();
    }

    /// <summary>How an expression would be worked out.</summary>
    public static void WritePlan(Utf8JsonWriter json, PromPlan plan) => WriteData(json, data =>
    {
        data.WriteStartObject();
        data.WritePropertyName("explain");
        Write(data, plan);
        data.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, PromPlan plan)
    {
        json.WriteStartObject();
        json.WriteString("expr", plan.Text);
        json.WriteString("how", plan.How);
        if (plan.Cost is { } cost)
        {
            json.WriteNumber("seconds", cost.Took.TotalSeconds);
            json.WriteNumber("series", cost.Series);
            json.WriteNumber("samples", cost.Samples);
            json.WriteNumber("points", cost.Points);
            json.WriteBoolean("reused", cost.IsReused);
        }
        json.WriteStartArray("parts");
        foreach (var part in plan.Parts)
            Write(json, part);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    // Everything is one evaluation here: preparing is no part of its own. A sample is read once, for however many steps it counts.
    private static void WriteStats(Utf8JsonWriter json, TimeSpan took, PromUsage usage)
    {
        json.WriteStartObject("stats");
        json.WriteStartObject("timings");
        json.WriteNumber("evalTotalTime", took.TotalSeconds);
        foreach (var name in (ReadOnlySpan<string>)["resultSortTime", "queryPreparationTime", "innerEvalTime", "execQueueTime"])
            json.WriteNumber(name, 0);
        json.WriteNumber("execTotalTime", took.TotalSeconds);
        json.WriteEndObject();
        json.WriteStartObject("samples");
        json.WriteNumber("totalQueryableSamples", usage.Samples);
        json.WriteNumber("samplesRead", usage.Samples);
        json.WriteNumber("peakSamples", usage.Points);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static bool IsInfo(string annotation) => annotation.StartsWith("PromQL info", StringComparison.Ordinal);

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void WriteColumn(Utf8JsonWriter json, PromSeries series, bool histograms)
    {
        var open = false;
        for (var i = 0; i < series.Times.Length; i++)
        {
            var histogram = series.Histograms?[i];
            if (histogram is not null != histograms)
                continue;
            if (!open)
                json.WriteStartArray(histograms ? "histograms" : "values");
            open = true;
            if (histogram is not null)
                WriteSample(json, series.Times[i], histogram);
            else
                WriteSample(json, series.Times[i], series.Values[i]);
        }
        if (open)
            json.WriteEndArray();
    }

    private static void WriteSample(Utf8JsonWriter json, long at, double value)
    {
        json.WriteStartArray();
        WriteTime(json, at);
        WriteNumber(json, value);
        json.WriteEndArray();
    }

    // Most times are whole seconds.
    private static void WriteTime(Utf8JsonWriter json, long at)
    {
        if (at % 1_000 == 0)
            json.WriteNumberValue(at / 1_000);
        else
            json.WriteNumberValue(PromTime.Seconds(at));
    }

    /// <summary>A number as answers have it, in quotes.</summary>
    public static void WriteNumber(Utf8JsonWriter json, double value)
    {
        Span<byte> text = stackalloc byte[NumberText.InAnswerBytesMax];
        json.WriteStringValue(text[..NumberText.InAnswer(value, text)]);
    }

    private static void WriteSample(Utf8JsonWriter json, long at, NativeHistogram histogram)
    {
        json.WriteStartArray();
        WriteTime(json, at);
        json.WriteStartObject();
        json.WritePropertyName("count");
        WriteNumber(json, histogram.Count);
        json.WritePropertyName("sum");
        WriteNumber(json, histogram.Sum);
        json.WriteStartArray("buckets");
        foreach (var bucket in histogram.Negative.Reverse())
            WriteBucket(json, 1, -histogram.Bound(bucket.Index), -histogram.Bound(bucket.Index - 1), bucket.Count);
        if (histogram.ZeroCount != 0)
            WriteBucket(json, 3, -histogram.ZeroThreshold, histogram.ZeroThreshold, histogram.ZeroCount);
        foreach (var bucket in histogram.Positive)
            WriteBucket(json, IsFirstOfOwn(histogram, bucket.Index) ? 3 : 0, histogram.Bound(bucket.Index - 1), histogram.Bound(bucket.Index), bucket.Count);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    // Of a histogram with bounds of its own the first bucket reaches down to minus infinity, and has that in it.
    private static bool IsFirstOfOwn(NativeHistogram histogram, int index) => histogram.Schema == NativeHistogram.CustomBounds && index == 0;

    /// <summary>Which sides belong to a bucket: 0 the right one, 1 the left one, 3 both.</summary>
    private static void WriteBucket(Utf8JsonWriter json, int sides, double lower, double upper, double count)
    {
        json.WriteStartArray();
        json.WriteNumberValue(sides);
        WriteNumber(json, lower);
        WriteNumber(json, upper);
        WriteNumber(json, count);
        json.WriteEndArray();
    }
}

/// <summary>How an answer in Prometheus' shape is wanted.</summary>
/// <param name="Limit">At most so many series.</param>
public readonly record struct AnswerForm(int Limit)
{
    /// <summary>How long it took, where the asker wants to know.</summary>
    public TimeSpan? Took { get; init; }

    /// <summary>There were more.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>How it was worked out, where the asker wants to know.</summary>
    public PromPlan? Plan { get; init; }

    /// <summary>What the asker should know of the question itself.</summary>
    public string? Warning { get; init; }
}
