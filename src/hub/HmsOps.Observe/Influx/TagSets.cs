using System.Text.Unicode;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Influx;

/// <summary>
/// Which series a line's measurement, tags and field are: told by their bytes as sent, so that a line like the one before costs a look-up and makes nothing.
/// Bounded: when full it forgets all and learns anew. One owner.
/// </summary>
internal sealed class TagSets(LabelLimits limits)
{
    private const long BytesMax = 32 << 20;
    private const int SetBytes = 400; // objects and table slots of a tag set, and of a series, beside their names
    private const int SeriesBytes = 300;
    private const int FieldsMax = 1_000; // of one tag set; further ones are made anew each time

    private readonly Dictionary<byte[], TagSet> _sets = new(ByteKeys.Comparer);
    private readonly List<(byte[] Name, byte[] Value)> _tags = [];
    private long _bytes;

    /// <summary>The tag set of a line's head. Null, and what is wrong, when it is none.</summary>
    public TagSet? Find(ReadOnlySpan<byte> head, out Flaw? flaw)
    {
        flaw = null;
        if (_sets.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(head, out var known))
            return known;
        if (_bytes > BytesMax)
        {
            _sets.Clear();
            _bytes = 0;
        }
        if (Read(head, out flaw) is not { } read)
            return null;
        _sets[head.ToArray()] = read;
        _bytes += SetBytes + 3 * head.Length;
        return read;
    }

    /// <summary>The series of one field, or what is wrong with it. Senders write fields in the same order each time: the place is tried first.</summary>
    public FieldSeries SeriesOf(TagSet tags, int place, ReadOnlySpan<byte> field)
    {
        var fields = tags.Fields;
        if (place < fields.Count && field.SequenceEqual(fields[place].Field))
            return fields[place];
        if (tags.ByField.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(field, out var known))
            return known;
        var made = Make(tags, field);
        if (fields.Count < FieldsMax)
        {
            fields.Add(made);
            tags.ByField[made.Field] = made;
            _bytes += SeriesBytes + made.Field.Length + made.Key.Length;
        }
        return made;
    }

    private TagSet? Read(ReadOnlySpan<byte> head, out Flaw? flaw)
    {
        if (!Utf8.IsValid(head))
        {
            flaw = Flaw.NotUtf8;
            return null;
        }
        var comma = InfluxLine.IndexOf(head, (byte)',');
        var measurement = Unescaped(comma < 0 ? head : head[..comma]);
        flaw = measurement.Length == 0 ? new Flaw("no_measurement", "no measurement; write measurement,tag=value field=1") : ReadTags(comma < 0 ? default : head[comma..]);
        if (flaw is not null)
            return null;
        var before = new System.Buffers.ArrayBufferWriter<byte>();
        var after = new System.Buffers.ArrayBufferWriter<byte>();
        foreach (var (name, value) in _tags)
            LabelBytes.Write(name.AsSpan().SequenceCompareTo(Labels.MetricName) < 0 ? before : after, name, value);
        return new TagSet(measurement, before.WrittenSpan.ToArray(), after.WrittenSpan.ToArray(), _tags.Sum(tag => tag.Name.Length + tag.Value.Length));
    }

    private Flaw? ReadTags(ReadOnlySpan<byte> rest)
    {
        _tags.Clear();
        while (!rest.IsEmpty)
        {
            rest = rest[1..]; // the comma
            var comma = InfluxLine.IndexOf(rest, (byte)',');
            var tag = comma < 0 ? rest : rest[..comma];
            rest = comma < 0 ? default : rest[comma..];
            var equals = InfluxLine.IndexOf(tag, (byte)'=');
            if (equals <= 0 || equals == tag.Length - 1)
                return new Flaw("tag", "a tag without a name or a value; write tag=value, or leave it out");
            var (name, value) = (Unescaped(tag[..equals]), Unescaped(tag[(equals + 1)..]));
            if (name.AsSpan().StartsWith("__"u8))
                return new Flaw("bad_label", $"'{RefusalTally.Shown(name)}' cannot be a tag: names that begin with __ are the hub's own");
            if (name.Length > limits.NameBytesMax)
                return limits.Name;
            if (value.Length > limits.ValueBytesMax)
                return limits.Value;
            _tags.Add((name, value));
            if (_tags.Count + 1 > limits.CountMax) // and the metric's name
                return limits.Count;
        }
        _tags.Sort(static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        for (var i = 1; i < _tags.Count; i++)
        {
            if (_tags[i].Name.AsSpan().SequenceEqual(_tags[i - 1].Name))
                return new Flaw("labels", $"the tag '{RefusalTally.Shown(_tags[i].Name)}' is there twice; send each once");
        }
        return null;
    }

    private FieldSeries Make(TagSet tags, ReadOnlySpan<byte> field)
    {
        var name = Unescaped(field);
        byte[] metric = name.AsSpan().SequenceEqual("value"u8) ? tags.Measurement : [.. tags.Measurement, (byte)'_', .. name];
        var flaw = !Utf8.IsValid(field) ? Flaw.NotUtf8
            : metric.Length > limits.ValueBytesMax ? limits.Value
            : tags.LabelBytesTotal + Labels.MetricName.Length + metric.Length > limits.BytesMax ? limits.Bytes
            : null;
        if (flaw is not null)
            return new FieldSeries(field.ToArray(), [], flaw);
        var key = new byte[tags.Before.Length + LabelBytes.Size(Labels.MetricName.Length, metric.Length) + tags.After.Length];
        tags.Before.CopyTo(key.AsSpan());
        var written = tags.Before.Length + LabelBytes.Write(key.AsSpan(tags.Before.Length), Labels.MetricName, metric);
        tags.After.CopyTo(key.AsSpan(written));
        return new FieldSeries(field.ToArray(), key, null);
    }

    private static byte[] Unescaped(ReadOnlySpan<byte> text)
    {
        var bytes = new byte[text.Length];
        var length = InfluxLine.Unescape(text, bytes);
        return length == bytes.Length ? bytes : bytes[..length];
    }
}

/// <summary>A measurement with its tags: their labels in order, those that stand before <c>__name__</c> and those behind it.</summary>
internal sealed record TagSet(byte[] Measurement, byte[] Before, byte[] After, int LabelBytesTotal)
{
    /// <summary>In the order in which they were first sent.</summary>
    public List<FieldSeries> Fields { get; } = [];

    public Dictionary<byte[], FieldSeries> ByField { get; } = new(ByteKeys.Comparer);
}

/// <summary>One field of a tag set: a series.</summary>
internal sealed class FieldSeries(byte[] field, byte[] key, Flaw? flaw)
{
    /// <summary>The field's name as sent.</summary>
    public byte[] Field { get; } = field;

    /// <summary>Its canonical label bytes.</summary>
    public byte[] Key { get; } = key;

    /// <summary>Why no sample of it can be taken; null when they can.</summary>
    public Flaw? Flaw { get; } = flaw;

    /// <summary>What the store knows it by; zero as long as it has not said.</summary>
    public UInt128 Identity { get; set; }

    /// <summary>The batch it was last added to, and its place there.</summary>
    public (long Batch, int Place) Latest { get; set; }
}
