using System.Buffers;
using System.Diagnostics;
using System.Text;

namespace HmsOps.Series;

/// <summary>Which labels of a set are wanted: only some, or all but some. Immutable.</summary>
public sealed class LabelChoice
{
    private readonly byte[][] _names;

    private LabelChoice(IEnumerable<string> names, bool keeps)
    {
        _names = [.. names.Select(Encoding.UTF8.GetBytes)];
        Keeps = keeps;
    }

    /// <summary>True when what is named stays, false when it goes.</summary>
    public bool Keeps { get; }

    /// <summary>Only these.</summary>
    public static LabelChoice Only(params IEnumerable<string> names) => new(names, keeps: true);

    /// <summary>All but these.</summary>
    public static LabelChoice Without(params IEnumerable<string> names) => new(names, keeps: false);

    /// <summary>True when a label of this name stays.</summary>
    public bool Wants(ReadOnlySpan<byte> label)
    {
        foreach (var name in _names)
        {
            if (label.SequenceEqual(name))
                return Keeps;
        }
        return !Keeps;
    }

    /// <summary>What stays of a set.</summary>
    public Labels Of(Labels labels)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(1, labels.Bytes.Length));
        foreach (var label in labels)
        {
            if (Wants(label.Name))
                LabelBytes.Write(bytes, label.Name, label.Value);
        }
        if (bytes.WrittenCount == labels.Bytes.Length)
            return labels;
        var isCanonical = Labels.TryFromBytes(bytes.WrittenMemory, out var chosen);
        Debug.Assert(isCanonical, "A canonical set with labels taken out stays canonical.");
        return chosen;
    }
}
