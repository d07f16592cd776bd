using System.Numerics;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>What one series has at the steps of a query: a cell a step, present or not. Presence is a bitmap, so NaN stays a value.</summary>
internal class Cells(int steps)
{
    private readonly ulong[] _present = new ulong[(steps + 63) / 64];

    /// <summary>Numbers, one a step; meaningless where the step is absent or a histogram.</summary>
    public double[] Values { get; } = new double[steps];

    /// <summary>Histograms, one a step; null while the column holds none.</summary>
    public NativeHistogram?[]? Histograms { get; private set; }

    public int Steps => Values.Length;

    public bool IsEmpty => !_present.AsSpan().ContainsAnyExcept(0UL);

    public bool Has(int step) => (_present[step >> 6] >> step & 1) != 0;

    public bool HasNumber(int step) => Has(step) && HistogramAt(step) is null;

    public NativeHistogram? HistogramAt(int step) => Histograms?[step];

    public void Set(int step, double value)
    {
        _present[step >> 6] |= 1UL << step;
        Values[step] = value;
    }

    public virtual void Set(int step, NativeHistogram histogram) => Share(step, histogram);

    private void Share(int step, NativeHistogram histogram)
    {
        _present[step >> 6] |= 1UL << step;
        (Histograms ??= new NativeHistogram?[Steps])[step] = histogram;
    }

    /// <summary>Takes over one cell of another series.</summary>
    public void Copy(Cells from, int step)
    {
        if (from.HistogramAt(step) is { } histogram)
            Share(step, histogram);
        else
            Set(step, from.Values[step]);
    }

    /// <summary>The first step both hold, or -1.</summary>
    public int FirstStepShared(Cells other)
    {
        for (var word = 0; word < _present.Length; word++)
        {
            var shared = _present[word] & other._present[word];
            if (shared != 0)
                return word * 64 + BitOperations.TrailingZeroCount(shared);
        }
        return -1;
    }

    /// <summary>How many are present.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            foreach (var word in _present)
                count += BitOperations.PopCount(word);
            return count;
        }
    }

    /// <summary>Leaves none present.</summary>
    public void Clear()
    {
        _present.AsSpan().Clear();
        Histograms = null;
    }
}

/// <summary>
/// One series of an intermediate result. Filled by the one that makes it, and not written after that: columns are shared between results.
/// </summary>
internal sealed class Column(QueryContext query, SourceRange at, Labels labels, bool dropsName, int steps) : Cells(steps)
{
    public Labels Labels { get; } = labels;

    /// <summary>
    /// The name goes when the whole expression is done, not before: so a later step can still see it, and series of several names only
    /// collide if they are alike in the answer.
    /// </summary>
    public bool DropsName { get; } = dropsName;

    /// <summary>A histogram of its own, which is paid for; one that is copied was.</summary>
    public override void Set(int step, NativeHistogram histogram)
    {
        if (step == 0 || !ReferenceEquals(HistogramAt(step - 1), histogram))
            query.HoldBytes(Weights.Of(histogram), at);
        base.Set(step, histogram);
    }

    public PromSeries ToSeries(TimeGrid grid)
    {
        var count = Count;
        var times = new long[count];
        var values = new double[count];
        var histograms = Histograms is null ? null : new NativeHistogram?[count];
        for (int step = 0, next = 0; step < Steps; step++)
        {
            if (!Has(step))
                continue;
            times[next] = grid[step];
            if (HistogramAt(step) is { } histogram)
                histograms![next] = histogram; // it came from Histograms, so there are some
            else
                values[next] = Values[step];
            next++;
        }
        return new PromSeries(Labels, times, values, histograms);
    }
}
