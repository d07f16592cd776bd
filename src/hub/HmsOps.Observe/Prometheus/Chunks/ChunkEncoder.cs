using HmsOps.Series;

namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>Cuts the samples of a series into chunks as Prometheus would. Used again from chunk to chunk; one owner.</summary>
public sealed class ChunkEncoder
{
    /// <summary>Samples of one chunk, as Prometheus cuts them.</summary>
    public const int SamplesMax = 120;

    private readonly BitWriter _bits = new();
    private readonly SortedSet<int> _positive = [];
    private readonly SortedSet<int> _negative = [];

    /// <summary>How the chunk just written is encoded.</summary>
    public ChunkEncoding Encoding { get; private set; }

    /// <summary>Writes the chunk that begins with a sample, and answers which sample is not in it any more. The bytes are good until the next one.</summary>
    public int Encode(in SeriesView series, int from, out ReadOnlySpan<byte> data)
    {
        var histograms = series.Histograms;
        var most = Math.Min(series.Times.Length, from + SamplesMax);
        int to;
        if (histograms.IsEmpty || histograms[from] is not { } first)
        {
            to = from + 1;
            while (to < most && (histograms.IsEmpty || histograms[to] is null))
                to++;
            Encoding = ChunkEncoding.Xor;
            data = XorChunk.Encode(_bits, series.Times[from..to], series.Values[from..to]);
            return to;
        }
        to = from + 1;
        Begin(first);
        while (to < most && histograms[to] is { } next && GoesOn(histograms[to - 1]!, next)) // not null: it went on to there
        {
            Add(next);
            to++;
        }
        Encoding = first.IsFloat ? ChunkEncoding.FloatHistogram : ChunkEncoding.Histogram;
        data = HistogramChunk.Encode(_bits, LayoutOf(first), series.Times[from..to], histograms[from..to]);
        return to;
    }

    private void Begin(NativeHistogram first)
    {
        _positive.Clear();
        _negative.Clear();
        Add(first);
    }

    private void Add(NativeHistogram histogram)
    {
        foreach (var bucket in histogram.Positive)
            _positive.Add(bucket.Index);
        foreach (var bucket in histogram.Negative)
            _negative.Add(bucket.Index);
    }

    // A marker at the very beginning needs no layout; one behind others takes theirs.
    private HistogramLayout LayoutOf(NativeHistogram first) => new()
    {
        Schema = first.Schema,
        ZeroThreshold = first.ZeroThreshold,
        Bounds = first.Bounds,
        Positive = [.. _positive],
        Negative = [.. _negative],
    };

    /// <summary>
    /// True when a histogram may stand in the same chunk as the one before it. Whoever reads a chunk takes it that within it nothing is reset, so a count that goes
    /// down begins another one; so does whatever follows a stale marker.
    /// </summary>
    private static bool GoesOn(NativeHistogram before, NativeHistogram next)
    {
        if (before.IsFloat != next.IsFloat || StaleMarker.Is(before.Sum))
            return false;
        if (StaleMarker.Is(next.Sum))
            return true;
        if (before.IsGauge != next.IsGauge || before.Schema != next.Schema || !before.ZeroThreshold.Equals(next.ZeroThreshold) || !before.Bounds.SequenceEqual(next.Bounds))
            return false;
        return next.IsGauge
            || (next.Reset != CounterResetHint.Reset && next.Count >= before.Count && next.ZeroCount >= before.ZeroCount
                && Grew(before.Positive, next.Positive) && Grew(before.Negative, next.Negative));
    }

    private static bool Grew(IReadOnlyList<HistogramBucket> before, IReadOnlyList<HistogramBucket> next)
    {
        var at = 0;
        for (var i = 0; i < before.Count; i++)
        {
            while (at < next.Count && next[at].Index < before[i].Index)
                at++;
            if (at == next.Count || next[at].Index != before[i].Index || next[at].Count < before[i].Count)
                return false;
        }
        return true;
    }
}
