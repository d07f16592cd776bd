using System.Globalization;
using HmsOps.Series;

namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>What all histograms of a chunk share: resolution, zero threshold, own bounds, and which buckets are there at all.</summary>
internal sealed class HistogramLayout
{
    /// <summary>Buckets on one side of zero; schema 8 over ten powers of two has 2,560.</summary>
    public const int BucketsMax = 65_536;

    private const int IndexMax = 1 << 24; // schema 8 has 2^19 buckets over all there are of float64
    private const byte ThresholdInFull = 255;
    private const int ThresholdBias = 244; // byte n is 2^(n - 244)
    private const double BoundScale = 1_000;
    private const double ScaledBoundMax = 33_554_430; // so that the number behind takes four bytes at most

    public required int Schema { get; init; }

    public required double ZeroThreshold { get; init; }

    public required IReadOnlyList<double> Bounds { get; init; }

    /// <summary>Indexes of the positive buckets, ascending.</summary>
    public required int[] Positive { get; init; }

    /// <summary>Indexes of the negative buckets, ascending.</summary>
    public required int[] Negative { get; init; }

    public int Buckets => Positive.Length + Negative.Length;

    public void Write(BitWriter into)
    {
        WriteThreshold(into, ZeroThreshold);
        VarBits.WriteSigned(into, Schema);
        WriteSpans(into, Positive);
        WriteSpans(into, Negative);
        if (Schema != NativeHistogram.CustomBounds)
            return;
        VarBits.WriteUnsigned(into, (ulong)Bounds.Count);
        foreach (var bound in Bounds)
            WriteBound(into, bound);
    }

    public static HistogramLayout Read(ref BitReader from)
    {
        var threshold = ReadThreshold(ref from);
        if (!(threshold >= 0 && double.IsFinite(threshold)))
            throw new ChunkDamagedException("its zero bucket is wider than it may be, or no number");
        var schema = VarBits.ReadSigned(ref from);
        if (schema is not ((>= NativeHistogram.SchemaMin and <= NativeHistogram.SchemaMax) or NativeHistogram.CustomBounds))
            throw new ChunkDamagedException(string.Create(CultureInfo.InvariantCulture, $"its schema is {schema}; known are -4 to 8 and -53"));
        var positive = ReadSpans(ref from);
        var negative = ReadSpans(ref from);
        var isCustom = schema == NativeHistogram.CustomBounds;
        return new HistogramLayout
        {
            Schema = (int)schema,
            ZeroThreshold = threshold,
            Positive = positive,
            Negative = negative,
            Bounds = isCustom ? ReadBounds(ref from, positive, negative) : [],
        };
    }

    private static void WriteThreshold(BitWriter into, double threshold)
    {
        var power = threshold > 0 && double.IsFinite(threshold) ? Math.ILogB(threshold) : 0;
        if (threshold == 0)
        {
            into.Write(0, 8);
        }
        else if (threshold == Math.ScaleB(1, power) && power + ThresholdBias is > 0 and < ThresholdInFull)
        {
            into.Write((ulong)(power + ThresholdBias), 8);
        }
        else
        {
            into.Write(ThresholdInFull, 8);
            into.Write(BitConverter.DoubleToUInt64Bits(threshold), 64);
        }
    }

    private static double ReadThreshold(ref BitReader from) => from.Read(8) switch
    {
        0 => 0,
        ThresholdInFull => from.ReadDouble(),
        var power => Math.ScaleB(1, (int)power - ThresholdBias),
    };

    // A span is a run of neighbours; its offset counts from the end of the run before.
    private static void WriteSpans(BitWriter into, int[] indexes)
    {
        var spans = 0;
        for (var i = 0; i < indexes.Length; i++)
            spans += i == 0 || indexes[i] != indexes[i - 1] + 1 ? 1 : 0;
        VarBits.WriteUnsigned(into, (ulong)spans);
        var behind = 0;
        for (var begin = 0; begin < indexes.Length;)
        {
            var end = begin + 1;
            while (end < indexes.Length && indexes[end] == indexes[end - 1] + 1)
                end++;
            VarBits.WriteUnsigned(into, (ulong)(end - begin));
            VarBits.WriteSigned(into, indexes[begin] - behind);
            behind = indexes[end - 1] + 1;
            begin = end;
        }
    }

    private static int[] ReadSpans(ref BitReader from)
    {
        var spans = VarBits.ReadUnsigned(ref from);
        if (spans > BucketsMax)
            throw TooMany();
        var indexes = new List<int>();
        long index = 0;
        for (var s = 0UL; s < spans; s++)
        {
            var length = VarBits.ReadUnsigned(ref from);
            var offset = VarBits.ReadSigned(ref from);
            if (length > (ulong)(BucketsMax - indexes.Count))
                throw TooMany();
            if ((s > 0 && offset < 0) || Math.Abs((double)offset) > IndexMax || Math.Abs(index + offset) > IndexMax)
                throw new ChunkDamagedException("spans of its buckets lie behind one another, or so far out that no number falls into them");
            index += offset;
            for (var i = 0UL; i < length; i++)
                indexes.Add((int)index++);
        }
        return [.. indexes];
    }

    private static void WriteBound(BitWriter into, double bound)
    {
        var scaled = bound * BoundScale;
        if (scaled is >= 0 and <= ScaledBoundMax && scaled == Math.Floor(scaled))
        {
            VarBits.WriteUnsigned(into, (ulong)scaled + 1);
            return;
        }
        into.Write(0, 1);
        into.Write(BitConverter.DoubleToUInt64Bits(bound), 64);
    }

    private static double[] ReadBounds(ref BitReader from, int[] positive, int[] negative)
    {
        var count = VarBits.ReadUnsigned(ref from);
        if (count > BucketsMax)
            throw TooMany();
        if ((long)count > from.Left)
            throw new ChunkDamagedException("it ends in the midst of its bounds");
        var bounds = new double[count];
        for (var i = 0; i < bounds.Length; i++)
        {
            var scaled = VarBits.ReadUnsigned(ref from);
            bounds[i] = scaled == 0 ? from.ReadDouble() : (scaled - 1) / BoundScale;
            if (!double.IsFinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1]))
                throw new ChunkDamagedException("its bounds do not ascend, or are not finite");
        }
        if (negative.Length > 0 || (positive.Length > 0 && (positive[0] < 0 || positive[^1] > bounds.Length)))
            throw new ChunkDamagedException("it has a bucket that its bounds do not name");
        return bounds;
    }

    private static ChunkDamagedException TooMany() => new(string.Create(CultureInfo.InvariantCulture, $"its histograms have more than {BucketsMax:n0} buckets"));
}
