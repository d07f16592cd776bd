using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>irate</c> and <c>idelta</c>: what the two newest samples of a window say. A counter that began anew says its value.</summary>
internal sealed class NewestTwo(Notes notes, SourceRange at, bool isRate) : WindowFunction
{
    protected override void Fold(SampleWindow window, int step, Cells into)
    {
        if (window.Count < 2)
            return;
        var seconds = (window.Times[^1] - window.Times[^2]) / 1000.0;
        var (older, newer) = window.Histograms.IsEmpty ? (null, null) : (window.Histograms[^2], window.Histograms[^1]);
        switch (older, newer)
        {
            case (null, null):
                var isReset = isRate && (window.Values[^1] < window.Values[^2] || Samples.BeginsAnew(window.Series, window.End - 1));
                var difference = isReset ? window.Values[^1] : window.Values[^1] - window.Values[^2];
                into.Set(step, isRate ? difference / seconds : difference);
                break;
            case ({ } before, { } now):
                if (Difference(window, before, now) is { } histogram)
                    into.Set(step, isRate ? HistogramScale.Over(histogram, seconds) : histogram);
                break;
            default:
                notes.MixedSamples(at, window.Name);
                break;
        }
    }

    private NativeHistogram? Difference(in SampleWindow window, NativeHistogram before, NativeHistogram now)
    {
        var name = LabelNames.Quote(window.Name);
        if (isRate && (before.IsGauge || now.IsGauge))
            notes.Warn(at, $"this native histogram metric is not a counter: {name}");
        if (!isRate && !(before.IsGauge && now.IsGauge))
            notes.Warn(at, $"this native histogram metric is not a gauge: {name}");
        var sum = HistogramSum.Of(now);
        if (!isRate || !(Samples.BeginsAnew(window.Series, window.End - 1) || CounterReset.IsBetween(before, now)))
            sum.Subtract(before);
        return notes.Settle(sum, at, window.Name, "subtraction", knowsResets: true) ? sum.ToGauge() : null;
    }
}
