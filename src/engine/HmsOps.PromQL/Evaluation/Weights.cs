using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// Bytes that things take in memory, to be paid for before they are made. About right, and rather too much: objects' heads and the hash tables that point at them are
/// in the numbers.
/// </summary>
internal static class Weights
{
    /// <summary>A point of an answer for one time, without its labels.</summary>
    public const long Point = 80;

    /// <summary>A series of an intermediate result, besides its cells and its labels.</summary>
    private const long Column = 320;

    private const long Series = 160;
    private const long Text = 96;
    private const long Histogram = 144;
    private const long Bucket = 16;

    /// <summary>A series of an intermediate result.</summary>
    public static long OfColumn(int steps, Labels labels) => Column + labels.Bytes.Length + ((long)steps * sizeof(double)) + (steps / 8);

    /// <summary>A series of an answer: times and values.</summary>
    public static long OfSeries(int points) => Series + ((long)points * (sizeof(long) + sizeof(double)));

    /// <summary>A text by which something is found again.</summary>
    public static long OfText(string text) => Text + (sizeof(char) * (long)text.Length);

    /// <summary>A histogram.</summary>
    public static long Of(NativeHistogram histogram) => Histogram + (Bucket * (histogram.Positive.Count + histogram.Negative.Count)); // bounds are shared by all of a series
}
