using System.Buffers;
using System.Text;

namespace HmsOps.Series;

/// <summary>Collects labels in any order and builds the canonical set. One owner; reusable after <see cref="Clear"/>.</summary>
public sealed class LabelsBuilder
{
    private readonly List<(byte[] Name, byte[] Value)> _labels = [];

    /// <summary>Starts from an existing set.</summary>
    public static LabelsBuilder From(Labels labels)
    {
        var builder = new LabelsBuilder();
        foreach (var label in labels)
            builder._labels.Add((label.Name.ToArray(), label.Value.ToArray()));
        return builder;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _labels.Clear();

    /// <summary>Sets one label; an empty value removes it.</summary>
    public LabelsBuilder Set(string name, string value) => Set(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));

    /// <summary>Sets one label; an empty value removes it.</summary>
    public LabelsBuilder Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.IsEmpty)
            throw new ArgumentException("A label needs a name.", nameof(name));
        Remove(name);
        if (!value.IsEmpty)
            _labels.Add((name.ToArray(), value.ToArray()));
        return this;
    }

    /// <summary>Removes one label, if it is there.</summary>
    public LabelsBuilder Remove(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < _labels.Count; i++)
        {
            if (_labels[i].Name.AsSpan().SequenceEqual(name))
            {
                _labels.RemoveAt(i);
                break;
            }
        }
        return this;
    }

    /// <summary>The canonical label set.</summary>
    public Labels Build()
    {
        _labels.Sort(static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        var bytes = new ArrayBufferWriter<byte>(64);
        foreach (var (name, value) in _labels)
            LabelBytes.Write(bytes, name, value);
        return new Labels(bytes.WrittenSpan.ToArray());
    }
}
