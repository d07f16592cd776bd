using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Exposition;

/// <summary>The message <c>Histogram</c>: its totals, its native buckets if it has any, and where the rest lies.</summary>
internal struct ProtobufHistogram
{
    private const int BucketsMax = 65_536; // a native histogram has a few hundred

    public NativeHistogram? Native;
    public double Count;
    public double Sum;
    public int CreatedAt;
    public int CreatedLength;
    public List<(int At, int Length)>? Exemplars;

    /// <summary>Reads it; false when a length or number is wrong, or spans and buckets do not agree.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, int start, int length, bool isGauge, out ProtobufHistogram histogram)
    {
        histogram = new ProtobufHistogram();
        ulong count = 0, schema = 0, zeroCount = 0;
        double countPart = 0, zeroThreshold = 0, zeroPart = 0;
        var positive = new Side();
        var negative = new Side();
        var reader = new ProtoReader(body, start, length);
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadTag(out var tag))
                return false;
            int at = 0, size = 0;
            var number = tag >> 3;
            var isBlock = (tag & 7) == WireType.Block;
            var read = tag switch
            {
                Field.Varint1 => reader.TryReadVarint(out count),
                Field.Double2 => reader.TryReadDouble(out histogram.Sum),
                Field.Double4 => reader.TryReadDouble(out countPart),
                Field.Varint5 => reader.TryReadVarint(out schema),
                Field.Double6 => reader.TryReadDouble(out zeroThreshold),
                Field.Varint7 => reader.TryReadVarint(out zeroCount),
                (8 << 3) | WireType.Fixed64 => reader.TryReadDouble(out zeroPart),
                _ when number is >= 9 and <= 16 && isBlock => reader.TryReadBlock(out at, out size),
                _ when number is >= 9 and <= 14 => (number <= 11 ? ref negative : ref positive).TryReadOne(ref reader, tag, (number - 9) % 3),
                _ => reader.TrySkip(tag),
            };
            if (!read)
                return false;
            if (number is >= 9 and <= 14 && isBlock && !(number <= 11 ? ref negative : ref positive).TryRead(body, at, size, (number - 9) % 3))
                return false;
            if (number == 15)
                (histogram.CreatedAt, histogram.CreatedLength) = (at, size);
            if (number == 16)
                (histogram.Exemplars ??= []).Add((at, size));
        }
        var isFloat = countPart > 0 || zeroPart > 0 || positive.Counts is not null || negative.Counts is not null;
        histogram.Count = countPart > 0 ? countPart : count;
        if (positive.Spans is null && negative.Spans is null && zeroThreshold == 0 && zeroCount == 0 && zeroPart == 0)
            return true; // classic

        var resolution = Varint.UnZigZag(schema);
        if (resolution is < NativeHistogram.SchemaMin or > NativeHistogram.SchemaMax
            || !positive.TryBuild(out var positives) || !negative.TryBuild(out var negatives))
            return false;
        histogram.Native = new NativeHistogram
        {
            Schema = (int)resolution,
            ZeroThreshold = zeroThreshold,
            ZeroCount = isFloat ? zeroPart : zeroCount,
            Count = histogram.Count,
            Sum = histogram.Sum,
            Positive = positives,
            Negative = negatives,
            IsFloat = isFloat,
            IsGauge = isGauge,
        };
        return true;
    }

    /// <summary>Spans and buckets of one sign: integers as differences, floats as they are.</summary>
    private struct Side
    {
        public List<(int Offset, uint Length)>? Spans;
        public List<long>? Deltas;
        public List<double>? Counts;

        /// <summary>A field of spans, deltas or counts in a block: one span, or packed numbers.</summary>
        public bool TryRead(ReadOnlySpan<byte> body, int at, int size, uint what)
        {
            var reader = new ProtoReader(body, at, size);
            if (what == 0)
                return TryReadSpan(reader);
            while (!reader.IsAtEnd)
            {
                if (!TryReadNumber(ref reader, what))
                    return false;
            }
            return true;
        }

        /// <summary>One number that is not packed.</summary>
        public bool TryReadOne(ref ProtoReader reader, uint tag, uint what) =>
            (tag & 7) == (what == 1 ? WireType.Varint : WireType.Fixed64) && what != 0 ? TryReadNumber(ref reader, what) : reader.TrySkip(tag);

        public readonly bool TryBuild(out IReadOnlyList<HistogramBucket> buckets)
        {
            var built = new List<HistogramBucket>();
            buckets = built;
            long index = 0;
            long running = 0;
            var n = 0;
            var has = Counts?.Count ?? Deltas?.Count ?? 0;
            foreach (var (offset, length) in Spans ?? [])
            {
                if (built.Count > 0 && offset < 0 && n > 0)
                    return false;
                index += offset;
                if (length > BucketsMax || n + length > has || Math.Abs(index) > int.MaxValue / 2)
                    return false;
                for (var i = 0; i < length; i++, n++, index++)
                {
                    running += Deltas is not null && Counts is null ? Deltas[n] : 0;
                    var count = Counts is null ? running : Counts[n];
                    if (count < 0)
                        return false;
                    if (count != 0)
                        built.Add(new HistogramBucket((int)index, count));
                }
            }
            return n == has;
        }

        private bool TryReadSpan(ProtoReader reader)
        {
            ulong offset = 0, length = 0;
            while (!reader.IsAtEnd)
            {
                if (!reader.TryReadTag(out var tag))
                    return false;
                var read = tag switch
                {
                    Field.Varint1 => reader.TryReadVarint(out offset),
                    Field.Varint2 => reader.TryReadVarint(out length),
                    _ => reader.TrySkip(tag),
                };
                if (!read)
                    return false;
            }
            Spans ??= [];
            if (Spans.Count >= BucketsMax || length > BucketsMax || Varint.UnZigZag(offset) is < int.MinValue / 2 or > int.MaxValue / 2)
                return false;
            Spans.Add(((int)Varint.UnZigZag(offset), (uint)length));
            return true;
        }

        private bool TryReadNumber(ref ProtoReader reader, uint what)
        {
            if ((Deltas?.Count ?? 0) + (Counts?.Count ?? 0) >= BucketsMax)
                return false;
            if (what == 1)
            {
                if (!reader.TryReadVarint(out var delta))
                    return false;
                (Deltas ??= []).Add(Varint.UnZigZag(delta));
                return true;
            }
            if (!reader.TryReadDouble(out var count))
                return false;
            (Counts ??= []).Add(count);
            return true;
        }
    }
}
