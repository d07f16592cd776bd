using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteWrite;

/// <summary>
/// Turns an unpacked message into a batch, in one pass over its bytes. Per sample: the tags of its fields, eight bytes of value, a varint, and an entry in three columns;
/// per series: a walk over its labels, whose bytes stay where they lie. Nothing is allocated per float sample once the columns have grown; a histogram is
/// an object with its buckets. One owner; <see cref="Clear"/> before the body goes.
/// </summary>
internal sealed partial class WriteDecoder(WriteLimits limits)
{
    private readonly SeriesKey _key = new(limits.Labels);
    private readonly SeriesKey _exemplarKey = new(limits.Labels);
    private readonly HistogramReader _histogram = new(limits.BucketsMax);
    private readonly MetadataMemory _metadata = new();
    private ReadOnlyMemory<byte> _body;
    private int _series;
    private int _buckets;
    private long _refusedOfSeries;

    public SampleBatch Batch { get; } = new();

    /// <summary>What is refused while decoding; the rest is in the batch.</summary>
    public RefusalTally Refused { get; } = new();

    /// <summary>Histograms in the batch.</summary>
    public int Histograms { get; private set; }

    /// <summary>Why nothing is taken; null unless decoding failed.</summary>
    public WriteFault? Fault { get; private set; }

    /// <summary>Decodes a message. False when nothing of it may be taken: <see cref="Fault"/> says why.</summary>
    public bool TryDecode(ReadOnlyMemory<byte> body, WriteMessage message)
    {
        Clear();
        _body = body;
        Batch.Borrow(body);
        return message == WriteMessage.One ? TryReadOne(body.Span) : TryReadTwo(body.Span);
    }

    /// <summary>Lets go of the body.</summary>
    public void Clear()
    {
        Batch.Clear();
        Refused.Clear();
        (_series, _buckets, Histograms, Fault, _body) = (0, 0, 0, null, default);
        ClearSymbols();
    }

    private bool TryCountSeries() => ++_series <= limits.SeriesMax || Fail(WriteFault.TooLarge(
        "series_limit", $"the request has more than {limits.SeriesMax:n0} series; send fewer a request (max_samples_per_send), or raise limits.write.series"));

    private bool TryReadSample(ReadOnlySpan<byte> body, ref ProtoReader fields, int place)
    {
        if (!fields.TryReadBlock(out int start, out var length) || !SampleFields.TryRead(body, start, length, out var time, out var value, out var startTime))
            return Malformed("a sample is cut off or no sample", fields.At);
        if (place < 0)
            _refusedOfSeries++;
        else if (Batch.Count >= limits.SamplesMax)
            return TooManySamples();
        else
            Batch.Add(place, time, value, startTime);
        return true;
    }

    private bool TryReadHistogram(ReadOnlySpan<byte> body, ref ProtoReader fields, int place)
    {
        if (!fields.TryReadBlock(out int start, out var length) || !_histogram.TryRead(body, start, length, out var histogram))
            return Malformed("a histogram is cut off or no histogram", fields.At);
        _buckets += _histogram.Buckets;
        if (_buckets > limits.AllBucketsMax)
        {
            return Fail(WriteFault.TooLarge(
                "bucket_limit", $"the histograms of the request have more than {limits.AllBucketsMax:n0} buckets; send fewer a request, or raise limits.write.decoded"));
        }
        if (place < 0)
        {
            _refusedOfSeries++;
        }
        else if (histogram is null)
        {
            if (Refused.Add(_histogram.Flaw!)) // a histogram that is refused has one
                Refused.NameFirst(ShownSeries(body));
        }
        else if (Batch.Count >= limits.SamplesMax)
        {
            return TooManySamples();
        }
        else
        {
            Batch.Add(place, _histogram.Time, histogram, _histogram.StartTime);
            Histograms++;
        }
        return true;
    }

    private bool TryAddExemplar(Labels labels, long time, double value, int place)
    {
        if (place < 0)
        {
            _refusedOfSeries++;
            return true;
        }
        if (Batch.Exemplars.Count >= limits.ExemplarsMax)
            return Fail(WriteFault.TooLarge("exemplar_limit", $"the request has more than {limits.ExemplarsMax:n0} exemplars; send fewer a request"));
        Batch.Exemplars.Add(new Exemplar(place, labels, time, value));
        return true;
    }

    private bool TryAddMetadata(ReadOnlySpan<byte> metric, ulong type, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> help)
    {
        if (Batch.Metadata.Count >= limits.SeriesMax)
            return Fail(WriteFault.TooLarge("metadata_limit", $"the request describes more than {limits.SeriesMax:n0} metrics; send fewer a request"));
        if (!metric.IsEmpty)
            Batch.Metadata.Add(_metadata.Get(metric, type, unit, help));
        return true;
    }

    private void RefuseSeries(ReadOnlySpan<byte> body, Flaw flaw)
    {
        if (Refused.Add(flaw, Math.Max(1, _refusedOfSeries)))
            Refused.NameFirst(ShownSeries(body));
    }

    private bool TooManySamples() => Fail(WriteFault.TooLarge(
        "sample_limit", $"the request has more than {limits.SamplesMax:n0} samples; send fewer a request (max_samples_per_send), or raise limits.write.samples"));

    private bool Malformed(string what, int at) => Fail(WriteFault.Malformed(what, at));

    private bool Fail(WriteFault fault)
    {
        Fault ??= fault;
        return false;
    }
}

/// <summary>The two messages of remote write.</summary>
public enum WriteMessage
{
    /// <summary><c>prometheus.WriteRequest</c>, of remote write 1.0.</summary>
    One,

    /// <summary><c>io.prometheus.write.v2.Request</c>, of remote write 2.0.</summary>
    Two,
}
