using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace HmsOps.Series;

/// <summary>
/// A label set: UTF-8 names and values, sorted by the bytes of the names, without empty values. The value is one block of bytes, so equality
/// is a comparison of bytes and nothing is a string until a person reads it. Immutable and safe to share between threads.
/// </summary>
/// <remarks>
/// The bytes are those in which remote write sends a label set, the fields <c>labels</c> of its <c>TimeSeries</c>:
/// <c>{ 0x0a, length, { 0x0a, length, name, 0x12, length, value } }</c> repeated, lengths as shortest varints. So what nearly every sender sends is
/// canonical as it lies in the body, and finding its series is one hash over it.
/// </remarks>
public readonly struct Labels : IEquatable<Labels>
{
    /// <summary>The label that holds a metric's name.</summary>
    public static ReadOnlySpan<byte> MetricName => "__name__"u8;

    /// <summary>The label set without labels.</summary>
    public static Labels Empty => default;

    private readonly ReadOnlyMemory<byte> _bytes;

    internal Labels(ReadOnlyMemory<byte> canonical) => _bytes = canonical;

    /// <summary>The canonical bytes; two label sets are equal exactly when these are.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.Span;

    /// <summary>True when there is no label.</summary>
    public bool IsEmpty => _bytes.IsEmpty;

    /// <summary>The same set in bytes of its own, that keep nothing else alive.</summary>
    public Labels Copy() => new(_bytes.ToArray());

    /// <summary>Walks the labels in the order of their names. The spans live as long as this label set.</summary>
    public Enumerator GetEnumerator() => new(_bytes.Span);

    /// <summary>The value of a label; an empty span when it is absent (absent and empty are the same).</summary>
    public ReadOnlySpan<byte> Get(ReadOnlySpan<byte> name)
    {
        foreach (var label in this)
        {
            var order = label.Name.SequenceCompareTo(name);
            if (order == 0)
                return label.Value;
            if (order > 0)
                return default;
        }
        return default;
    }

    /// <summary>The value of a label as text, empty when absent. For the borders where people read.</summary>
    public string Text(string name) => Encoding.UTF8.GetString(Get(Encoding.UTF8.GetBytes(name)));

    /// <summary>The metric's name as text, empty when there is none.</summary>
    public string Name => Encoding.UTF8.GetString(Get(MetricName));

    /// <summary>
    /// Takes canonical bytes for a label set. False when they are not canonical: out of order, a repeated name, an empty
    /// name or value, a length that reaches past the end or is written longer than need be.
    /// </summary>
    public static bool TryFromBytes(ReadOnlyMemory<byte> bytes, out Labels labels)
    {
        var isCanonical = IsCanonical(bytes.Span);
        labels = isCanonical ? new Labels(bytes) : default;
        return isCanonical;
    }

    /// <summary>True when bytes are the canonical form of a label set.</summary>
    public static bool IsCanonical(ReadOnlySpan<byte> bytes)
    {
        var last = ReadOnlySpan<byte>.Empty;
        var rest = bytes;
        while (!rest.IsEmpty)
        {
            var before = rest.Length;
            if (!LabelBytes.TryRead(ref rest, out var name, out var value) || name.IsEmpty || value.IsEmpty)
                return false;
            if (last.SequenceCompareTo(name) >= 0 || before - rest.Length != LabelBytes.Size(name.Length, value.Length))
                return false;
            last = name;
        }
        return true;
    }

    /// <summary>Builds a label set from text; later pairs win over earlier ones of the same name.</summary>
    public static Labels From(params ReadOnlySpan<(string Name, string Value)> pairs)
    {
        var builder = new LabelsBuilder();
        foreach (var (name, value) in pairs)
            builder.Set(name, value);
        return builder.Build();
    }

    /// <inheritdoc/>
    public bool Equals(Labels other) => _bytes.Span.SequenceEqual(other._bytes.Span);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Labels other && Equals(other);

    /// <summary>Folded products, eight bytes at a time: the same in every process, so an order that depends on it replays.</summary>
    public override int GetHashCode()
    {
        const ulong Odd = 0x9E3779B97F4A7C15;
        var rest = _bytes.Span;
        var hash = Odd ^ (ulong)rest.Length;
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(rest), Odd);
        var tail = 0UL;
        foreach (var b in rest)
            tail = (tail << 8) | b;
        hash = Fold(hash ^ tail, Odd);
        return (int)(hash ^ (hash >> 32));

        static ulong Fold(ulong a, ulong b) => Math.BigMul(a, b, out var low) ^ low;
    }

    /// <summary>Equal bytes.</summary>
    public static bool operator ==(Labels left, Labels right) => left.Equals(right);

    /// <summary>Different bytes.</summary>
    public static bool operator !=(Labels left, Labels right) => !left.Equals(right);

    /// <summary>Sorts by names and values as PromQL's answers are sorted.</summary>
    public static int Compare(Labels left, Labels right)
    {
        var a = left.GetEnumerator();
        var b = right.GetEnumerator();
        while (true)
        {
            var hasA = a.MoveNext();
            var hasB = b.MoveNext();
            if (!hasA || !hasB)
                return hasA.CompareTo(hasB);
            var order = a.Current.Name.SequenceCompareTo(b.Current.Name);
            if (order == 0)
                order = a.Current.Value.SequenceCompareTo(b.Current.Value);
            if (order != 0)
                return order;
        }
    }

    /// <summary><see cref="CompareRows"/>, for what sorts.</summary>
    public static IComparer<Labels> RowOrder { get; } = Comparer<Labels>.Create(CompareRows);

    /// <summary>
    /// The order of rows: by the bytes of the metric's name, then as <see cref="Compare"/>. One metric's series are neighbours, whatever their labels.
    /// </summary>
    public static int CompareRows(Labels left, Labels right)
    {
        var order = left.Get(MetricName).SequenceCompareTo(right.Get(MetricName));
        return order != 0 ? order : Compare(left, right);
    }

    /// <summary>As PromQL prints it: <c>name{a="b"}</c>, or <c>{"tax-bot.ok", a="b"}</c> where the name needs quotes.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var name = Name;
        var bare = name.Length > 0 && LabelNames.IsLegacyMetricName(name);
        if (bare)
            text.Append(name);
        var open = false;
        if (name.Length > 0 && !bare)
        {
            text.Append('{').Append(LabelNames.Quote(name));
            open = true;
        }
        foreach (var label in this)
        {
            if (label.Name.SequenceEqual(MetricName))
                continue;
            text.Append(open ? ", " : "{");
            open = true;
            var labelName = Encoding.UTF8.GetString(label.Name);
            text.Append(LabelNames.IsLegacyLabelName(labelName) ? labelName : LabelNames.Quote(labelName));
            text.Append('=').Append(LabelNames.Quote(Encoding.UTF8.GetString(label.Value)));
        }
        if (open)
            text.Append('}');
        return text.Length == 0 ? "{}" : text.ToString();
    }

    /// <summary>One label while walking a set.</summary>
    public readonly ref struct Label(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        /// <summary>The name's bytes.</summary>
        public ReadOnlySpan<byte> Name { get; } = name;

        /// <summary>The value's bytes, never empty.</summary>
        public ReadOnlySpan<byte> Value { get; } = value;
    }

    /// <summary>Walks a label set without allocating.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> bytes)
        {
            _rest = bytes;
            Current = default;
        }

        /// <summary>The label the walk stands on.</summary>
        public Label Current { readonly get; private set; }

        /// <summary>Goes to the next label.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
                return false;
            if (!LabelBytes.TryRead(ref _rest, out var name, out var value))
                throw new InvalidOperationException("A label set holds bytes that are not canonical; it was not made by LabelsBuilder or TryFromBytes.");
            Current = new Label(name, value);
            return true;
        }
    }
}
