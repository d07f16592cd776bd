using System.Globalization;
using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Exposition;

/// <summary>Writes down what a reader found, a line each.</summary>
internal static class Readings
{
    public static string Of(string body, ExpositionFormat format) => Of(Encoding.UTF8.GetBytes(body), format);

    public static string Of(ReadOnlySpan<byte> body, ExpositionFormat format, bool classicToo = false)
    {
        var lines = new List<string>();
        var taker = new Taker(lines);
        var flaw = format == ExpositionFormat.Protobuf
            ? ProtobufExposition<Taker>.Read(body, classicToo, taker)
            : TextExposition<Taker>.Read(body, format == ExpositionFormat.OpenMetrics, 1 << 20, taker);
        if (flaw is not null)
            lines.Add($"! {flaw}");
        return string.Join('\n', lines);
    }

    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private readonly struct Taker(List<string> lines) : IExpositionTaker
    {
        public TakeFault? Sample(in SeriesKey key, double value, long? time, long start)
        {
            var labels = new LabelDraft();
            if (SeriesText.Read(key, labels) is { } fault)
                return fault;
            lines.Add($"{labels.Build()} {Text(value)}{(time is null ? "" : $" @{time}")}{(start == 0 ? "" : $" since {start}")}");
            return null;
        }

        public TakeFault? Histogram(in SeriesKey key, NativeHistogram histogram, long? time, long start)
        {
            var labels = new LabelDraft();
            if (SeriesText.Read(key, labels) is { } fault)
                return fault;
            lines.Add($"{labels.Build()} {{schema {histogram.Schema}, count {Text(histogram.Count)}, sum {Text(histogram.Sum)}, zero {Text(histogram.ZeroCount)}±{Text(histogram.ZeroThreshold)}, " +
                $"+[{string.Join(' ', histogram.Positive.Select(b => $"{b.Index}:{Text(b.Count)}"))}] -[{string.Join(' ', histogram.Negative.Select(b => $"{b.Index}:{Text(b.Count)}"))}]" +
                $"{(histogram.IsFloat ? " float" : "")}{(histogram.IsGauge ? " gauge" : "")}}}{(time is null ? "" : $" @{time}")}{(start == 0 ? "" : $" since {start}")}");
            return null;
        }

        public void Exemplar(Labels labels, double value, long? time) => lines.Add($"  # {labels} {Text(value)}{(time is null ? "" : $" @{time}")}");

        public void Describe(ReadOnlySpan<byte> family, FamilyWord word, ReadOnlySpan<byte> text, bool isEscaped) =>
            lines.Add($"{Encoding.UTF8.GetString(family)} {word}: {(isEscaped ? SeriesText.Unescape(text) : Encoding.UTF8.GetString(text))}");
    }
}
