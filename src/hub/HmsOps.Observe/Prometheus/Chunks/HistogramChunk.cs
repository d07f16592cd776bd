using System.Buffers.Binary;
using HmsOps.Series;

namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>
/// Prometheus' two chunks of native histograms. Both: the number of samples, a byte that says what the first is to the chunk before, the layout, the samples. With integer
/// counts a sample is times, counts and differences between neighbouring buckets, each as the difference to the difference before; with float counts every count is a
/// <see cref="XorStep"/>. A stale marker has no buckets. The facts are those of Prometheus' tsdb/docs/format/chunks.md.
/// </summary>
internal static class HistogramChunk
{
    private const int HeadBytes = sizeof(ushort) + 1;
    private const int FlagsAt = sizeof(ushort);
    private const double ExactIntegerMax = 1L << 53;

    /// <summary>Buckets of all histograms of a chunk: one on the wire is a bit, and held 16 bytes.</summary>
    private const int AllBucketsMax = 1_000_000;

    /// <summary>Writes histograms that fit the layout: none is null, and either all counts are integers or all are floats.</summary>
    public static ReadOnlySpan<byte> Encode(BitWriter into, HistogramLayout layout, ReadOnlySpan<long> times, ReadOnlySpan<NativeHistogram?> histograms)
    {
        if (times.Length > ushort.MaxValue)
            throw new ArgumentException($"A chunk has at most {ushort.MaxValue} samples.", nameof(times));
        var first = histograms[0]!; // as the summary says
        var head = into.Begin(HeadBytes);
        BinaryPrimitives.WriteUInt16BigEndian(head, (ushort)times.Length);
        head[FlagsAt] = (byte)(FlagsOf(first.Reset) << 6);
        layout.Write(into);
        if (first.IsFloat)
            WriteFloats(into, layout, times, histograms);
        else
            WriteIntegers(into, layout, times, histograms);
        return into.End();
    }

    /// <summary>Reads all samples into columns that hold as many as <see cref="XorChunk.Count"/> says.</summary>
    public static void Decode(ReadOnlySpan<byte> data, bool isFloat, Span<long> times, Span<NativeHistogram?> histograms)
    {
        var count = XorChunk.Count(data);
        if (data.Length < HeadBytes)
            throw new ChunkDamagedException("it is shorter than its head");
        if (count == 0)
            return;
        var hint = HintOf(data[FlagsAt] >> 6);
        var from = new BitReader(data, HeadBytes);
        var layout = HistogramLayout.Read(ref from);
        if ((long)layout.Buckets * count > AllBucketsMax)
            throw new ChunkDamagedException($"its {count:n0} histograms of {layout.Buckets:n0} buckets each are more than the {AllBucketsMax:n0} that are taken");
        if (isFloat)
            ReadFloats(ref from, layout, hint, times[..count], histograms);
        else
            ReadIntegers(ref from, layout, hint, times[..count], histograms);
    }

    private static int FlagsOf(CounterResetHint hint) => hint switch
    {
        CounterResetHint.Reset => 0b10,
        CounterResetHint.NoReset => 0b01,
        CounterResetHint.Gauge => 0b11,
        _ => 0b00,
    };

    private static CounterResetHint HintOf(int flags) => flags switch
    {
        0b10 => CounterResetHint.Reset,
        0b01 => CounterResetHint.NoReset,
        0b11 => CounterResetHint.Gauge,
        _ => CounterResetHint.Unknown,
    };

    private static void WriteIntegers(BitWriter into, HistogramLayout layout, ReadOnlySpan<long> times, ReadOnlySpan<NativeHistogram?> histograms)
    {
        var counts = new double[layout.Buckets];
        var last = new long[layout.Buckets];
        var lastStep = new long[layout.Buckets];
        var (time, count, zero) = (new Steps(), new Steps(), new Steps());
        var sum = default(XorStep);
        for (var i = 0; i < times.Length; i++)
        {
            var histogram = histograms[i]!; // as Encode asks
            VarBits.WriteSigned(into, time.Next(times[i], i));
            var isStale = StaleMarker.Is(histogram.Sum);
            if (i == 0)
            {
                VarBits.WriteUnsigned(into, (ulong)count.Next((long)histogram.Count, i));
                VarBits.WriteUnsigned(into, (ulong)zero.Next((long)histogram.ZeroCount, i));
                into.Write(BitConverter.DoubleToUInt64Bits(histogram.Sum), 64);
                sum = new XorStep(histogram.Sum);
            }
            else
            {
                VarBits.WriteSigned(into, isStale ? 0 : count.Next((long)histogram.Count, i));
                VarBits.WriteSigned(into, isStale ? 0 : zero.Next((long)histogram.ZeroCount, i));
                sum.Write(into, histogram.Sum);
            }
            if (isStale)
                continue;
            Spread(layout, histogram, counts);
            var before = 0L;
            for (var k = 0; k < counts.Length; k++)
            {
                if (k == layout.Positive.Length)
                    before = 0;
                var bucket = (long)counts[k] - before;
                before = (long)counts[k];
                var step = bucket - last[k];
                VarBits.WriteSigned(into, step - lastStep[k]);
                lastStep[k] = i == 0 ? 0 : step;
                last[k] = bucket;
            }
        }
    }

    private static void WriteFloats(BitWriter into, HistogramLayout layout, ReadOnlySpan<long> times, ReadOnlySpan<NativeHistogram?> histograms)
    {
        var counts = new double[layout.Buckets];
        var xors = new XorStep[layout.Buckets + 3];
        var time = new Steps();
        for (var i = 0; i < times.Length; i++)
        {
            var histogram = histograms[i]!; // as Encode asks
            VarBits.WriteSigned(into, time.Next(times[i], i));
            Write(into, ref xors[0], histogram.Count, i);
            Write(into, ref xors[1], histogram.ZeroCount, i);
            Write(into, ref xors[2], histogram.Sum, i);
            if (StaleMarker.Is(histogram.Sum))
                continue;
            Spread(layout, histogram, counts);
            for (var k = 0; k < counts.Length; k++)
                Write(into, ref xors[k + 3], counts[k], i);
        }
    }

    private static void Write(BitWriter into, ref XorStep xor, double value, int sample)
    {
        if (sample > 0)
        {
            xor.Write(into, value);
            return;
        }
        into.Write(BitConverter.DoubleToUInt64Bits(value), 64);
        xor = new XorStep(value);
    }

    /// <summary>The counts of a histogram, one for each bucket of the layout.</summary>
    private static void Spread(HistogramLayout layout, NativeHistogram histogram, double[] counts)
    {
        Spread(layout.Positive, histogram.Positive, counts.AsSpan(0, layout.Positive.Length));
        Spread(layout.Negative, histogram.Negative, counts.AsSpan(layout.Positive.Length));
    }

    private static void Spread(int[] indexes, IReadOnlyList<HistogramBucket> buckets, Span<double> counts)
    {
        var next = 0;
        for (var k = 0; k < indexes.Length; k++)
        {
            var isThere = next < buckets.Count && buckets[next].Index == indexes[k];
            counts[k] = isThere ? buckets[next++].Count : 0;
        }
        if (next < buckets.Count)
            throw new ArgumentException("A histogram has a bucket that the layout does not.", nameof(buckets));
    }

    private static void ReadIntegers(ref BitReader from, HistogramLayout layout, CounterResetHint hint, Span<long> times, Span<NativeHistogram?> histograms)
    {
        var counts = new double[layout.Buckets];
        var last = new long[layout.Buckets];
        var lastStep = new long[layout.Buckets];
        var (time, count, zero) = (new Steps(), new Steps(), new Steps());
        var xor = default(XorStep);
        for (var i = 0; i < times.Length; i++)
        {
            times[i] = time.Back(VarBits.ReadSigned(ref from), i);
            var countStep = i == 0 ? (long)VarBits.ReadUnsigned(ref from) : VarBits.ReadSigned(ref from);
            var zeroStep = i == 0 ? (long)VarBits.ReadUnsigned(ref from) : VarBits.ReadSigned(ref from);
            var sum = i == 0 ? from.ReadDouble() : xor.Read(ref from);
            if (i == 0)
                xor = new XorStep(sum);
            if (StaleMarker.Is(sum))
            {
                histograms[i] = Stale(layout, hint, i, isFloat: false);
                continue;
            }
            var whole = count.Back(countStep, i);
            var inZero = zero.Back(zeroStep, i);
            if (!IsCount(whole) || !IsCount(inZero))
                throw NoCount();
            var before = 0L;
            for (var k = 0; k < counts.Length; k++)
            {
                if (k == layout.Positive.Length)
                    before = 0;
                var step = lastStep[k] + VarBits.ReadSigned(ref from);
                lastStep[k] = i == 0 ? 0 : step;
                before += last[k] += step;
                if (!IsCount(before))
                    throw NoCount();
                counts[k] = before;
            }
            histograms[i] = Build(layout, hint, i, isFloat: false, whole, inZero, sum, counts);
        }
    }

    private static void ReadFloats(ref BitReader from, HistogramLayout layout, CounterResetHint hint, Span<long> times, Span<NativeHistogram?> histograms)
    {
        var counts = new double[layout.Buckets];
        var xors = new XorStep[layout.Buckets + 3];
        var time = new Steps();
        for (var i = 0; i < times.Length; i++)
        {
            times[i] = time.Back(VarBits.ReadSigned(ref from), i);
            var count = Read(ref from, ref xors[0], i);
            var zero = Read(ref from, ref xors[1], i);
            var sum = Read(ref from, ref xors[2], i);
            if (StaleMarker.Is(sum))
            {
                histograms[i] = Stale(layout, hint, i, isFloat: true);
                continue;
            }
            if (!(count >= 0) || !(zero >= 0))
                throw NoCount();
            for (var k = 0; k < counts.Length; k++)
            {
                counts[k] = Read(ref from, ref xors[k + 3], i);
                if (!(counts[k] >= 0))
                    throw NoCount();
            }
            histograms[i] = Build(layout, hint, i, isFloat: true, count, zero, sum, counts);
        }
    }

    private static double Read(ref BitReader from, ref XorStep xor, int sample)
    {
        if (sample > 0)
            return xor.Read(ref from);
        var first = from.ReadDouble();
        xor = new XorStep(first);
        return first;
    }

    private static bool IsCount(long count) => count is >= 0 and <= (long)ExactIntegerMax;

    private static ChunkDamagedException NoCount() => new("a histogram has a count below zero, or one that is no number or no integer below 2^53");

    // Within a chunk nothing is reset: its writer begins another one then.
    private static CounterResetHint HintAt(CounterResetHint first, int sample) => sample == 0 || first == CounterResetHint.Gauge ? first : CounterResetHint.NoReset;

    private static NativeHistogram Stale(HistogramLayout layout, CounterResetHint hint, int sample, bool isFloat) => new()
    {
        Schema = layout.Schema,
        ZeroThreshold = layout.ZeroThreshold,
        ZeroCount = 0,
        Count = 0,
        Sum = StaleMarker.Value,
        Positive = [],
        Negative = [],
        Bounds = layout.Bounds,
        IsFloat = isFloat,
        Reset = HintAt(hint, sample),
    };

    private static NativeHistogram Build(
        HistogramLayout layout, CounterResetHint hint, int sample, bool isFloat, double count, double zero, double sum, double[] counts) => new()
        {
            Schema = layout.Schema,
            ZeroThreshold = layout.ZeroThreshold,
            ZeroCount = zero,
            Count = count,
            Sum = sum,
            Positive = Full(layout.Positive, counts.AsSpan(0, layout.Positive.Length)),
            Negative = Full(layout.Negative, counts.AsSpan(layout.Positive.Length)),
            Bounds = layout.Bounds,
            IsFloat = isFloat,
            Reset = HintAt(hint, sample),
        };

    private static HistogramBucket[] Full(int[] indexes, ReadOnlySpan<double> counts)
    {
        var full = counts.Length - counts.Count(0);
        if (full == 0)
            return [];
        var buckets = new HistogramBucket[full];
        var next = 0;
        for (var k = 0; k < indexes.Length; k++)
        {
            if (counts[k] != 0)
                buckets[next++] = new HistogramBucket(indexes[k], counts[k]);
        }
        return buckets;
    }

    /// <summary>A column of whole numbers: the first as it is, the second as its difference, the others as differences between differences. Wraps as its writer's does.</summary>
    private struct Steps
    {
        private long _last;
        private long _step;

        public long Next(long value, int sample)
        {
            var step = value - _last;
            var written = step - _step;
            (_last, _step) = (value, sample == 0 ? 0 : step);
            return written;
        }

        public long Back(long written, int sample)
        {
            var step = _step + written;
            _last += step;
            _step = sample == 0 ? 0 : step;
            return _last;
        }
    }
}
