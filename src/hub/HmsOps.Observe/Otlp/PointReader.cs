using System.Buffers;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>The fields of one data point of any kind, as they were sent. One owner, reused from one point to the next.</summary>
internal sealed class PointReader(int bucketsMax)
{
    private const uint Start = (2 << 3) | WireType.Fixed64;
    private const uint Time = (3 << 3) | WireType.Fixed64;
    private const int NanosecondsOfMillisecond = 1_000_000;
    private const ulong NoRecordedValue = 1;

    private readonly ArrayBufferWriter<byte> _strewn = new();
    private int _attributesFrom, _attributesTo;
    private bool _isStrewn;
    private ulong _start, _time, _flags, _scale;

    /// <summary>When what it counts began to be counted, nanoseconds since 1970; 0 if unknown.</summary>
    public ulong StartNanoseconds => _start;

    /// <summary>Nanoseconds since 1970; 0 if it was not said.</summary>
    public ulong TimeNanoseconds => _time;

    /// <summary>Milliseconds since 1970.</summary>
    public long Milliseconds => (long)(_time / NanosecondsOfMillisecond);

    /// <summary>Milliseconds since 1970; 0 if unknown.</summary>
    public long StartMilliseconds => (long)(_start / NanosecondsOfMillisecond);

    /// <summary>True when it says that there is no value any more.</summary>
    public bool IsNoValue => (_flags & NoRecordedValue) != 0;

    public bool HasValue { get; private set; }

    /// <summary>Of a gauge or sum.</summary>
    public double Value { get; private set; }

    public ulong Count { get; private set; }

    public bool HasSum { get; private set; }

    public double Sum { get; private set; }

    public List<ulong> Counts { get; } = [];

    public List<double> Bounds { get; } = [];

    /// <summary>The values at <see cref="Bounds"/>, of a summary.</summary>
    public List<double> Quantiles { get; } = [];

    public long Scale => Varint.UnZigZag(_scale);

    public ulong ZeroCount { get; private set; }

    public double ZeroThreshold { get; private set; }

    public DenseBuckets Positive { get; } = new(bucketsMax);

    public DenseBuckets Negative { get; } = new(bucketsMax);

    public bool HasExemplars { get; private set; }

    /// <summary>Its attributes as they were sent, fields and all.</summary>
    public ReadOnlySpan<byte> AttributesIn(ReadOnlySpan<byte> body) => _isStrewn ? _strewn.WrittenSpan : body[_attributesFrom.._attributesTo];

    /// <summary>The tags that differ from kind to kind.</summary>
    public static (uint Attributes, uint Exemplars, uint Flags) TagsOf(PointKind kind) => kind switch
    {
        PointKind.Histogram => (Block(9), Block(8), (10 << 3) | WireType.Varint),
        PointKind.Exponential => (Block(1), Block(11), (10 << 3) | WireType.Varint),
        PointKind.Summary => (Block(7), 0, (8 << 3) | WireType.Varint),
        _ => (Block(7), Block(5), (8 << 3) | WireType.Varint),
    };

    /// <summary>Reads the data point that lies at a place; false when it cannot be read.</summary>
    public bool TryRead(ReadOnlySpan<byte> body, int start, int length, PointKind kind)
    {
        Begin();
        var (attributes, exemplars, flags) = TagsOf(kind);
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            var at = fields.At;
            if (!fields.TryReadTag(out var tag))
                return false;
            bool read;
            if (tag == attributes)
            {
                read = fields.TryReadBlock(out int _, out _);
                AddAttribute(body, at, fields.At);
            }
            else if (tag == exemplars)
            {
                read = fields.TryReadBlock(out int _, out _);
                HasExemplars = true;
            }
            else if (tag == flags)
            {
                read = fields.TryReadVarint(out _flags);
            }
            else
            {
                read = tag switch
                {
                    Start => fields.TryReadFixed64(out _start),
                    Time => fields.TryReadFixed64(out _time),
                    _ => TryReadOwn(body, ref fields, tag, kind),
                };
            }
            if (!read)
                return false;
        }
        return true;
    }

    private void Begin()
    {
        (_attributesFrom, _attributesTo, _isStrewn) = (0, 0, false);
        (_start, _time, _flags, _scale) = (0, 0, 0, 0);
        (Value, Count, Sum, ZeroCount, ZeroThreshold) = (0, 0, 0, 0, 0);
        (HasValue, HasSum, HasExemplars) = (false, false, false);
        Counts.Clear();
        Bounds.Clear();
        Quantiles.Clear();
        Positive.Clear();
        Negative.Clear();
    }

    private static uint Block(uint number) => (number << 3) | WireType.Block;

    // Nearly every sender writes them one behind the other; only of others they are copied together.
    private void AddAttribute(ReadOnlySpan<byte> body, int from, int to)
    {
        if (_isStrewn)
        {
            _strewn.Write(body[from..to]);
        }
        else if (_attributesTo == 0 || _attributesTo == from)
        {
            _attributesFrom = _attributesTo == 0 ? from : _attributesFrom;
            _attributesTo = to;
        }
        else
        {
            _isStrewn = true;
            _strewn.ResetWrittenCount();
            _strewn.Write(body[_attributesFrom.._attributesTo]);
            _strewn.Write(body[from..to]);
        }
    }

    private bool TryReadOwn(ReadOnlySpan<byte> body, ref ProtoReader fields, uint tag, PointKind kind) => kind switch
    {
        PointKind.Histogram => TryReadHistogram(body, ref fields, tag),
        PointKind.Exponential => TryReadExponential(body, ref fields, tag),
        PointKind.Summary => TryReadSummary(body, ref fields, tag),
        _ => TryReadNumber(ref fields, tag),
    };

    private bool TryReadNumber(ref ProtoReader fields, uint tag)
    {
        ulong bits;
        switch (tag)
        {
            case (4 << 3) | WireType.Fixed64:
                HasValue = fields.TryReadFixed64(out bits);
                Value = BitConverter.UInt64BitsToDouble(bits);
                return HasValue;
            case (6 << 3) | WireType.Fixed64:
                HasValue = fields.TryReadFixed64(out bits);
                Value = (long)bits;
                return HasValue;
            default:
                return fields.TrySkip(tag);
        }
    }

    private bool TryReadCountAndSum(ref ProtoReader fields, uint tag)
    {
        ulong bits;
        switch (tag)
        {
            case (4 << 3) | WireType.Fixed64:
                var counted = fields.TryReadFixed64(out bits);
                Count = bits;
                return counted;
            case (5 << 3) | WireType.Fixed64:
                HasSum = fields.TryReadDouble(out var sum);
                Sum = sum;
                return HasSum;
            default:
                return fields.TrySkip(tag);
        }
    }

    private bool TryReadHistogram(ReadOnlySpan<byte> body, ref ProtoReader fields, uint tag) => (tag >> 3, tag & 7) switch
    {
        (6, WireType.Block or WireType.Fixed64) => TryReadCounts(body, ref fields, tag & 7),
        (7, WireType.Block or WireType.Fixed64) => TryReadBounds(body, ref fields, tag & 7),
        _ => TryReadCountAndSum(ref fields, tag),
    };

    private bool TryReadExponential(ReadOnlySpan<byte> body, ref ProtoReader fields, uint tag)
    {
        switch (tag)
        {
            case (6 << 3) | WireType.Varint:
                return fields.TryReadVarint(out _scale);
            case (7 << 3) | WireType.Fixed64:
                var counted = fields.TryReadFixed64(out var zero);
                ZeroCount = zero;
                return counted;
            case (8 << 3) | WireType.Block:
                return Positive.TryRead(body, ref fields);
            case (9 << 3) | WireType.Block:
                return Negative.TryRead(body, ref fields);
            case (14 << 3) | WireType.Fixed64:
                var read = fields.TryReadDouble(out var threshold);
                ZeroThreshold = threshold;
                return read;
            default:
                return TryReadCountAndSum(ref fields, tag);
        }
    }

    private bool TryReadSummary(ReadOnlySpan<byte> body, ref ProtoReader fields, uint tag)
    {
        if (tag != ((6 << 3) | WireType.Block))
            return TryReadCountAndSum(ref fields, tag);
        if (!fields.TryReadBlock(out int start, out var length))
            return false;
        double quantile = 0, value = 0;
        var pair = new ProtoReader(body, start, length);
        while (!pair.IsAtEnd)
        {
            var read = pair.TryReadTag(out var inner) && inner switch
            {
                (1 << 3) | WireType.Fixed64 => pair.TryReadDouble(out quantile),
                (2 << 3) | WireType.Fixed64 => pair.TryReadDouble(out value),
                _ => pair.TrySkip(inner),
            };
            if (!read)
                return false;
        }
        if (Bounds.Count <= bucketsMax)
        {
            Bounds.Add(quantile);
            Quantiles.Add(value);
        }
        return true;
    }

    // One more than may be is kept, so that too many are seen to be too many.
    private bool TryReadCounts(ReadOnlySpan<byte> body, ref ProtoReader fields, uint type)
    {
        if (!TryReadPacked(body, ref fields, type, out var packed))
            return false;
        while (!packed.IsAtEnd && packed.TryReadFixed64(out var count))
        {
            if (Counts.Count <= bucketsMax)
                Counts.Add(count);
        }
        return true;
    }

    private bool TryReadBounds(ReadOnlySpan<byte> body, ref ProtoReader fields, uint type)
    {
        if (!TryReadPacked(body, ref fields, type, out var packed))
            return false;
        while (!packed.IsAtEnd && packed.TryReadDouble(out var bound))
        {
            if (Bounds.Count <= bucketsMax)
                Bounds.Add(bound);
        }
        return true;
    }

    // Numbers of eight bytes, one a field or all in one: a reader of them alone.
    private static bool TryReadPacked(ReadOnlySpan<byte> body, ref ProtoReader fields, uint type, out ProtoReader packed)
    {
        packed = default;
        if (type == WireType.Fixed64)
        {
            var at = fields.At;
            if (!fields.TryReadFixed64(out _))
                return false;
            packed = new ProtoReader(body, at, sizeof(ulong));
            return true;
        }
        if (!fields.TryReadBlock(out int start, out var length) || length % sizeof(ulong) != 0)
            return false;
        packed = new ProtoReader(body, start, length);
        return true;
    }
}

/// <summary>The buckets on one side of zero, as exponential histograms send them: an offset, and a count for each from there on.</summary>
internal sealed class DenseBuckets(int bucketsMax)
{
    private ulong _offset;

    /// <summary>The index of the first, by OpenTelemetry's count.</summary>
    public long Offset => Varint.UnZigZag(_offset);

    public List<ulong> Counts { get; } = [];

    public void Clear()
    {
        _offset = 0;
        Counts.Clear();
    }

    public bool TryRead(ReadOnlySpan<byte> body, ref ProtoReader fields)
    {
        if (!fields.TryReadBlock(out int start, out var length))
            return false;
        var buckets = new ProtoReader(body, start, length);
        while (!buckets.IsAtEnd)
        {
            if (!buckets.TryReadTag(out var tag))
                return false;
            var read = (tag >> 3, tag & 7) switch
            {
                (1, WireType.Varint) => buckets.TryReadVarint(out _offset),
                (2, WireType.Varint) => TryReadCount(ref buckets),
                (2, WireType.Block) => TryReadCounts(body, ref buckets),
                _ => buckets.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        return true;
    }

    private bool TryReadCounts(ReadOnlySpan<byte> body, ref ProtoReader buckets)
    {
        if (!buckets.TryReadBlock(out int start, out var length))
            return false;
        var packed = new ProtoReader(body, start, length);
        while (!packed.IsAtEnd)
        {
            if (!TryReadCount(ref packed))
                return false;
        }
        return true;
    }

    private bool TryReadCount(ref ProtoReader packed)
    {
        if (!packed.TryReadVarint(out var count))
            return false;
        if (Counts.Count <= bucketsMax)
            Counts.Add(count);
        return true;
    }
}
