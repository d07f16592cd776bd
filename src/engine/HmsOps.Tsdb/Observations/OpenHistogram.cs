using HmsOps.Series;

namespace HmsOps.Tsdb.Observations;

/// <summary>
/// The cumulative histogram of one observed series while observations are folded into it: what it counts never goes down. When more buckets
/// are in use than allowed, neighbours are merged in pairs and the resolution halves, which keeps every count exact.
/// Owned by the holder of the store's turn.
/// </summary>
internal sealed class OpenHistogram(int schema, int bucketsMax)
{
    private readonly SortedList<int, double> _positive = [];
    private readonly SortedList<int, double> _negative = [];

    public int Schema { get; private set; } = schema;

    public double ZeroCount { get; private set; }

    public double Count { get; private set; }

    public double Sum { get; private set; }

    /// <summary>The second of the newest observation, its first millisecond; 0 before the first.</summary>
    public long LastObserved { get; set; }

    /// <summary>Time of the newest sample made of it; null before the first. Outlives the sample itself.</summary>
    public long? LastSample { get; set; }

    /// <summary>Something was folded in since the last sample was made.</summary>
    public bool IsChanged { get; set; }

    public SortedList<int, double> Positive => _positive;

    public SortedList<int, double> Negative => _negative;

    public void Observe(double value)
    {
        Count++;
        Sum += value;
        if (value == 0)
        {
            ZeroCount++;
            return;
        }
        var side = value > 0 ? _positive : _negative;
        Add(side, NativeHistogram.IndexOf(Schema, Math.Abs(value)), 1);
        while (_positive.Count + _negative.Count > bucketsMax && Schema > NativeHistogram.SchemaMin)
            Halve();
    }

    /// <summary>The histogram as a sample; later observations do not change it.</summary>
    public NativeHistogram Snapshot() => new()
    {
        Schema = Schema,
        ZeroThreshold = 0,
        ZeroCount = ZeroCount,
        Count = Count,
        Sum = Sum,
        Positive = Buckets(_positive),
        Negative = Buckets(_negative),
    };

    /// <summary>Takes over a state the log declared, in place of what was folded so far.</summary>
    public void Restore(int schema, double zeroCount, double count, double sum)
    {
        (Schema, ZeroCount, Count, Sum) = (schema, zeroCount, count, sum);
        _positive.Clear();
        _negative.Clear();
    }

    /// <summary>One bucket of a state the log declared.</summary>
    public void RestoreBucket(bool positive, int index, double count) => Add(positive ? _positive : _negative, index, count);

    private void Halve()
    {
        Schema--;
        Halve(_positive);
        Halve(_negative);
    }

    // Bucket i of the finer schema spans (b^(i-1), b^i]; two of them make bucket ⌈i/2⌉ of the coarser one. Shifting rounds towards
    // minus infinity, so this holds for negative indexes too.
    private static void Halve(SortedList<int, double> side)
    {
        var fine = side.ToArray();
        side.Clear();
        foreach (var (index, count) in fine)
            Add(side, (index + 1) >> 1, count);
    }

    private static void Add(SortedList<int, double> side, int index, double count)
    {
        side.TryGetValue(index, out var before);
        side[index] = before + count;
    }

    private static HistogramBucket[] Buckets(SortedList<int, double> side)
    {
        if (side.Count == 0)
            return [];
        var buckets = new HistogramBucket[side.Count];
        for (var i = 0; i < buckets.Length; i++)
            buckets[i] = new HistogramBucket(side.GetKeyAtIndex(i), side.GetValueAtIndex(i));
        return buckets;
    }
}
