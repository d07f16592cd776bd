using System.Buffers;
using System.Text;
using System.Text.Unicode;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>What resources, scopes and metrics are in Prometheus' model; made once, then remembered.</summary>
internal sealed partial class MetricsDecoder
{
    // Levels of the memory. Entries below them have numbers from 1 on.
    private const long ResourceLevel = 0;

    private const long TargetInfoEvery = 150_000; // ms; half of how far back a query looks, so that a backlog has no holes
    private const long TargetInfoBack = 24 * 3_600_000; // ms; as far as samples are taken at all

    private static readonly byte[][] Identifying = ["service.name"u8.ToArray(), "service.namespace"u8.ToArray(), "service.instance.id"u8.ToArray()];

    private readonly ArrayBufferWriter<byte> _key = new();

    private ResourceEntry? Resource(ReadOnlySpan<byte> message)
    {
        if (_memory.TryGet(ResourceLevel, message, out ResourceEntry? known))
            return known;
        byte[] name = [], space = [], instance = [];
        var (hasName, hasSpace, hasInstance, others) = (false, false, false, 0);
        Flaw? flaw = null, targetFlaw = null;
        _labels.Begin();
        var fields = new ProtoReader(message);
        while (!fields.IsAtEnd)
        {
            if (!TryReadAttribute(ref fields, First, out var isAttribute, out var key))
                return null;
            if (!isAttribute)
                continue;
            var value = _attribute.Bytes;
            if (key.SequenceEqual(Identifying[0]))
                (name, hasName, flaw) = (value.ToArray(), true, hasName ? Flaw.Twice : flaw ?? _attribute.Flaw);
            else if (key.SequenceEqual(Identifying[1]))
                (space, hasSpace, flaw) = (value.ToArray(), true, hasSpace ? Flaw.Twice : flaw ?? _attribute.Flaw);
            else if (key.SequenceEqual(Identifying[2]))
                (instance, hasInstance, flaw) = (value.ToArray(), true, hasInstance ? Flaw.Twice : flaw ?? _attribute.Flaw);
            else
                (others, targetFlaw) = (others + 1, targetFlaw ?? _attribute.Flaw ?? _labels.AddAttribute(key, value));
        }
        var job = !hasSpace || !hasName ? name : [.. space, (byte)'/', .. name];
        if (job.Length > limits.Labels.ValueBytesMax || instance.Length > limits.Labels.ValueBytesMax)
            flaw = limits.Labels.Value;
        if (!Utf8.IsValid(job) || !Utf8.IsValid(instance))
            flaw = Flaw.NotUtf8;
        var target = Labels.Empty;
        if (others > 0 && job.Length + instance.Length > 0 && flaw is null && targetFlaw is null)
        {
            AddIdentity(job, instance);
            _labels.AddOwn(Labels.MetricName, "target_info"u8);
            target = _labels.Build(out targetFlaw);
        }
        var entry = new ResourceEntry(_memory.NextNumber(), job, instance, target, flaw, targetFlaw);
        _memory.Remember(ResourceLevel, message, entry, job.Length + instance.Length + target.Bytes.Length);
        return entry;
    }

    private ScopeEntry? Scope(ResourceEntry resource, ReadOnlySpan<byte> message, ReadOnlySpan<byte> url)
    {
        var key = KeyOf(0, message, url);
        if (_memory.TryGet(resource.Number, key, out ScopeEntry? known))
            return known;
        ReadOnlySpan<byte> name = default, version = default;
        var labels = new List<(byte[], byte[], bool)>();
        Flaw? flaw = null;
        var fields = new ProtoReader(message);
        while (!fields.IsAtEnd)
        {
            var ahead = fields;
            var read = ahead.TryReadTag(out var tag) && tag switch
            {
                First => ahead.TryReadBlock(out name),
                Second => ahead.TryReadBlock(out version),
                _ => true,
            };
            if (!read)
                return null;
            if (tag is First or Second)
            {
                fields = ahead;
                continue;
            }
            if (!TryReadAttribute(ref fields, Third, out var isAttribute, out var attribute))
                return null;
            if (!isAttribute)
                continue;
            flaw ??= _attribute.Flaw ?? (attribute.IsEmpty ? Flaw.EmptyName : null);
            labels.Add(([.. "otel_scope_"u8, .. attribute], _attribute.Bytes.ToArray(), true));
        }
        labels.Add(("otel_scope_name"u8.ToArray(), name.ToArray(), false));
        labels.Add(("otel_scope_version"u8.ToArray(), version.ToArray(), false));
        labels.Add(("otel_scope_schema_url"u8.ToArray(), url.ToArray(), false));
        if (name.IsEmpty)
            labels.Clear(); // a scope without a name is none
        if (!Utf8.IsValid(name) || !Utf8.IsValid(version) || !Utf8.IsValid(url))
            flaw = Flaw.NotUtf8;
        var entry = new ScopeEntry(_memory.NextNumber(), resource, labels, flaw);
        _memory.Remember(resource.Number, key, entry, message.Length + url.Length);
        return entry;
    }

    private MetricEntry Metric(ScopeEntry scope, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, in MetricData data)
    {
        var key = KeyOf((byte)(1 + (int)data.Kind * 8 + (data.IsMonotonic ? 4 : 0) + (int)data.Temporality), name, unit);
        if (_memory.TryGet(scope.Number, key, out MetricEntry? known))
            return known;
        var flaw = name.IsEmpty ? NoName
            : name.Length + unit.Length > limits.Labels.ValueBytesMax ? limits.Labels.Value
            : !Utf8.IsValid(name) || !Utf8.IsValid(unit) ? Flaw.NotUtf8
            : null;
        var family = flaw is null ? MetricNames.Family(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(unit), data.Kind, data.IsMonotonic) : "";
        var entry = new MetricEntry(_memory.NextNumber(), scope, family, flaw);
        _memory.Remember(scope.Number, key, entry, 2 * family.Length);
        return entry;
    }

    // Two texts as one key: their lengths keep apart where one ends.
    private ReadOnlySpan<byte> KeyOf(byte kind, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        _key.ResetWrittenCount();
        _key.GetSpan(1)[0] = kind;
        _key.Advance(1);
        Varint.WriteBlock(_key, first);
        _key.Write(second);
        return _key.WrittenSpan;
    }

    // A field of a message that holds attributes among others: its key, and the value's text in _attribute.
    private bool TryReadAttribute(ref ProtoReader fields, uint attributes, out bool isAttribute, out ReadOnlySpan<byte> key)
    {
        isAttribute = false;
        key = default;
        if (!fields.TryReadTag(out var tag))
            return false;
        if (tag != attributes)
            return fields.TrySkip(tag);
        isAttribute = true;
        return fields.TryReadBlock(out var pair) && AttributeText.TryReadPair(pair, out key, out var value) && _attribute.TryRead(value);
    }

    private void AddIdentity(byte[] job, byte[] instance)
    {
        if (job.Length > 0)
            _labels.AddOwn("job"u8, job);
        if (instance.Length > 0)
            _labels.AddOwn("instance"u8, instance);
    }

    private void AddMetadata(ReadOnlySpan<byte> unit, ReadOnlySpan<byte> description, in MetricData data)
    {
        if (Batch.Metadata.Count >= limits.ItemsMax)
            return;
        if (_metric.Words is not { } words || !description.SequenceEqual(words.Description))
        {
            if (description.Length > limits.Labels.ValueBytesMax)
            {
                Refused.Add("description_length", $"a metric's description has more than {limits.Labels.ValueBytesMax} bytes and is left out; shorten it");
                return;
            }
            var type = data.Kind switch
            {
                PointKind.Sum => data.IsMonotonic ? "counter" : "gauge",
                PointKind.Histogram or PointKind.Exponential => "histogram",
                PointKind.Summary => "summary",
                _ => "gauge",
            };
            words = new MetricWords(
                description.ToArray(), new MetricMetadata(_metric.Family, type, MetricNames.Unit(Encoding.UTF8.GetString(unit)), Encoding.UTF8.GetString(description)));
            _metric.Words = words;
        }
        Batch.Metadata.Add(words.Metadata);
    }

    // Its samples stand from the first of the resource's points to the last.
    private void AddTargetInfo(ResourceEntry resource)
    {
        if (_latest < 0 || resource.Flaw is not null)
            return;
        if (resource.TargetFlaw is { } flaw)
        {
            Refused.Add($"target_info_{flaw.Reason}", $"the series target_info of a resource is left out: {flaw.Sentence}");
            return;
        }
        if (resource.TargetInfo.IsEmpty)
            return;
        var place = AddSeries(resource.TargetInfo);
        for (var at = Math.Max(_earliest, _latest - TargetInfoBack); at < _latest; at += TargetInfoEvery)
            AddSample(place, at, 1, 0, -1);
        AddSample(place, _latest, 1, 0, -1);
    }
}
