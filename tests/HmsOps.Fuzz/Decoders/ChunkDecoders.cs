using System.Buffers;
using System.Buffers.Binary;
using HmsOps.Fuzz.Harness;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;
using HmsOps.Tsdb.Tests.Chunks;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>Chunks of the metric store. An input is two bytes for how many samples, which a chunk does not say itself, and the chunk.</summary>
static class ChunkDecoders
{
    const int SlowSamplesMax = 48; // the oracle counts in numbers without bounds

    public static IReadOnlyList<Decoder> All =>
    [
        new("bit-packing", Packed) { Seeds = PackedSeeds, HeadBytes = 1, InputBytesMax = 1024, AllocationBase = 128 << 10, Share = 200 },
        new("time-chunk", Times) { Seeds = TimeSeeds, HeadBytes = 2, InputBytesMax = 1024, AllocationBase = 512 << 10 },
        new("value-chunk", Values) { Seeds = ValueSeeds, HeadBytes = 3, InputBytesMax = 1024, AllocationBase = 512 << 10 },
        // The limit it states itself: so many cells, 8 bytes each as a column and 16 as a bucket, twice since what was read is written and read again.
        new("histogram-chunk", Histograms) { Seeds = HistogramSeeds, HeadBytes = 3, InputBytesMax = 1024, AllocationBase = 64L * HistogramLayout.CellsMax, Share = 60 },
    ];

    // Numbers of one width, by whichever way is fastest here and by the plain one.
    static Reading Packed(ReadOnlyMemory<byte> input)
    {
        if (input.Length < 17)
            return Reading.Refused("too short to say anything");
        var width = input.Span[0] % 65;
        var origin = BinaryPrimitives.ReadInt64LittleEndian(input.Span[1..]);
        var divisor = BinaryPrimitives.ReadInt64LittleEndian(input.Span[9..]);
        var packed = input.Span[17..];
        var count = width == 0 ? packed.Length : (int)Math.Min(ValueChunk.SamplesMax, packed.Length * 8L / width);
        packed = packed[..BitPacking.Bytes(count, width)];
        var (fast, plain) = (new long[count], new long[count]);
        BitPacking.Unpack(packed, width, origin, divisor, fast);
        BitPacking.UnpackScalar(packed, width, origin, divisor, plain);
        Unless(fast.AsSpan().SequenceEqual(plain), $"{count} numbers of {width} bits come out differently from the vector and the scalar path");
        var digest = new Digest();
        foreach (var number in fast)
            digest.Add(number);
        return Reading.Accepted($"{count} numbers of {width} bits", digest);
    }

    static Reading Times(ReadOnlyMemory<byte> input)
    {
        if (!TrySplit(input, out var samples, out var chunk))
            return Reading.Refused("no count");
        var times = new long[samples];
        try
        {
            var consumed = TimeChunk.Decode(chunk.Span, times);
            if (samples <= SlowSamplesMax)
            {
                var slow = new SlowReader(chunk.ToArray());
                Unless(slow.Integers(samples).AsSpan().SequenceEqual(times), "a reader of the documented format reads other times");
                Unless(slow.Consumed == consumed, $"a reader of the documented format reads {slow.Consumed} bytes, not {consumed}");
            }
        }
        catch (ChunkDamagedException e)
        {
            return Reading.Refused(e.Message);
        }
        var bytes = new byte[TimeChunk.BytesMax(samples)];
        var length = TimeChunk.Encode(times, bytes);
        var again = new long[samples];
        Unless(TimeChunk.Decode(bytes.AsSpan(0, length), again) == length, "not all that was written is read");
        Unless(again.AsSpan().SequenceEqual(times), "what was written reads back as other times");
        var digest = new Digest();
        foreach (var time in times)
            digest.Add(time);
        return Reading.Accepted($"column of {chunk.Span[0]:x}/{chunk.Span[1]:x}", digest);
    }

    static Reading Values(ReadOnlyMemory<byte> input)
    {
        if (!TrySplit(input, out var samples, out var chunk))
            return Reading.Refused("no count");
        var values = new double[samples];
        try
        {
            var consumed = ValueChunk.Decode(chunk.Span, values);
            if (samples <= SlowSamplesMax)
            {
                var slow = new SlowReader(chunk.ToArray());
                Unless(SameBits(slow.Values(samples), values), "a reader of the documented format reads other values");
                Unless(slow.Consumed == consumed, $"a reader of the documented format reads {slow.Consumed} bytes, not {consumed}");
            }
        }
        catch (ChunkDamagedException e)
        {
            return Reading.Refused(e.Message);
        }
        foreach (var effort in (Effort[])[Effort.Quick, Effort.Thorough])
        {
            ushort hint = chunk.Span[0]; // any hint may change what is written, never what is read
            var bytes = new byte[ValueChunk.BytesMax(samples)];
            var length = ValueChunk.Encode(values, bytes, ref hint, effort);
            var again = new double[samples];
            Unless(ValueChunk.Decode(bytes.AsSpan(0, length), again) == length, "not all that was written is read");
            Unless(SameBits(again, values), $"what was written ({effort}) reads back as other values");
        }
        var digest = new Digest();
        foreach (var value in values)
            digest.Add(value);
        return Reading.Accepted($"kind {chunk.Span[0] & 7}, parameter {chunk.Span[0] >> 4}, lifted {chunk.Span[0] & 8}", digest);
    }

    static Reading Histograms(ReadOnlyMemory<byte> input)
    {
        if (!TrySplit(input, out var samples, out var chunk))
            return Reading.Refused("no count");
        var histograms = new NativeHistogram[samples];
        try
        {
            HistogramChunk.Decode(chunk.Span, histograms);
        }
        catch (ChunkDamagedException e)
        {
            return Reading.Refused(e.Message);
        }
        Unless(HistogramChunk.FittingPrefix(histograms) == samples, "histograms of one chunk do not fit one");
        var bytes = new ArrayBufferWriter<byte>();
        HistogramChunk.Encode(histograms, bytes);
        var again = new NativeHistogram[samples];
        Unless(HistogramChunk.Decode(bytes.WrittenSpan, again) == bytes.WrittenCount, "not all that was written is read");
        var (read, reread) = (DigestOf(histograms), DigestOf(again));
        Unless(read.Value == reread.Value, "what was written reads back as other histograms");
        return Reading.Accepted($"schema {histograms[0].Schema}, {histograms[0].Positive.Count} and {histograms[0].Negative.Count} buckets, {histograms[0].Bounds.Count} bounds", read);
    }

    static bool TrySplit(ReadOnlyMemory<byte> input, out int samples, out ReadOnlyMemory<byte> chunk)
    {
        (samples, chunk) = (0, default);
        if (input.Length < 2)
            return false;
        samples = 1 + (BinaryPrimitives.ReadUInt16LittleEndian(input.Span) % ValueChunk.SamplesMax);
        chunk = input[2..];
        return true;
    }

    static bool SameBits(ReadOnlySpan<double> one, ReadOnlySpan<double> other)
    {
        for (var i = 0; i < one.Length; i++)
        {
            if (BitConverter.DoubleToInt64Bits(one[i]) != BitConverter.DoubleToInt64Bits(other[i]))
                return false;
        }
        return one.Length == other.Length;
    }

    public static Digest DigestOf(IEnumerable<NativeHistogram> histograms)
    {
        var digest = new Digest();
        foreach (var histogram in histograms)
            Add(ref digest, histogram);
        return digest;
    }

    public static void Add(ref Digest digest, NativeHistogram histogram)
    {
        digest.Add(histogram.Schema);
        digest.Add(histogram.ZeroThreshold);
        digest.Add(histogram.ZeroCount);
        digest.Add(histogram.Count);
        digest.Add(histogram.Sum);
        digest.Add((long)histogram.Reset);
        digest.Add(histogram.IsFloat ? 1L : 0);
        foreach (var buckets in (IReadOnlyList<HistogramBucket>[])[histogram.Positive, histogram.Negative])
        {
            digest.Add((long)buckets.Count);
            for (var i = 0; i < buckets.Count; i++)
            {
                digest.Add((long)buckets[i].Index);
                digest.Add(buckets[i].Count);
            }
        }
        foreach (var bound in histogram.Bounds)
            digest.Add(bound);
    }

    static IEnumerable<(string, byte[])> PackedSeeds() =>
        from width in (int[])[0, 1, 7, 8, 13, 32, 57, 58, 64]
        select ($"width-{width}", (byte[])[(byte)width, .. BitConverter.GetBytes(100L), .. BitConverter.GetBytes(width == 13 ? 1L : 3), .. Enumerable.Range(0, 8 * Math.Max(1, width)).Select(i => (byte)(i * 37))]);

    static IEnumerable<(string, byte[])> TimeSeeds()
    {
        var dice = new Random(1);
        foreach (var (name, times) in new (string, long[])[]
        {
            ("one", [1_700_000_000_000]),
            ("regular", [.. Enumerable.Range(0, 120).Select(i => 1_700_000_000_000 + (i * 15_000L))]),
            ("jittered", [.. Enumerable.Range(0, 40).Select(i => 1_700_000_000_000 + (i * 15_000L) + dice.Next(20))]),
            ("gaps", [.. Enumerable.Range(0, 40).Select(i => 1_700_000_000_000 + (i * 15_000L) + (i > 20 ? 3_600_000 : 0))]),
            ("edges", [long.MinValue, -1, 0, 1, long.MaxValue]),
        })
        {
            var bytes = new byte[TimeChunk.BytesMax(times.Length)];
            yield return (name, Counted(times.Length, bytes.AsSpan(0, TimeChunk.Encode(times, bytes))));
        }
    }

    static IEnumerable<(string, byte[])> ValueSeeds()
    {
        var dice = new Random(2);
        foreach (var (name, values) in new (string, double[])[]
        {
            ("constant", [.. Enumerable.Repeat(0.25, 30)]),
            ("counter", [.. Enumerable.Range(0, 120).Select(i => (i * 10.0) + dice.Next(9))]),
            ("cents", [.. Enumerable.Range(0, 40).Select(_ => Math.Round(dice.NextDouble() * 100, 2))]),
            ("raw", [.. Enumerable.Range(0, 20).Select(_ => dice.NextDouble())]),
            ("bits", [.. Enumerable.Range(0, 40).Select(i => BitConverter.Int64BitsToDouble(0x4070000000000000 + (i * 3)))]),
            ("signs", [.. Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? 1 : -1) * Math.ScaleB(1 + (i / 64.0), 600))]),
            ("stale", [.. Enumerable.Range(0, 40).Select(i => i % 9 == 0 ? StaleMarker.Value : i)]),
            ("lifted", [.. Enumerable.Range(0, 40).Select(i => i switch { 3 => double.NaN, 7 => -0.0, 9 => double.PositiveInfinity, 30 => 0.1 + 0.2, _ => i / 10.0 })]),
        })
        {
            var bytes = new byte[ValueChunk.BytesMax(values.Length)];
            ushort hint = 0;
            yield return (name, Counted(values.Length, bytes.AsSpan(0, ValueChunk.Encode(values, bytes, ref hint, Effort.Thorough))));
        }
    }

    static IEnumerable<(string, byte[])> HistogramSeeds()
    {
        foreach (var (name, samples) in new (string, NativeHistogram[])[]
        {
            ("growing", [.. Enumerable.Range(1, 12).Select(i => SeedSamples.Histogram(i))]),
            ("floats", [.. Enumerable.Range(1, 5).Select(i => SeedSamples.Histogram(i, isFloat: true))]),
            ("bounds", [.. Enumerable.Range(1, 5).Select(i => SeedSamples.Bounded(i))]),
            ("empty", [NativeHistogram.Zero(3)]),
        })
        {
            var bytes = new ArrayBufferWriter<byte>();
            HistogramChunk.Encode(samples, bytes);
            yield return (name, Counted(samples.Length, bytes.WrittenSpan));
        }
    }

    static byte[] Counted(int samples, ReadOnlySpan<byte> chunk) => [(byte)(samples - 1), (byte)((samples - 1) >> 8), .. chunk];
}
