using HmsOps.Series;

namespace HmsOps.Tsdb.Head;

/// <summary>The newest samples of a series while they are histograms: a few objects, as they came, until they are sealed.</summary>
internal sealed class HistogramTail
{
    /// <summary>Few, because a histogram may have thousands of buckets and is small only once it is encoded beside its neighbours.</summary>
    public const int SamplesMax = 8;

    public long[] Times { get; } = new long[SamplesMax];

    public NativeHistogram[] Samples { get; } = new NativeHistogram[SamplesMax];

    public int Count { get; private set; }

    /// <summary>What they weigh: one that is there twice is one object.</summary>
    public int Weight { get; private set; }

    /// <summary>Adds a sample; answers what it weighs.</summary>
    public int Add(long time, NativeHistogram histogram, int weight)
    {
        (Times[Count], Samples[Count]) = (time, histogram);
        Count++;
        Weight += weight;
        return weight;
    }

    /// <summary>Takes over samples that weigh so much in all.</summary>
    public void Restore(ReadOnlySpan<long> times, ReadOnlySpan<NativeHistogram> samples, int weight)
    {
        times.CopyTo(Times);
        samples.CopyTo(Samples);
        (Count, Weight) = (times.Length, weight);
    }

    /// <summary>The same samples, in a tail of its own.</summary>
    public HistogramTail Copy()
    {
        var copy = new HistogramTail();
        copy.Restore(Times.AsSpan(0, Count), Samples.AsSpan(0, Count), Weight);
        return copy;
    }

    public void Clear()
    {
        Array.Clear(Samples, 0, Count);
        (Count, Weight) = (0, 0);
    }

    /// <summary>What a histogram weighs, 16 bytes to the unit.</summary>
    public static int WeightOf(NativeHistogram histogram) => 8 + histogram.Positive.Count + histogram.Negative.Count;
}

/// <summary>A digest of a histogram, to tell a sample that came twice from another one at its time.</summary>
internal static class HistogramDigest
{
    public static long Of(NativeHistogram histogram)
    {
        var digest = Mix(14695981039346656037UL, (ulong)histogram.Schema);
        digest = Mix(digest, (ulong)histogram.Reset | (histogram.IsFloat ? 256UL : 0));
        digest = Mix(digest, BitConverter.DoubleToUInt64Bits(histogram.ZeroThreshold));
        digest = Mix(digest, BitConverter.DoubleToUInt64Bits(histogram.ZeroCount));
        digest = Mix(digest, BitConverter.DoubleToUInt64Bits(histogram.Count));
        digest = Mix(digest, BitConverter.DoubleToUInt64Bits(histogram.Sum));
        digest = Mix(Mix(digest, histogram.Positive), histogram.Negative);
        foreach (var bound in histogram.Bounds)
            digest = Mix(digest, BitConverter.DoubleToUInt64Bits(bound));
        return (long)digest;
    }

    private static ulong Mix(ulong digest, IReadOnlyList<HistogramBucket> buckets)
    {
        digest = Mix(digest, (ulong)buckets.Count);
        foreach (var bucket in buckets)
            digest = Mix(Mix(digest, (ulong)bucket.Index), BitConverter.DoubleToUInt64Bits(bucket.Count));
        return digest;
    }

    private static ulong Mix(ulong digest, ulong word)
    {
        var high = Math.BigMul(digest ^ word, 0x9e3779b97f4a7c15, out var low);
        return high ^ low ^ word;
    }
}
