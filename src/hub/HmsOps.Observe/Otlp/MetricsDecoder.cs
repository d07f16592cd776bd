using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>
/// Turns an <c>ExportMetricsServiceRequest</c> into batches, in one walk over its bytes: resource, scope, metric, data points, each level with what the
/// <see cref="SeriesMemory"/> knows of the one above. Per known data point: the tags of its fields, one look-up by the bytes of its attributes, and an entry in the
/// columns of the batch a sample. Fields come in any order, so what names a level is sought before what hangs below it is read. One owner;
/// <see cref="Clear"/> before the body goes.
/// </summary>
internal sealed partial class MetricsDecoder(OtlpLimits limits)
{
    private const uint First = (1 << 3) | WireType.Block;
    private const uint Second = (2 << 3) | WireType.Block;
    private const int SampleBytes = 48; // in the columns of a batch

    private const uint Third = (3 << 3) | WireType.Block;

    private static readonly Flaw NoName = new("no_name", "the metric has no name; give it one");

    private readonly PointReader _point = new(limits.BucketsMax);
    private readonly LabelScratch _labels = new(limits.Labels);
    private readonly AttributeText _attribute = new();
    private readonly List<int> _pointOfSample = [];
    private readonly List<int> _pointOfObservation = [];
    private readonly List<bool> _isRejected = [];

    private SeriesMemory _memory = new(0);
    private MetricEntry _metric = Nothing;
    private (uint Attributes, uint Exemplars, uint Flags) _tags;
    private long _now, _keyBytes;
    private long _earliest, _latest;
    private int _buckets;

    private static MetricEntry Nothing { get; } =
        new(0, new ScopeEntry(0, new ResourceEntry(0, [], [], Labels.Empty, null, null), [], null), "", null);

    public SampleBatch Batch { get; } = new();

    /// <summary>Differences, which the store adds up.</summary>
    public ObservationBatch Observations { get; } = new();

    /// <summary>What is refused; the rest is in the batches.</summary>
    public RefusalTally Refused { get; } = new();

    /// <summary>Data points read.</summary>
    public int Points => _isRejected.Count;

    /// <summary>Data points of which something is refused.</summary>
    public long RejectedPoints { get; private set; }

    /// <summary>Exemplars that have no place to go to.</summary>
    public int ExemplarsLeft { get; private set; }

    /// <summary>True when the columns have grown larger than is worth keeping.</summary>
    public bool IsLarge => Batch.Count > 200_000 || _keyBytes > 16 << 20;

    /// <summary>Bytes that the batches hold.</summary>
    public long HeldBytes => _keyBytes + ((long)SampleBytes * (Batch.Count + Observations.Items.Count)) + (16L * _buckets);

    /// <summary>Why nothing is taken; null unless decoding failed.</summary>
    public OtlpOutcome? Fault { get; private set; }

    /// <summary>Decodes a request. False when nothing of it may be taken: <see cref="Fault"/> says why.</summary>
    /// <param name="request">The message.</param>
    /// <param name="memory">What is known of series; is added to.</param>
    /// <param name="now">Milliseconds since 1970.</param>
    public bool TryDecode(ReadOnlyMemory<byte> request, SeriesMemory memory, long now)
    {
        Clear();
        (_memory, _now) = (memory, now);
        var body = request.Span;
        var fields = new ProtoReader(body);
        while (!fields.IsAtEnd)
        {
            var at = fields.At;
            if (!fields.TryReadTag(out var tag))
                return Malformed("no field", at);
            if (tag != First)
            {
                if (!fields.TrySkip(tag))
                    return Malformed("a field is cut off", at);
            }
            else if (!fields.TryReadBlock(out int start, out var length) || !TryReadResourceMetrics(body, start, length))
            {
                return Malformed("no metrics of a resource", at);
            }
        }
        return true;
    }

    /// <summary>Counts what the store refused of the samples.</summary>
    public void AddRefused(IReadOnlyList<RefusedSample> samples) => AddRefused(samples, _pointOfSample);

    /// <summary>Counts what the store refused of the observations.</summary>
    public void AddRefusedObservations(IReadOnlyList<RefusedSample> observations) => AddRefused(observations, _pointOfObservation);

    /// <summary>Lets go of the body.</summary>
    public void Clear()
    {
        Batch.Clear();
        Observations.Clear();
        Refused.Clear();
        _pointOfSample.Clear();
        _pointOfObservation.Clear();
        _isRejected.Clear();
        (RejectedPoints, ExemplarsLeft, _keyBytes, _buckets, Fault) = (0, 0, 0, 0, null);
        (_memory, _metric) = (new SeriesMemory(0), Nothing);
    }

    private bool TryReadResourceMetrics(ReadOnlySpan<byte> body, int start, int length)
    {
        if (!TryFind(body, start, length, out var found) || Resource(body.Slice(found.First, found.FirstLength)) is not { } resource)
            return false;
        (_earliest, _latest) = (long.MaxValue, long.MinValue);
        var fields = new ProtoReader(body, start, length);
        while (fields.TryFindBlock(Second, out int scope, out var size))
        {
            if (!TryReadScopeMetrics(body, scope, size, resource))
                return false;
        }
        if (fields.IsBroken)
            return false;
        AddTargetInfo(resource);
        return true;
    }

    private bool TryReadScopeMetrics(ReadOnlySpan<byte> body, int start, int length, ResourceEntry resource)
    {
        if (!TryFind(body, start, length, out var found))
            return false;
        var url = body.Slice(found.Third, found.ThirdLength);
        if (Scope(resource, body.Slice(found.First, found.FirstLength), url) is not { } scope)
            return false;
        var fields = new ProtoReader(body, start, length);
        while (fields.TryFindBlock(Second, out int metric, out var size))
        {
            if (!TryReadMetric(body, metric, size, scope))
                return false;
        }
        return !fields.IsBroken;
    }

    private bool TryReadMetric(ReadOnlySpan<byte> body, int start, int length, ScopeEntry scope)
    {
        ReadOnlySpan<byte> name = default, description = default, unit = default;
        var (kind, data, dataLength) = (PointKind.Gauge, 0, -1);
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            switch (tag)
            {
                case First:
                    if (!fields.TryReadBlock(out name))
                        return false;
                    break;
                case Second:
                    if (!fields.TryReadBlock(out description))
                        return false;
                    break;
                case Third:
                    if (!fields.TryReadBlock(out unit))
                        return false;
                    break;
                default:
                    if (KindOf(tag) is { } told)
                    {
                        kind = told;
                        if (!fields.TryReadBlock(out data, out dataLength))
                            return false;
                    }
                    else if (!fields.TrySkip(tag))
                    {
                        return false;
                    }
                    break;
            }
        }
        return dataLength < 0 || TryReadData(body, data, dataLength, kind, scope, name, description, unit);
    }

    private static PointKind? KindOf(uint tag) => tag switch
    {
        (5 << 3) | WireType.Block => PointKind.Gauge,
        (7 << 3) | WireType.Block => PointKind.Sum,
        (9 << 3) | WireType.Block => PointKind.Histogram,
        (10 << 3) | WireType.Block => PointKind.Exponential,
        (11 << 3) | WireType.Block => PointKind.Summary,
        _ => null,
    };

    private bool TryReadData(
        ReadOnlySpan<byte> body, int start, int length, PointKind kind, ScopeEntry scope, ReadOnlySpan<byte> name, ReadOnlySpan<byte> description, ReadOnlySpan<byte> unit)
    {
        ulong temporality = 0, monotonic = 0;
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            var read = fields.TryReadTag(out var tag) && tag switch
            {
                (2 << 3) | WireType.Varint => fields.TryReadVarint(out temporality),
                (3 << 3) | WireType.Varint => fields.TryReadVarint(out monotonic),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        var data = new MetricData(kind, (Temporality)Math.Min(temporality, 3), monotonic != 0);
        _metric = Metric(scope, name, unit, data);
        _tags = PointReader.TagsOf(kind);
        var flaw = scope.Resource.Flaw ?? scope.Flaw ?? _metric.Flaw ?? FlawOf(data);
        if (flaw is null)
            AddMetadata(unit, description, data);

        fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            if (tag != First)
            {
                if (!fields.TrySkip(tag))
                    return false;
            }
            else if (!fields.TryReadBlock(out int point, out var size) || !TryReadPoint(body, point, size, data, flaw))
            {
                return false;
            }
        }
        return true;
    }

    private bool TryReadPoint(ReadOnlySpan<byte> body, int start, int length, in MetricData data, Flaw? flaw)
    {
        if (!_point.TryRead(body, start, length, data.Kind))
            return false;
        if (_isRejected.Count >= limits.ItemsMax)
        {
            return TooMuch($"the request has more than {limits.ItemsMax:n0} data points; send fewer a request (send_batch_max_size of the collector's batch processor), or raise limits.otlp.items");
        }
        _isRejected.Add(false);
        _buckets += _point.Counts.Count + _point.Bounds.Count + _point.Positive.Counts.Count + _point.Negative.Counts.Count;
        if (_buckets > limits.AllBucketsMax)
            return TooMuch($"the histograms of the request have more than {limits.AllBucketsMax:n0} buckets; send fewer a request, or raise limits.otlp.decoded");
        flaw ??= FlawOfPoint(data);
        if (flaw is null)
        {
            if (!TryMap(body, data, out flaw))
                return false;
            if (flaw is null && _point.HasExemplars && !TryReadExemplars(body, start, length, data))
                return false;
        }
        if (flaw is not null)
            Reject(flaw);
        else
            (_earliest, _latest) = (Math.Min(_earliest, _point.Milliseconds), Math.Max(_latest, _point.Milliseconds));
        return true;
    }

    // The last of each, as protobuf has it; an absent message is an empty one.
    private static bool TryFind(ReadOnlySpan<byte> body, int start, int length, out Found found)
    {
        found = default;
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            if (tag is not (First or Third))
            {
                if (!fields.TrySkip(tag))
                    return false;
                continue;
            }
            if (!fields.TryReadBlock(out int at, out var size))
                return false;
            found = tag == First ? found with { First = at, FirstLength = size } : found with { Third = at, ThirdLength = size };
        }
        return true;
    }

    private void Reject(Flaw flaw)
    {
        if (Refused.Add(flaw))
            Refused.NameFirst(_metric.Family.Length == 0 ? "a metric without a name" : RefusalTally.Shown(System.Text.Encoding.UTF8.GetBytes(_metric.Family)));
        MarkRejected(_isRejected.Count - 1);
    }

    private void AddRefused(IReadOnlyList<RefusedSample> refused, List<int> pointOf)
    {
        Refused.Add(refused);
        foreach (var each in refused)
            MarkRejected(pointOf[each.Index]);
    }

    private void MarkRejected(int point)
    {
        if (point < 0 || _isRejected[point])
            return;
        _isRejected[point] = true;
        RejectedPoints++;
    }

    private bool TooMuch(string sentence)
    {
        Fault ??= new OtlpOutcome(OtlpVerdict.TooLarge, $"{sentence}. Nothing of it was taken");
        return false;
    }

    private bool Malformed(string what, int at)
    {
        Fault ??= new OtlpOutcome(OtlpVerdict.Malformed, $"the message cannot be read in what begins at byte {at}: {what}. Nothing of it was taken");
        return false;
    }

    /// <summary>Where two of a message's fields lie.</summary>
    private readonly record struct Found(int First, int FirstLength, int Third, int ThirdLength);
}

/// <summary>What is said of a metric besides its name.</summary>
internal readonly record struct MetricData(PointKind Kind, Temporality Temporality, bool IsMonotonic)
{
    /// <summary>True when each point counts from the one before.</summary>
    public bool IsDelta => Temporality == Temporality.Delta && Kind is PointKind.Sum or PointKind.Histogram or PointKind.Exponential;
}

/// <summary>From when a point counts. Numbers as on the wire.</summary>
internal enum Temporality
{
    Unspecified = 0,
    Delta = 1,
    Cumulative = 2,
}
