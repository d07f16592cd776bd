using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteWrite;

/// <summary>
/// The message <c>Histogram</c>, which is the same in both versions but for the start: spans of buckets, with the differences of integer counts or with float
/// counts. What cannot be a histogram is refused with its reason; one owner, reused from one histogram to the next.
/// </summary>
internal sealed class HistogramReader(int bucketsMax)
{
    private const double ExactIntegerMax = 1L << 53;

    // 2^-1074 is the smallest number and 2^1024 lies above the largest: in a bucket further out lies no number.
    private const int PowerMax = 1_075;

    private static readonly Flaw Disagree = new("histogram_spans", "the spans of its histogram name another number of buckets than there are counts");
    private static readonly Flaw Overlap = new("histogram_spans", "spans of its histogram lie behind one another, or so far out that no number falls into them");
    private static readonly Flaw Below = new("histogram_count", "its histogram has a count below zero, or one that is no number or no integer below 2^53");
    private static readonly Flaw Sum = new("histogram_count", "the buckets of its histogram do not add up to its count");
    private static readonly Flaw BadSchema = new("histogram_schema", "the schema of its histogram is neither -4 to 8 nor -53");
    private static readonly Flaw BadZero = new("histogram_zero", "the zero bucket of its histogram is wider than it may be, or no number");
    private static readonly Flaw BadBounds = new("histogram_bounds", "the bounds of its histogram do not ascend, are not finite, or stand where schema -53 does not");
    private static readonly Flaw BadHint = new("histogram_reset", "the reset hint of its histogram is none of 0 to 3");

    private readonly Flaw _tooMany = new("bucket_limit", $"its histogram has more than {bucketsMax} buckets; send a coarser schema, or raise limits.write.buckets");
    private readonly Side _positive = new(bucketsMax);
    private readonly Side _negative = new(bucketsMax);
    private readonly List<double> _bounds = [];

    private ulong _countInt, _zeroInt, _schemaWide, _hint, _time, _start;
    private double _countFloat, _sum, _zeroFloat, _zeroThreshold;
    private bool _isFloat, _isZeroFloat;

    /// <summary>Milliseconds since 1970.</summary>
    public long Time => (long)_time;

    /// <summary>When what it counts began to be counted; 0 if unknown.</summary>
    public long StartTime => (long)_start;

    /// <summary>Buckets that were sent, empty ones included.</summary>
    public int Buckets => _positive.Buckets + _negative.Buckets + _bounds.Count;

    /// <summary>Why the histogram just read is refused; null when it is not.</summary>
    public Flaw? Flaw { get; private set; }

    /// <summary>Reads the histogram that lies at a place; false when it cannot be read. Null when it is refused.</summary>
    public bool TryRead(ReadOnlySpan<byte> body, int start, int length, out NativeHistogram? histogram)
    {
        histogram = null;
        Begin();
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag) || !TryReadField(body, ref fields, tag))
                return false;
        }
        histogram = Build();
        return true;
    }

    private void Begin()
    {
        (_countInt, _zeroInt, _schemaWide, _hint, _time, _start) = (0, 0, 0, 0, 0, 0);
        (_countFloat, _sum, _zeroFloat, _zeroThreshold) = (0, 0, 0, 0);
        (_isFloat, _isZeroFloat, Flaw) = (false, false, null);
        _positive.Clear();
        _negative.Clear();
        _bounds.Clear();
    }

    private bool TryReadField(ReadOnlySpan<byte> body, ref ProtoReader fields, uint tag)
    {
        switch (tag >> 3, tag & 7)
        {
            case (1, WireType.Varint):
                _isFloat = false;
                return fields.TryReadVarint(out _countInt);
            case (2, WireType.Fixed64):
                _isFloat = true;
                return fields.TryReadDouble(out _countFloat);
            case (3, WireType.Fixed64):
                return fields.TryReadDouble(out _sum);
            case (4, WireType.Varint):
                return fields.TryReadVarint(out _schemaWide);
            case (5, WireType.Fixed64):
                return fields.TryReadDouble(out _zeroThreshold);
            case (6, WireType.Varint):
                _isZeroFloat = false;
                return fields.TryReadVarint(out _zeroInt);
            case (7, WireType.Fixed64):
                _isZeroFloat = true;
                return fields.TryReadDouble(out _zeroFloat);
            case (8, WireType.Block):
                return _negative.TryReadSpan(body, ref fields);
            case (9, WireType.Block or WireType.Varint):
                return _negative.TryReadDeltas(body, ref fields, tag & 7);
            case (10, WireType.Block or WireType.Fixed64):
                return TryReadDoubles(body, ref fields, tag & 7, _negative.Counts, bucketsMax);
            case (11, WireType.Block):
                return _positive.TryReadSpan(body, ref fields);
            case (12, WireType.Block or WireType.Varint):
                return _positive.TryReadDeltas(body, ref fields, tag & 7);
            case (13, WireType.Block or WireType.Fixed64):
                return TryReadDoubles(body, ref fields, tag & 7, _positive.Counts, bucketsMax);
            case (14, WireType.Varint):
                return fields.TryReadVarint(out _hint);
            case (15, WireType.Varint):
                return fields.TryReadVarint(out _time);
            case (16, WireType.Block or WireType.Fixed64):
                return TryReadDoubles(body, ref fields, tag & 7, _bounds, bucketsMax);
            case (17, WireType.Varint):
                return fields.TryReadVarint(out _start);
            default:
                return fields.TrySkip(tag);
        }
    }

    // One more than may be is kept, so that too many are seen to be too many.
    private static bool TryReadDoubles(ReadOnlySpan<byte> body, ref ProtoReader fields, uint type, List<double> into, int max)
    {
        if (type == WireType.Fixed64)
        {
            if (!fields.TryReadDouble(out var one))
                return false;
            if (into.Count <= max)
                into.Add(one);
            return true;
        }
        if (!fields.TryReadBlock(out int start, out var length) || length % sizeof(double) != 0)
            return false;
        var packed = new ProtoReader(body, start, length);
        while (!packed.IsAtEnd && into.Count <= max && packed.TryReadDouble(out var value))
            into.Add(value);
        return true;
    }

    private NativeHistogram? Build()
    {
        var schemaFolded = Varint.UnZigZag(_schemaWide);
        if (schemaFolded is not ((>= NativeHistogram.SchemaMin and <= NativeHistogram.SchemaMax) or NativeHistogram.CustomBounds))
            return Refuse(BadSchema);
        var schema = (int)schemaFolded;
        if (_hint > (ulong)CounterResetHint.Gauge)
            return Refuse(BadHint);
        if (_positive.Buckets > bucketsMax || _negative.Buckets > bucketsMax || _bounds.Count > bucketsMax)
            return Refuse(_tooMany);
        var isCustom = schema == NativeHistogram.CustomBounds;
        var zero = _isZeroFloat ? _zeroFloat : _zeroInt;
        if (FlawOfBounds(isCustom) is { } unbound)
            return Refuse(unbound);
        if (!(_zeroThreshold >= 0 && double.IsFinite(_zeroThreshold)) || (isCustom && (_zeroThreshold != 0 || zero != 0)))
            return Refuse(BadZero);
        var count = _isFloat ? _countFloat : _countInt;
        if (!IsCount(count) || !IsCount(zero))
            return Refuse(Below);

        var (least, most) = isCustom ? (0, _bounds.Count) : (-FurthestIndex(schema), FurthestIndex(schema));
        if (_positive.Build(_isFloat, least, most, out var positive, out var above) is { } flawAbove)
            return Refuse(flawAbove);
        if (_negative.Build(_isFloat, least, most, out var negative, out var below) is { } flawBelow)
            return Refuse(flawBelow);
        // Observations of NaN are counted and lie in no bucket. Sums of floats are not held against one another.
        var inBuckets = above + below + zero;
        if (!_isFloat && (double.IsNaN(_sum) ? inBuckets > count : inBuckets != count))
            return Refuse(Sum);
        return new NativeHistogram
        {
            Schema = schema,
            ZeroThreshold = _zeroThreshold,
            ZeroCount = zero,
            Count = count,
            Sum = _sum,
            Positive = positive,
            Negative = negative,
            Bounds = _bounds.Count == 0 ? [] : _bounds.ToArray(),
            IsFloat = _isFloat,
            Reset = (CounterResetHint)_hint,
        };
    }

    private Flaw? FlawOfBounds(bool isCustom)
    {
        if (!isCustom)
            return _bounds.Count > 0 ? BadBounds : null;
        if (!_negative.IsEmpty)
            return BadBounds;
        for (var i = 0; i < _bounds.Count; i++)
        {
            if (!double.IsFinite(_bounds[i]) || (i > 0 && _bounds[i] <= _bounds[i - 1]))
                return BadBounds;
        }
        return null;
    }

    private bool IsCount(double count) => count >= 0 && (_isFloat || count <= ExactIntegerMax);

    private static int FurthestIndex(int schema) => (schema >= 0 ? PowerMax << schema : PowerMax >> -schema) + 1;

    private NativeHistogram? Refuse(Flaw flaw)
    {
        Flaw = flaw;
        return null;
    }

    /// <summary>The buckets on one side of zero, as they are sent.</summary>
    private sealed class Side(int bucketsMax)
    {
        private readonly List<(long Offset, ulong Length)> _spans = [];
        private readonly List<long> _deltas = [];

        public List<double> Counts { get; } = [];

        public int Buckets => Math.Max(Math.Max(_deltas.Count, Counts.Count), _spans.Count);

        public bool IsEmpty => Buckets == 0;

        public void Clear()
        {
            _spans.Clear();
            _deltas.Clear();
            Counts.Clear();
        }

        public bool TryReadSpan(ReadOnlySpan<byte> body, ref ProtoReader fields)
        {
            if (!fields.TryReadBlock(out int start, out var size))
                return false;
            var span = new ProtoReader(body, start, size);
            ulong offset = 0, length = 0;
            while (!span.IsAtEnd)
            {
                if (!span.TryReadTag(out var tag))
                    return false;
                var read = tag switch
                {
                    (1 << 3) | WireType.Varint => span.TryReadVarint(out offset),
                    (2 << 3) | WireType.Varint => span.TryReadVarint(out length),
                    _ => span.TrySkip(tag),
                };
                if (!read)
                    return false;
            }
            if (_spans.Count <= bucketsMax)
                _spans.Add((Varint.UnZigZag(offset), length));
            return true;
        }

        public bool TryReadDeltas(ReadOnlySpan<byte> body, ref ProtoReader fields, uint type)
        {
            if (type == WireType.Varint)
            {
                if (!fields.TryReadVarint(out var one))
                    return false;
                if (_deltas.Count <= bucketsMax)
                    _deltas.Add(Varint.UnZigZag(one));
                return true;
            }
            if (!fields.TryReadBlock(out int start, out var length))
                return false;
            var packed = new ProtoReader(body, start, length);
            while (!packed.IsAtEnd)
            {
                if (!packed.TryReadVarint(out var delta))
                    return false;
                if (_deltas.Count <= bucketsMax)
                    _deltas.Add(Varint.UnZigZag(delta));
            }
            return true;
        }

        /// <summary>Turns them into buckets with their own counts; answers why they cannot be.</summary>
        public Flaw? Build(bool isFloat, int least, int most, out HistogramBucket[] buckets, out double sum)
        {
            (buckets, sum) = ([], 0);
            var counts = isFloat ? Counts.Count : _deltas.Count;
            if ((isFloat ? _deltas.Count : Counts.Count) > 0 || !SpansHold(counts))
                return Disagree;
            if (counts == 0)
                return null;
            var full = 0;
            var into = new HistogramBucket[counts];
            long index = 0, running = 0;
            var next = 0;
            for (var s = 0; s < _spans.Count; s++)
            {
                var (offset, length) = _spans[s];
                if ((s > 0 && offset < 0) || offset is < int.MinValue or > int.MaxValue)
                    return Overlap;
                index += offset;
                for (var i = 0UL; i < length; i++, index++, next++)
                {
                    if (index < least || index > most)
                        return Overlap;
                    double count;
                    if (isFloat)
                    {
                        count = Counts[next];
                    }
                    else
                    {
                        // A difference alone may be 64 bits; two that are in range cannot leave 64 bits together.
                        if (_deltas[next] is < -(1L << 54) or > 1L << 54)
                            return Below;
                        running += _deltas[next];
                        count = running;
                    }
                    if (!(count >= 0) || (!isFloat && count > ExactIntegerMax))
                        return Below;
                    sum += count;
                    if (count > 0)
                        into[full++] = new HistogramBucket((int)index, count);
                }
            }
            buckets = full == into.Length ? into : into[..full];
            return null;
        }

        private bool SpansHold(int counts)
        {
            var left = (ulong)counts;
            foreach (var (_, length) in _spans)
            {
                if (length > left)
                    return false;
                left -= length;
            }
            return left == 0;
        }
    }
}
