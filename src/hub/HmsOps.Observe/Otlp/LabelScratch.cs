using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>
/// A label set in the making: attributes of the sender, then labels of the mapping's own, which win over attributes of the same name. One owner, reused.
/// </summary>
internal sealed class LabelScratch(LabelLimits limits)
{
    private static readonly Flaw Reserved = new("label_reserved", "an attribute's name begins with __; such names are the hub's own, rename it");
    private static readonly Flaw Twice = new("attribute_twice", "an attribute is there twice; send each once");

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<Entry> _labels = [];
    private readonly List<Entry> _sorted = [];

    /// <summary>Forgets everything.</summary>
    public void Begin()
    {
        _bytes.ResetWrittenCount();
        _labels.Clear();
    }

    /// <summary>How many labels there are now, for <see cref="GoBack"/>.</summary>
    public int Count => _labels.Count;

    /// <summary>Forgets the labels that were added since.</summary>
    public void GoBack(int count) => _labels.RemoveRange(count, _labels.Count - count);

    /// <summary>Adds an attribute of a data point, or of its scope; answers what is wrong with it.</summary>
    public Flaw? AddAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool isOfScope = false)
    {
        if (name.IsEmpty)
            return Flaw.EmptyName;
        if (name.StartsWith("__"u8))
            return Reserved;
        if (name.Length > limits.NameBytesMax)
            return limits.Name;
        if (value.Length > limits.ValueBytesMax)
            return limits.Value;
        if (_labels.Count > limits.CountMax)
            return limits.Count;
        if (!Utf8.IsValid(name) || !Utf8.IsValid(value))
            return Flaw.NotUtf8;
        Add(name, value, isOfScope ? Rank.Scope : Rank.Point);
        return null;
    }

    /// <summary>Adds a label of the mapping's own.</summary>
    public void AddOwn(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Add(name, value, Rank.Own);

    /// <summary>Adds a label of the mapping's own.</summary>
    public void AddOwn(string name, string value) => Add(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value), Rank.Own);

    /// <summary>The canonical set, in bytes of its own; and what is wrong with it.</summary>
    public Labels Build(out Flaw? flaw)
    {
        _sorted.Clear();
        _sorted.AddRange(_labels);
        _sorted.Sort(Compare);
        var (count, size) = (0, 0);
        flaw = null;
        for (var i = 0; i < _sorted.Count; i++)
        {
            var label = _sorted[i];
            if (i + 1 < _sorted.Count && NameOf(_sorted[i + 1]).SequenceEqual(NameOf(label)))
            {
                if (_sorted[i + 1].Rank == label.Rank)
                    flaw = Twice;
                _sorted[i] = label with { ValueLength = 0 }; // gives way
            }
            else if (label.ValueLength > 0)
            {
                count++;
                size += label.NameLength + label.ValueLength;
            }
        }
        flaw ??= count > limits.CountMax ? limits.Count : size > limits.BytesMax ? limits.Bytes : null;
        if (flaw is not null)
            return Labels.Empty;
        var canonical = new ArrayBufferWriter<byte>(Math.Max(1, size + 8 * count));
        foreach (var label in _sorted)
        {
            if (label.ValueLength > 0)
                LabelBytes.Write(canonical, NameOf(label), _bytes.WrittenSpan.Slice(label.Value, label.ValueLength));
        }
        Labels.TryFromBytes(canonical.WrittenSpan.ToArray(), out var labels); // sorted, each name once, none empty
        return labels;
    }

    private void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Rank rank)
    {
        _labels.Add(new Entry(_bytes.WrittenCount, name.Length, _bytes.WrittenCount + name.Length, value.Length, rank));
        _bytes.Write(name);
        _bytes.Write(value);
    }

    private int Compare(Entry a, Entry b)
    {
        var order = NameOf(a).SequenceCompareTo(NameOf(b));
        return order != 0 ? order : a.Rank.CompareTo(b.Rank);
    }

    private ReadOnlySpan<byte> NameOf(Entry label) => _bytes.WrittenSpan.Slice(label.Name, label.NameLength);

    /// <summary>Where a label lies in the scratch bytes.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(int Name, int NameLength, int Value, int ValueLength, Rank Rank);

    /// <summary>Of two labels of one name the higher holds.</summary>
    private enum Rank
    {
        Point,
        Scope,
        Own,
    }
}
