using System.Buffers;
using System.Diagnostics;
using System.Text;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>Takes labels off label sets: all but some, or only some.</summary>
internal sealed class LabelProjection
{
    private readonly byte[][] _names;
    private readonly bool _keeps;

    private LabelProjection(IEnumerable<string> names, bool keeps)
    {
        _names = [.. names.Select(Encoding.UTF8.GetBytes)];
        _keeps = keeps;
    }

    /// <summary>Takes the metric's name off, and its type and unit, which go where it goes.</summary>
    public static LabelProjection Nameless { get; } = Without(["__name__", "__type__", "__unit__"]);

    public static LabelProjection Only(IEnumerable<string> names) => new(names, keeps: true);

    public static LabelProjection Without(IEnumerable<string> names) => new(names, keeps: false);

    /// <summary>What of a series its partner on the other side of an operator must have too.</summary>
    public static LabelProjection Signature(PromMatching matching) =>
        matching.On ? Only(matching.Labels) : Without(matching.Labels.Append("__name__"));

    public Labels Of(Labels labels)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(1, labels.Bytes.Length));
        foreach (var label in labels)
        {
            if (Names(label.Name) != _keeps)
                continue;
            LabelBytes.Write(bytes, label.Name, label.Value);
        }
        if (bytes.WrittenCount == labels.Bytes.Length)
            return labels;
        var isCanonical = Labels.TryFromBytes(bytes.WrittenMemory, out var projected);
        Debug.Assert(isCanonical, "A canonical set with labels taken out stays canonical.");
        return projected;
    }

    private bool Names(ReadOnlySpan<byte> label)
    {
        foreach (var name in _names)
        {
            if (label.SequenceEqual(name))
                return true;
        }
        return false;
    }
}
