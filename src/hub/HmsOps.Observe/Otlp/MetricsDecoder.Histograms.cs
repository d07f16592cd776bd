using System.Text;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>Histograms in the store's form, and the exemplars that come with points.</summary>
internal sealed partial class MetricsDecoder
{
    // 2^-1074 is the smallest number and 2^1024 lies above the largest: in a bucket further out lies no number.
    private const int PowerMax = 1_075;

    // OpenMetrics: what an exemplar's labels may have together, names and values.
    private const int ExemplarCharsMax = 128;

    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;

    private static readonly Flaw BadShape = new("histogram_shape", "a histogram has not one bucket more than bounds; send both, or neither");
    private static readonly Flaw BadBounds = new("histogram_bounds", "the bounds of a histogram do not ascend, or are not finite");
    private static readonly Flaw BadCount = new("histogram_count", "the buckets of a histogram do not add up to its count, or it counts more than 2^53");
    private static readonly Flaw TooCoarse = new("histogram_scale", "an exponential histogram has a scale below -4; the store's coarsest buckets span 16 powers of two");
    private static readonly Flaw TooFar = new("histogram_offset", "an exponential histogram has buckets so far out that no number falls into them");
    private static readonly Flaw BadZero = new("histogram_zero", "the zero threshold of a histogram is below zero or no number");

    private int _place; // of the series that exemplars belong to: of a classic histogram its first bucket, which the others follow

    private Flaw TooManyBuckets { get; } = new("bucket_limit", $"a data point has more than {limits.BucketsMax:n0} buckets or quantiles; send fewer, or raise limits.otlp.buckets");

    private Flaw? FlawOfClassic()
    {
        var (counts, bounds) = (_point.Counts, _point.Bounds);
        if (counts.Count > limits.BucketsMax || bounds.Count > limits.BucketsMax)
            return TooManyBuckets;
        if (counts.Count != bounds.Count + 1 && !(counts.Count == 0 && bounds.Count == 0))
            return BadShape;
        for (var i = 0; i < bounds.Count; i++)
        {
            if (!double.IsFinite(bounds[i]) || (i > 0 && !(bounds[i] > bounds[i - 1])))
                return BadBounds;
        }
        return null;
    }

    // A difference of a histogram that has bounds of its own. Differences that are told as series of buckets would each need adding up.
    private Flaw? TryMakeCustom(out NativeHistogram histogram)
    {
        histogram = Ended;
        if (FlawOfClassic() is { } flaw)
            return flaw;
        var counts = _point.Counts;
        var full = 0;
        double sum = 0;
        foreach (var count in counts)
        {
            full += count > 0 ? 1 : 0;
            sum += count;
        }
        if (_point.Count > ExactIntegerMax || (counts.Count > 0 && sum != _point.Count))
            return BadCount;
        // Without buckets all lies in the one that has no bounds.
        var buckets = new HistogramBucket[counts.Count == 0 && _point.Count > 0 ? 1 : full];
        if (counts.Count == 0 && buckets.Length == 1)
            buckets[0] = new HistogramBucket(0, _point.Count);
        for (int i = 0, at = 0; i < counts.Count; i++)
        {
            if (counts[i] > 0)
                buckets[at++] = new HistogramBucket(i, counts[i]);
        }
        histogram = new NativeHistogram
        {
            Schema = NativeHistogram.CustomBounds,
            ZeroThreshold = 0,
            ZeroCount = 0,
            Count = _point.Count,
            Sum = _point.Sum,
            Positive = buckets,
            Negative = [],
            Bounds = _point.Bounds.Count == 0 ? [] : _point.Bounds.ToArray(),
        };
        return null;
    }

    private Flaw? TryMakeExponential(out NativeHistogram histogram)
    {
        histogram = Ended;
        if (_point.IsNoValue)
            return null;
        if (_point.Scale < NativeHistogram.SchemaMin)
            return TooCoarse;
        if (!(_point.ZeroThreshold >= 0 && double.IsFinite(_point.ZeroThreshold)))
            return BadZero;
        if (_point.Positive.Counts.Count > limits.BucketsMax || _point.Negative.Counts.Count > limits.BucketsMax)
            return TooManyBuckets;
        var schema = (int)Math.Min(_point.Scale, NativeHistogram.SchemaMax);
        var finer = (int)Math.Min(_point.Scale - schema, 62);
        if (!TryMakeSide(_point.Positive, schema, finer, out var positive, out var above) || !TryMakeSide(_point.Negative, schema, finer, out var negative, out var below))
            return TooFar;
        // Observations of NaN are counted and lie in no bucket.
        var inBuckets = above + below + _point.ZeroCount;
        if (_point.Count > ExactIntegerMax || (double.IsNaN(_point.Sum) ? inBuckets > _point.Count : inBuckets != _point.Count))
            return BadCount;
        histogram = new NativeHistogram
        {
            Schema = schema,
            ZeroThreshold = _point.ZeroThreshold,
            ZeroCount = _point.ZeroCount,
            Count = _point.Count,
            Sum = _point.Sum,
            Positive = positive,
            Negative = negative,
        };
        return null;
    }

    /// <summary>What says that a series ended.</summary>
    private static NativeHistogram Ended { get; } = new()
    {
        Schema = 0,
        ZeroThreshold = 0,
        ZeroCount = 0,
        Count = 0,
        Sum = StaleMarker.Value,
        Positive = [],
        Negative = [],
    };

    // OpenTelemetry's bucket i of a scale lies in (base^i, base^(i+1)], the store's bucket i in (base^(i-1), base^i]. A scale coarser by one merges the buckets
    // 2i and 2i+1, which is exact; so a scale that is too fine is shifted down.
    private static bool TryMakeSide(DenseBuckets sent, int schema, int finer, out HistogramBucket[] buckets, out double sum)
    {
        (buckets, sum) = ([], 0);
        var furthest = (schema >= 0 ? (long)PowerMax << schema : PowerMax >> -schema) + 1;
        var made = new List<HistogramBucket>();
        for (var i = 0; i < sent.Counts.Count; i++)
        {
            if (sent.Counts[i] == 0)
                continue;
            if (sent.Offset is < int.MinValue or > int.MaxValue)
                return false;
            var index = ((sent.Offset + i) >> finer) + 1;
            if (index < -furthest || index > furthest)
                return false;
            sum += sent.Counts[i];
            if (made.Count > 0 && made[^1].Index == index)
                made[^1] = new HistogramBucket((int)index, made[^1].Count + sent.Counts[i]);
            else
                made.Add(new HistogramBucket((int)index, sent.Counts[i]));
        }
        buckets = [.. made];
        return true;
    }

    private bool TryReadExemplars(ReadOnlySpan<byte> body, int start, int length, in MetricData data)
    {
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            if (tag != _tags.Exemplars)
            {
                if (!fields.TrySkip(tag))
                    return false;
            }
            else if (!fields.TryReadBlock(out int at, out var size) || !TryReadExemplar(body, at, size, data))
            {
                return false;
            }
        }
        return true;
    }

    private bool TryReadExemplar(ReadOnlySpan<byte> body, int start, int length, in MetricData data)
    {
        ReadOnlySpan<byte> span = default, trace = default;
        ulong time = 0, bits = 0;
        var (hasValue, isInteger, chars) = (false, false, 0);
        Flaw? flaw = null;
        _labels.Begin();
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            var ahead = fields;
            if (!ahead.TryReadTag(out var tag))
                return false;
            if (tag == ((7 << 3) | WireType.Block))
            {
                if (!TryReadAttribute(ref fields, tag, out _, out var key))
                    return false;
                flaw ??= _attribute.Flaw ?? _labels.AddAttribute(key, _attribute.Bytes);
                chars += Encoding.UTF8.GetCharCount(key) + Encoding.UTF8.GetCharCount(_attribute.Bytes);
                continue;
            }
            var read = tag switch
            {
                (2 << 3) | WireType.Fixed64 => ahead.TryReadFixed64(out time),
                (3 << 3) | WireType.Fixed64 or (6 << 3) | WireType.Fixed64 => ahead.TryReadFixed64(out bits),
                (4 << 3) | WireType.Block => ahead.TryReadBlock(out span),
                (5 << 3) | WireType.Block => ahead.TryReadBlock(out trace),
                _ => ahead.TrySkip(tag),
            };
            if (!read)
                return false;
            if ((tag & 7) == WireType.Fixed64 && tag >> 3 != 2)
                (hasValue, isInteger) = (true, tag >> 3 == 6);
            fields = ahead;
        }
        if (!hasValue || flaw is not null || data.IsDelta || data.Kind == PointKind.Gauge || Batch.Exemplars.Count >= limits.ExemplarsMax)
        {
            ExemplarsLeft++;
            return true;
        }
        AddExemplar(isInteger ? (long)bits : BitConverter.UInt64BitsToDouble(bits), (long)(time / 1_000_000), trace, span, chars, data);
        return true;
    }

    private void AddExemplar(double value, long time, ReadOnlySpan<byte> trace, ReadOnlySpan<byte> span, int chars, in MetricData data)
    {
        chars += HexChars("trace_id", trace, TraceIdBytes) + HexChars("span_id", span, SpanIdBytes);
        if (chars > ExemplarCharsMax)
            _labels.Begin(); // its attributes stay away, the ids are what it is for
        if (HexChars("", trace, TraceIdBytes) > 0)
            _labels.AddOwn("trace_id", Convert.ToHexStringLower(trace));
        if (HexChars("", span, SpanIdBytes) > 0)
            _labels.AddOwn("span_id", Convert.ToHexStringLower(span));
        var labels = _labels.Build(out var flaw);
        if (flaw is not null)
        {
            ExemplarsLeft++;
            return;
        }
        Batch.Exemplars.Add(new Exemplar(data.Kind == PointKind.Histogram ? _place + BucketOf(value) : _place, labels, time == 0 ? _point.Milliseconds : time, value));
    }

    // Ids of zeros, or of another length, are none.
    private static int HexChars(string name, ReadOnlySpan<byte> id, int bytes) =>
        id.Length == bytes && id.ContainsAnyExcept((byte)0) ? name.Length + 2 * bytes : 0;

    private int BucketOf(double value)
    {
        var bucket = 0;
        while (bucket < _point.Bounds.Count && !(value <= _point.Bounds[bucket]))
            bucket++;
        return bucket;
    }
}
