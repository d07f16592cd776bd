using System.Globalization;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>Data points as samples of series, or as differences the store adds up.</summary>
internal sealed partial class MetricsDecoder
{
    // An hour's backlog of differences must not look like a storm now: they count in the second they arrive.
    private const long DeltaAgeMax = 5 * 60_000;

    private const double ExactIntegerMax = 1L << 53;

    private static readonly Flaw NoTime = new("no_time", "a data point has no time_unix_nano, or one after the year 2262; give it the time it was measured");
    private static readonly Flaw NoValue = new("no_value", "a data point has no value; send as_double or as_int");
    private static readonly Flaw NoTemporality = new("temporality", "the metric says neither delta nor cumulative temporality; set aggregation_temporality");
    private static readonly Flaw DeltaUpDown = new("delta_up_down", "a sum that also goes down is sent as differences, so one that is lost would be missing for ever; send it with cumulative temporality");
    private static readonly Flaw DeltaLate = new("late", "a difference is more than 5 minutes from the hub's clock, and it would count now; send sooner, or with cumulative temporality");
    private static readonly Flaw DeltaBelow = new("negative", "a counter's difference is below zero or no number; a counter only grows");
    private static readonly Flaw DeltaSum = new("not_finite", "the sum of a histogram's difference is no finite number; leave such observations out");

    private (ulong Start, ulong Time, string Text) _id = (0, 0, "");

    private static Flaw? FlawOf(in MetricData data)
    {
        if (data.Kind is PointKind.Gauge or PointKind.Summary)
            return null;
        if (data.Temporality is not (Temporality.Delta or Temporality.Cumulative))
            return NoTemporality;
        return data is { IsDelta: true, Kind: PointKind.Sum, IsMonotonic: false } ? DeltaUpDown : null;
    }

    private Flaw? FlawOfPoint(in MetricData data)
    {
        if (_point.TimeNanoseconds is 0 or > long.MaxValue)
            return NoTime;
        if (data.Kind is PointKind.Gauge or PointKind.Sum && !_point.HasValue && !_point.IsNoValue)
            return NoValue;
        if (data.IsDelta && Math.Abs(_now - _point.Milliseconds) > DeltaAgeMax)
            return DeltaLate;
        return null;
    }

    private long Start => _point.StartNanoseconds > long.MaxValue ? 0 : _point.StartMilliseconds;

    // False when the whole request has to be refused, or cannot be read.
    private bool TryMap(ReadOnlySpan<byte> body, in MetricData data, out Flaw? flaw)
    {
        switch (data.Kind)
        {
            case PointKind.Histogram when !data.IsDelta:
                return TryMapClassic(body, out flaw);
            case PointKind.Summary:
                return TryMapSummary(body, out flaw);
            default:
                if (Series(body, out flaw) is not { } series)
                    return false;
                flaw ??= series.Flaw;
                if (flaw is null)
                    flaw = data.Kind is PointKind.Gauge or PointKind.Sum ? MapNumber(series, data) : MapNative(series, data);
                return Fault is null;
        }
    }

    private Flaw? MapNumber(PointSeries series, in MetricData data)
    {
        if (!data.IsDelta)
        {
            _place = AddSeries(series.Labels);
            AddSample(_place, _point.Milliseconds, _point.IsNoValue ? StaleMarker.Value : _point.Value, data.Kind == PointKind.Sum ? Start : 0, Points - 1);
            return null;
        }
        if (_point.IsNoValue)
            return null; // nothing to add
        if (!(_point.Value >= 0) || double.IsInfinity(_point.Value))
            return DeltaBelow;
        AddObservation(new Observation(series.Labels, _point.Value, Id()) { Kind = ObservationKind.Increment });
        return null;
    }

    private Flaw? MapNative(PointSeries series, in MetricData data)
    {
        if (data.IsDelta && _point.IsNoValue)
            return null;
        if (data.IsDelta && !double.IsFinite(_point.Sum))
            return DeltaSum;
        var flaw = data.Kind == PointKind.Histogram ? TryMakeCustom(out var histogram) : TryMakeExponential(out histogram);
        if (flaw is not null)
            return flaw;
        if (data.IsDelta)
        {
            AddObservation(new Observation(series.Labels, 0, Id()) { Kind = ObservationKind.Histogram, Histogram = histogram });
            return null;
        }
        _place = AddSeries(series.Labels);
        if (CanTakeSamples(1))
        {
            Batch.Add(_place, _point.Milliseconds, histogram, Start);
            _pointOfSample.Add(Points - 1);
        }
        return null;
    }

    private bool TryMapClassic(ReadOnlySpan<byte> body, out Flaw? flaw)
    {
        flaw = FlawOfClassic();
        if (flaw is not null)
            return true;
        var known = Parts(body, "_bucket", "le", addInfinity: true, out flaw);
        if (known is null || flaw is not null)
            return flaw is not null;
        var (time, start, point) = (_point.Milliseconds, Start, Points - 1);
        if (!CanTakeSamples(known.Parts.Count + 2))
            return false;
        if (_point.HasSum || (_point.IsNoValue && known.HasSum))
            AddSample(AddSeries(known.Sum), time, _point.IsNoValue ? StaleMarker.Value : _point.Sum, start, point);
        known.HasSum |= _point.HasSum;
        AddSample(AddSeries(known.Count), time, _point.IsNoValue ? StaleMarker.Value : _point.Count, start, point);
        ulong running = 0;
        _place = -1;
        for (var i = 0; i < known.Parts.Count; i++)
        {
            // The last bucket holds all; where no buckets are sent there is this one alone.
            var isLast = i == known.Parts.Count - 1;
            if (!isLast && i < _point.Counts.Count)
                running += _point.Counts[i];
            var place = AddSeries(known.Parts[i]);
            AddSample(place, time, _point.IsNoValue ? StaleMarker.Value : isLast ? _point.Count : running, start, point);
            if (_place < 0)
                _place = place; // of the first bucket; the others follow
        }
        return Fault is null;
    }

    private bool TryMapSummary(ReadOnlySpan<byte> body, out Flaw? flaw)
    {
        flaw = _point.Bounds.Count > limits.BucketsMax ? TooManyBuckets : null;
        if (flaw is not null)
            return true;
        var known = Parts(body, "", "quantile", addInfinity: false, out flaw);
        if (known is null || flaw is not null)
            return flaw is not null;
        var (time, start, point) = (_point.Milliseconds, Start, Points - 1);
        if (!CanTakeSamples(known.Parts.Count + 2))
            return false;
        AddSample(AddSeries(known.Sum), time, _point.IsNoValue ? StaleMarker.Value : _point.Sum, start, point);
        AddSample(AddSeries(known.Count), time, _point.IsNoValue ? StaleMarker.Value : _point.Count, start, point);
        for (var i = 0; i < known.Parts.Count; i++)
            AddSample(AddSeries(known.Parts[i]), time, _point.IsNoValue ? StaleMarker.Value : _point.Quantiles[i], start, point);
        return Fault is null;
    }

    // The series of a point that is one series. Null when its attributes cannot be read.
    private PointSeries? Series(ReadOnlySpan<byte> body, out Flaw? flaw)
    {
        flaw = null;
        var attributes = _point.AttributesIn(body);
        if (_memory.TryGet(_metric.Number, attributes, out PointSeries? known))
            return known;
        if (!TryReadLabels(attributes, out flaw))
            return null;
        var labels = Labels.Empty;
        if (flaw is null)
        {
            _labels.AddOwn("__name__", _metric.Family);
            labels = _labels.Build(out flaw);
        }
        var made = new PointSeries(labels, flaw);
        _memory.Remember(_metric.Number, attributes, made, labels.Bytes.Length);
        return made;
    }

    // The series of a point that is several: a sum, a count, and one for each bound or quantile. Null when it cannot be read.
    private PointSeries? Parts(ReadOnlySpan<byte> body, string ending, string label, bool addInfinity, out Flaw? flaw)
    {
        flaw = null;
        var attributes = _point.AttributesIn(body);
        var bounds = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_point.Bounds);
        if (_memory.TryGet(_metric.Number, attributes, out PointSeries? known))
        {
            flaw = known.Flaw;
            // Who says that a histogram ended does not name its buckets again.
            if (flaw is not null || bounds.SequenceEqual(known.Bounds) || (_point.IsNoValue && bounds.IsEmpty))
                return known;
        }
        if (!TryReadLabels(attributes, out flaw))
            return null;
        var made = flaw is null ? MakeParts(ending, label, bounds.ToArray(), addInfinity, ref flaw) : null;
        if (Fault is not null)
            return null;
        made = (made ?? new PointSeries(Labels.Empty, flaw)) with { HasSum = known?.HasSum ?? false };
        _memory.Remember(_metric.Number, attributes, made, made.Parts.Sum(part => (long)part.Bytes.Length + 60) + made.Sum.Bytes.Length + made.Count.Bytes.Length);
        return made;
    }

    private PointSeries? MakeParts(string ending, string label, double[] bounds, bool addInfinity, ref Flaw? flaw)
    {
        var count = _labels.Count;
        var sum = Part("_sum", null, null, ref flaw);
        var total = Part("_count", null, null, ref flaw);
        if (flaw is not null || !CanTakeKeys((long)sum.Bytes.Length * bounds.Length))
            return null;
        var parts = new Labels[bounds.Length + (addInfinity ? 1 : 0)];
        for (var i = 0; i < parts.Length && flaw is null; i++)
            parts[i] = Part(ending, label, i < bounds.Length ? NumberText.Plain(bounds[i]) : "+Inf", ref flaw);
        return flaw is null ? new PointSeries(Labels.Empty, null) { Sum = sum, Count = total, Parts = parts, Bounds = bounds } : null;

        Labels Part(string end, string? name, string? value, ref Flaw? why)
        {
            _labels.GoBack(count);
            _labels.AddOwn("__name__", _metric.Family + end);
            if (name is not null && value is not null)
                _labels.AddOwn(name, value);
            var labels = _labels.Build(out var found);
            why ??= found;
            return labels;
        }
    }

    // All labels of a point but its name; false when an attribute cannot be read.
    private bool TryReadLabels(ReadOnlySpan<byte> attributes, out Flaw? flaw)
    {
        flaw = null;
        _labels.Begin();
        var fields = new ProtoReader(attributes);
        while (!fields.IsAtEnd)
        {
            if (!TryReadAttribute(ref fields, _tags.Attributes, out _, out var key))
                return false;
            flaw ??= _attribute.Flaw ?? _labels.AddAttribute(key, _attribute.Bytes);
        }
        foreach (var (name, value, isAttribute) in _metric.Scope.Labels)
        {
            if (isAttribute)
                flaw ??= _labels.AddAttribute(name, value, isOfScope: true);
            else
                _labels.AddOwn(name, value);
        }
        AddIdentity(_metric.Scope.Resource.Job, _metric.Scope.Resource.Instance);
        return true;
    }

    private int AddSeries(Labels labels)
    {
        _keyBytes += labels.Bytes.Length;
        return Batch.AddSeries(labels);
    }

    private void AddSample(int place, long time, double value, long start, int point)
    {
        if (!CanTakeSamples(1))
            return;
        Batch.Add(place, time, value, start);
        _pointOfSample.Add(point);
    }

    private void AddObservation(in Observation observation)
    {
        _keyBytes += observation.Series.Bytes.Length;
        Observations.Add(observation);
        _pointOfObservation.Add(Points - 1);
    }

    private bool CanTakeSamples(int samples) => (Batch.Count + samples <= limits.SamplesMax && CanTakeKeys(0)) || TooMuch(
        $"the request makes more than {limits.SamplesMax:n0} samples; send fewer a request, or raise limits.otlp.samples");

    private bool CanTakeKeys(long bytes) => _keyBytes + bytes <= limits.KeyBytesMax || TooMuch(
        $"the series of the request have more than {limits.KeyBytesMax:n0} bytes of labels together, each bucket being a series; send fewer a request, or raise limits.otlp.decoded");

    // A difference is told from others of its series by the time it stands for. Not of the form <stream>-<n>: those are told by their order.
    private string Id()
    {
        if (_id.Start != _point.StartNanoseconds || _id.Time != _point.TimeNanoseconds || _id.Text.Length == 0)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"otlp:{_point.StartNanoseconds:x}:{_point.TimeNanoseconds:x}");
            _id = (_point.StartNanoseconds, _point.TimeNanoseconds, text);
        }
        return _id.Text;
    }
}
