using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Exposition;

/// <summary>
/// Reads delimited <c>io.prometheus.client.MetricFamily</c> messages over the body. A label there lies as in <see cref="LabelBytes"/>, so the key of a series is
/// its name and the very bytes of its labels. A histogram with native buckets becomes one native sample, and its classic series too where they are asked for.
/// </summary>
internal ref struct ProtobufExposition<TTaker>
    where TTaker : struct, IExpositionTaker
{
    private readonly ReadOnlySpan<byte> _body;
    private readonly bool _classicToo;
    private readonly TTaker _taker;
    private readonly ArrayBufferWriter<byte> _key;
    private readonly LabelDraft _labels = new();
    private ReadOnlySpan<byte> _family;
    private FamilyKind _kind;
    private int _at;
    private TakeFault? _fault;

    private ProtobufExposition(ReadOnlySpan<byte> body, bool classicToo, TTaker taker)
    {
        _body = body;
        (_classicToo, _taker) = (classicToo, taker);
        _key = new ArrayBufferWriter<byte>(512);
    }

    /// <summary>Reads a body; null when it was read to its end.</summary>
    public static ExpositionFlaw? Read(ReadOnlySpan<byte> body, bool classicToo, TTaker taker) => new ProtobufExposition<TTaker>(body, classicToo, taker).Read();

    private ExpositionFlaw? Read()
    {
        var reader = new ProtoReader(_body);
        while (!reader.IsAtEnd)
        {
            _at = reader.At;
            if (!reader.TryReadBlock(out int start, out var length))
                return Flaw("expected a metric family of the length that is said, found the end of the body: it was cut off");
            if (!ReadFamily(start, length))
                return _fault is { Offset: < 0, Message: var said } ? Flaw(said) : Flaw("expected the fields of a metric family, found other bytes");
        }
        return null;
    }

    private ExpositionFlaw Flaw(string message) =>
        _fault is not null ? new ExpositionFlaw("", _family.IsEmpty ? message : $"family {SeriesText.Found(_family)}: {message}") : new ExpositionFlaw($"byte {_at:n0}", message);

    // Twice over: what the family is called and what it is may stand behind its metrics.
    private bool ReadFamily(int start, int length)
    {
        _family = default;
        _kind = FamilyKind.Counter; // the wire's zero
        ReadOnlySpan<byte> help = default, unit = default;
        var reader = new ProtoReader(_body, start, length);
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadTag(out var tag))
                return false;
            ulong type = 0;
            var read = tag switch
            {
                Field.Block1 => reader.TryReadBlock(out _family),
                Field.Block2 => reader.TryReadBlock(out help),
                Field.Varint3 => reader.TryReadVarint(out type),
                Field.Block5 => reader.TryReadBlock(out unit),
                _ => reader.TrySkip(tag),
            };
            if (!read || type > 5)
                return false;
            if (tag == Field.Varint3)
                _kind = type switch { 0 => FamilyKind.Counter, 1 => FamilyKind.Gauge, 2 => FamilyKind.Summary, 4 => FamilyKind.Histogram, 5 => FamilyKind.GaugeHistogram, _ => FamilyKind.Unknown };
        }
        if (_family.IsEmpty || !Utf8.IsValid(_family) || !Utf8.IsValid(help) || !Utf8.IsValid(unit))
            return Fail("expected a name, help and unit in UTF-8");
        _taker.Describe(_family, FamilyWord.Type, FamilyKinds.WordOf(_kind), isEscaped: false);
        _taker.Describe(_family, FamilyWord.Help, help, isEscaped: false);
        if (!unit.IsEmpty)
            _taker.Describe(_family, FamilyWord.Unit, unit, isEscaped: false);

        reader = new ProtoReader(_body, start, length);
        while (!reader.IsAtEnd && reader.TryReadTag(out var tag))
        {
            if (tag != Field.Block4)
            {
                if (!reader.TrySkip(tag))
                    return false;
            }
            else if (!reader.TryReadBlock(out int at, out var size) || !ReadMetric(at, size))
            {
                return false;
            }
        }
        return true;
    }

    private bool ReadMetric(int start, int length)
    {
        int labelsAt = 0, labelsEnd = 0, valueAt = 0, valueLength = 0;
        uint valueField = 0;
        long? time = null;
        var reader = new ProtoReader(_body, start, length);
        while (!reader.IsAtEnd)
        {
            var at = reader.At;
            if (!reader.TryReadTag(out var tag))
                return false;
            bool read;
            ulong number = 0;
            switch (tag)
            {
                case Field.Block1:
                    read = reader.TryReadBlock(out int _, out _);
                    // Labels lie one behind the other; where they do not, the key is not theirs and the label is refused.
                    if (labelsEnd == 0)
                        labelsAt = at;
                    else if (labelsEnd != at)
                        return Fail("expected the labels of a metric side by side, found another field between them");
                    labelsEnd = reader.At;
                    break;
                case Field.Block2 or Field.Block3 or Field.Block4 or Field.Block5 or Field.Block7:
                    read = reader.TryReadBlock(out valueAt, out valueLength);
                    valueField = tag;
                    break;
                case Field.Varint6:
                    read = reader.TryReadVarint(out number);
                    time = number == 0 ? null : (long)number;
                    break;
                default:
                    read = reader.TrySkip(tag);
                    break;
            }
            if (!read)
                return false;
        }
        var metric = new Metric(labelsAt, labelsEnd, valueAt, valueLength, valueField, time);
        return metric.ValueField switch
        {
            Field.Block2 or Field.Block3 or Field.Block5 => ReadNumber(metric),
            Field.Block4 => ReadSummary(metric),
            Field.Block7 => ReadHistogram(metric),
            _ => Fail("expected a value in a metric, found none"),
        };
    }

    private bool ReadNumber(in Metric metric)
    {
        double value = 0;
        long start = 0;
        int exemplarAt = 0, exemplarLength = 0;
        var reader = new ProtoReader(_body, metric.ValueAt, metric.ValueLength);
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadTag(out var tag))
                return false;
            var isCounter = metric.ValueField == Field.Block3;
            var read = tag switch
            {
                Field.Double1 => reader.TryReadDouble(out value),
                Field.Block2 when isCounter => reader.TryReadBlock(out exemplarAt, out exemplarLength),
                Field.Block3 when isCounter => reader.TryReadBlock(out int at, out var length) && TryReadTime(at, length, out start),
                _ => reader.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        return Give(metric, ""u8, value, start) && (exemplarLength == 0 || GiveExemplar(exemplarAt, exemplarLength));
    }

    private bool ReadSummary(in Metric metric)
    {
        ulong count = 0;
        double sum = 0;
        long start = 0;
        for (var pass = 0; pass < 2; pass++) // the start stands behind the quantiles it is for
        {
            var reader = new ProtoReader(_body, metric.ValueAt, metric.ValueLength);
            while (!reader.IsAtEnd)
            {
                if (!reader.TryReadTag(out var tag))
                    return false;
                var read = tag switch
                {
                    Field.Varint1 => reader.TryReadVarint(out count),
                    Field.Double2 => reader.TryReadDouble(out sum),
                    Field.Block3 => reader.TryReadBlock(out int at, out var length) && (pass == 0 || GiveQuantile(metric, at, length, start)),
                    Field.Block4 => reader.TryReadBlock(out int at, out var length) && TryReadTime(at, length, out start),
                    _ => reader.TrySkip(tag),
                };
                if (!read)
                    return false;
            }
        }
        return Give(metric, "_sum"u8, sum, start) && Give(metric, "_count"u8, count, start);
    }

    private bool GiveQuantile(in Metric metric, int start, int length, long since)
    {
        double quantile = 0, value = 0;
        var reader = new ProtoReader(_body, start, length);
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadTag(out var tag))
                return false;
            var read = tag switch
            {
                Field.Double1 => reader.TryReadDouble(out quantile),
                Field.Double2 => reader.TryReadDouble(out value),
                _ => reader.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        return Give(metric, ""u8, value, since, "quantile"u8, quantile);
    }

    private bool ReadHistogram(in Metric metric)
    {
        if (!ProtobufHistogram.TryRead(_body, metric.ValueAt, metric.ValueLength, _kind == FamilyKind.GaugeHistogram, out var read))
            return Fail("expected a histogram whose spans and buckets agree, found another");
        long start = 0;
        if (read.CreatedLength > 0 && !TryReadTime(read.CreatedAt, read.CreatedLength, out start))
            return false;
        if (read.Native is { } native)
        {
            Begin(metric, ""u8);
            if (!Took(_taker.Histogram(Key(), native, metric.Time, start)))
                return false;
            foreach (var (at, length) in read.Exemplars ?? [])
            {
                if (!GiveExemplar(at, length))
                    return false;
            }
            if (!_classicToo)
                return true;
        }
        return ReadClassic(metric, read, start);
    }

    private bool ReadClassic(in Metric metric, ProtobufHistogram histogram, long start)
    {
        var infinite = false;
        var reader = new ProtoReader(_body, metric.ValueAt, metric.ValueLength);
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadTag(out var tag))
                return false;
            if (tag != Field.Block3)
            {
                if (!reader.TrySkip(tag))
                    return false;
                continue;
            }
            if (!reader.TryReadBlock(out int at, out var length) || !ReadBucket(at, length, out var bound, out var count, out var exemplarAt, out var exemplarLength))
                return false;
            infinite |= double.IsPositiveInfinity(bound);
            if (!Give(metric, "_bucket"u8, count, start, "le"u8, bound) || (exemplarLength > 0 && histogram.Native is null && !GiveExemplar(exemplarAt, exemplarLength)))
                return false;
        }
        return (infinite || Give(metric, "_bucket"u8, histogram.Count, start, "le"u8, double.PositiveInfinity))
            && Give(metric, "_sum"u8, histogram.Sum, start) && Give(metric, "_count"u8, histogram.Count, start);
    }

    private readonly bool ReadBucket(int start, int length, out double bound, out double count, out int exemplarAt, out int exemplarLength)
    {
        (bound, count, exemplarAt, exemplarLength) = (0, 0, 0, 0);
        ulong whole = 0;
        double part = 0;
        var reader = new ProtoReader(_body, start, length);
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadTag(out var tag))
                return false;
            var read = tag switch
            {
                Field.Varint1 => reader.TryReadVarint(out whole),
                Field.Double2 => reader.TryReadDouble(out bound),
                Field.Block3 => reader.TryReadBlock(out exemplarAt, out exemplarLength),
                Field.Double4 => reader.TryReadDouble(out part),
                _ => reader.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        count = part > 0 ? part : whole;
        return true;
    }

    private bool GiveExemplar(int start, int length)
    {
        _labels.Clear();
        double value = 0;
        long? time = null;
        var reader = new ProtoReader(_body, start, length);
        while (!reader.IsAtEnd)
        {
            var at = reader.At;
            if (!reader.TryReadTag(out var tag))
                return false;
            long ms = 0;
            var read = tag switch
            {
                Field.Block1 => reader.TryReadBlock(out int _, out _),
                Field.Double2 => reader.TryReadDouble(out value),
                Field.Block3 => reader.TryReadBlock(out int timeAt, out var timeLength) && TryReadTime(timeAt, timeLength, out ms),
                _ => reader.TrySkip(tag),
            };
            if (!read)
                return false;
            if (tag == Field.Block3)
                time = ms;
            var label = _body[at..reader.At];
            if (tag == Field.Block1 && (!LabelBytes.TryRead(ref label, out var name, out var text) || name.IsEmpty || !Utf8.IsValid(name) || !Utf8.IsValid(text)
                || !_labels.TryAdd(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(text))))
                return Fail("expected an exemplar's labels in UTF-8, each once");
        }
        _taker.Exemplar(_labels.Build(), value, time);
        return true;
    }

    private bool Give(in Metric metric, ReadOnlySpan<byte> suffix, double value, long start, ReadOnlySpan<byte> boundName = default, double bound = 0)
    {
        Begin(metric, suffix);
        if (boundName.IsEmpty)
            return Took(_taker.Sample(Key(), value, metric.Time, start));
        Span<byte> bits = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bits, bound);
        LabelBytes.Write(_key, boundName, bits);
        return Took(_taker.Sample(new SeriesKey(_key.WrittenSpan, SeriesForm.LabelBytesAndBound, _family, FamilyKind.Unknown), value, metric.Time, start));
    }

    private readonly void Begin(in Metric metric, ReadOnlySpan<byte> suffix)
    {
        _key.ResetWrittenCount();
        if (suffix.IsEmpty)
        {
            LabelBytes.Write(_key, "__name__"u8, _family);
        }
        else
        {
            var size = _family.Length + suffix.Length;
            var rented = ArrayPool<byte>.Shared.Rent(size);
            _family.CopyTo(rented);
            suffix.CopyTo(rented.AsSpan(_family.Length));
            LabelBytes.Write(_key, "__name__"u8, rented.AsSpan(0, size));
            ArrayPool<byte>.Shared.Return(rented);
        }
        _key.Write(_body[metric.LabelsAt..metric.LabelsEnd]);
    }

    private readonly SeriesKey Key() => new(_key.WrittenSpan, SeriesForm.LabelBytes, _family, FamilyKind.Unknown);

    private bool Took(TakeFault? fault)
    {
        if (fault is not null)
            _fault = fault with { Offset = -1 };
        return fault is null;
    }

    private bool Fail(string message) => Took(new TakeFault(-1, message));

    private readonly bool TryReadTime(int start, int length, out long ms)
    {
        ms = 0;
        ulong seconds = 0, nanos = 0;
        var reader = new ProtoReader(_body, start, length);
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadTag(out var tag))
                return false;
            var read = tag switch
            {
                Field.Varint1 => reader.TryReadVarint(out seconds),
                Field.Varint2 => reader.TryReadVarint(out nanos),
                _ => reader.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        if ((long)seconds is < -1_000_000_000_000 or > 1_000_000_000_000)
            return false;
        ms = ((long)seconds * 1_000) + ((int)nanos / 1_000_000);
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Metric(int LabelsAt, int LabelsEnd, int ValueAt, int ValueLength, uint ValueField, long? Time);
}

/// <summary>Tags of the fields that are read: number and wire type.</summary>
internal static class Field
{
    public const uint Varint1 = (1 << 3) | WireType.Varint;
    public const uint Double1 = (1 << 3) | WireType.Fixed64;
    public const uint Block1 = (1 << 3) | WireType.Block;
    public const uint Varint2 = (2 << 3) | WireType.Varint;
    public const uint Double2 = (2 << 3) | WireType.Fixed64;
    public const uint Block2 = (2 << 3) | WireType.Block;
    public const uint Varint3 = (3 << 3) | WireType.Varint;
    public const uint Block3 = (3 << 3) | WireType.Block;
    public const uint Double4 = (4 << 3) | WireType.Fixed64;
    public const uint Block4 = (4 << 3) | WireType.Block;
    public const uint Varint5 = (5 << 3) | WireType.Varint;
    public const uint Block5 = (5 << 3) | WireType.Block;
    public const uint Varint6 = (6 << 3) | WireType.Varint;
    public const uint Double6 = (6 << 3) | WireType.Fixed64;
    public const uint Varint7 = (7 << 3) | WireType.Varint;
    public const uint Block7 = (7 << 3) | WireType.Block;
}
