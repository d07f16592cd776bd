using HmsOps.Series;

namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// What the histograms of one chunk have in common (schema, zero threshold, bounds, whether their counts are floats) and the union of their
/// buckets, ascending, in which each has its place.
/// </summary>
internal sealed class HistogramLayout
{
    /// <summary>
    /// The most places times samples of a chunk, unless it is of a single histogram. A place that is the same in every sample takes two bytes of the chunk,
    /// and the histograms made of it 16 for each sample: this is the bound on what a few bytes can ask for.
    /// </summary>
    public const int CellsMax = 1 << 20;

    readonly NativeHistogram _first;
    List<int> _positive = [];
    List<int> _negative = [];
    List<int> _spare = [];

    HistogramLayout(NativeHistogram first) => _first = first;

    public IReadOnlyList<int> Positive => _positive;

    public IReadOnlyList<int> Negative => _negative;

    /// <summary>The layout of as many of the samples, from the first, as share one; at least one.</summary>
    public static HistogramLayout Of(ReadOnlySpan<NativeHistogram> samples, out int fitting)
    {
        var layout = new HistogramLayout(samples[0]);
        fitting = 0;
        while (fitting < samples.Length && fitting < ValueChunk.SamplesMax && layout.TryAdd(samples[fitting], fitting + 1))
            fitting++;
        return layout;
    }

    bool TryAdd(NativeHistogram sample, int samples)
    {
        if (!IsAlike(sample))
            return false;
        var missing = Missing(_positive, sample.Positive) + Missing(_negative, sample.Negative);
        if (samples > 1 && (long)(_positive.Count + _negative.Count + missing) * samples > CellsMax)
            return false;
        if (missing > 0)
        {
            Unite(ref _positive, sample.Positive);
            Unite(ref _negative, sample.Negative);
        }
        return true;
    }

    bool IsAlike(NativeHistogram sample) =>
        ReferenceEquals(sample, _first)
        || (sample.Schema == _first.Schema
            && sample.IsFloat == _first.IsFloat
            && SameBits(sample.ZeroThreshold, _first.ZeroThreshold)
            && SameBounds(sample.Bounds, _first.Bounds));

    static bool SameBounds(IReadOnlyList<double> one, IReadOnlyList<double> other)
    {
        if (ReferenceEquals(one, other))
            return true;
        if (one.Count != other.Count)
            return false;
        for (var i = 0; i < one.Count; i++)
        {
            if (!SameBits(one[i], other[i]))
                return false;
        }
        return true;
    }

    static bool SameBits(double one, double other) => BitConverter.DoubleToInt64Bits(one) == BitConverter.DoubleToInt64Bits(other);

    static int Missing(List<int> places, IReadOnlyList<HistogramBucket> buckets)
    {
        var missing = 0;
        var at = 0;
        for (var i = 0; i < buckets.Count; i++)
        {
            var index = buckets[i].Index;
            if (i > 0 && index <= buckets[i - 1].Index)
                throw new ArgumentException($"A histogram's buckets do not ascend: {index} comes after {buckets[i - 1].Index}.", nameof(buckets));
            while (at < places.Count && places[at] < index)
                at++;
            if (at == places.Count || places[at] != index)
                missing++;
        }
        return missing;
    }

    void Unite(ref List<int> places, IReadOnlyList<HistogramBucket> buckets)
    {
        _spare.Clear();
        var at = 0;
        for (var i = 0; i < buckets.Count; i++)
        {
            while (at < places.Count && places[at] < buckets[i].Index)
                _spare.Add(places[at++]);
            if (at < places.Count && places[at] == buckets[i].Index)
                at++;
            _spare.Add(buckets[i].Index);
        }
        while (at < places.Count)
            _spare.Add(places[at++]);
        (places, _spare) = (_spare, places);
    }
}
