using System.Text;
using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>A native histogram in words: <c>{count:4, sum:2.5, (0.5,1]:3, (1,2]:1}</c>, as <c>count_values</c> makes a label of it.</summary>
internal static class HistogramText
{
    public static string Of(NativeHistogram histogram)
    {
        var text = new StringBuilder($"{{count:{NumberText.Short(histogram.Count)}, sum:{NumberText.Short(histogram.Sum)}");
        for (var i = histogram.Negative.Count - 1; i >= 0; i--)
            Append(text, '[', HistogramBuckets.Negative(histogram, histogram.Negative[i]), ')');
        Append(text, '[', HistogramBuckets.Zero(histogram), ']');
        foreach (var bucket in histogram.Positive)
            Append(text, '(', HistogramBuckets.Positive(histogram, bucket), ']');
        return text.Append('}').ToString();
    }

    private static void Append(StringBuilder text, char open, HistogramPart part, char close)
    {
        if (part.Count != 0)
            text.Append(", ").Append(open).Append(NumberText.Short(part.Lower)).Append(',').Append(NumberText.Short(part.Upper)).Append(close).Append(':').Append(NumberText.Short(part.Count));
    }
}
