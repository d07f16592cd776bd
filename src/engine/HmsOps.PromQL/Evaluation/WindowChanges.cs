using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// <c>changes</c> and <c>resets</c>: how many samples of a window differ from the one before, or begin anew. Whether one does is asked once a series; windows
/// then count. Anchored, a window begins with the last sample before it, if that is not older than the look-back.
/// </summary>
internal sealed class WindowChanges(bool onlyResets, long anchorMs) : WindowFunction
{
    private int[] _before = []; // of each sample, how many of those up to it do; and 0 in front

    public override void Slide(TimeGrid grid, long offset, long range, SeriesView samples, Cells into)
    {
        if (_before.Length < samples.Times.Length)
            _before = new int[Math.Max(samples.Times.Length, _before.Length * 2)];
        for (var i = 0; i < samples.Times.Length; i++)
            _before[i] = i == 0 ? 0 : _before[i - 1] + (Counts(samples, i) ? 1 : 0);
        base.Slide(grid, offset, range + anchorMs, samples, into);
    }

    protected override void Fold(SampleWindow window, int step, Cells into)
    {
        var first = window.First;
        if (anchorMs > 0)
        {
            var inside = WindowEdges.FirstAfter(window.Times, window.From + anchorMs);
            if (inside == window.Count)
                return; // nothing but what lies before
            first += Math.Max(0, inside - 1);
        }
        into.Set(step, _before[window.End - 1] - _before[first]);
    }

    private bool Counts(SeriesView samples, int at) => (Samples.Histogram(samples, at - 1), Samples.Histogram(samples, at)) switch
    {
        (null, null) when onlyResets => samples.Values[at] < samples.Values[at - 1] || Samples.BeginsAnew(samples, at),
        (null, null) => !samples.Values[at].Equals(samples.Values[at - 1]) && samples.Values[at] != samples.Values[at - 1], // NaN is like NaN, and 0 like -0
        ({ } before, { } now) => onlyResets ? Samples.BeginsAnew(samples, at) || CounterReset.IsBetween(before, now) : !HistogramScale.AreEqual(before, now),
        _ => true,
    };
}
