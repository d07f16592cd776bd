using HmsOps.PromQL.Evaluation;
using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>How far the observations of a native histogram spread, as if each lay in the middle of its bucket.</summary>
internal static class HistogramMoments
{
    public static double Variance(NativeHistogram histogram)
    {
        var mean = histogram.Sum / histogram.Count;
        var squares = default(CompensatedSum);
        foreach (var part in HistogramBuckets.InOrder(histogram))
        {
            var delta = Middle(part, HistogramBounds.HasOwn(histogram)) - mean;
            squares.Add(part.Count * delta * delta);
        }
        return squares.Total / histogram.Count;
    }

    private static double Middle(HistogramPart part, bool hasOwnBounds)
    {
        if (hasOwnBounds)
            return (part.Upper + part.Lower) / 2;
        if (part.IsAroundZero)
            return 0;
        var middle = Math.Sqrt(part.Upper * part.Lower);
        return part.Upper < 0 ? -middle : middle;
    }
}
