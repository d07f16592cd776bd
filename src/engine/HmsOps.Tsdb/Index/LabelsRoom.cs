using System.Buffers;
using HmsOps.Series;

namespace HmsOps.Tsdb.Index;

/// <summary>Where label sets are put together that are needed until the one after them is: two places in turn, used again. One owner.</summary>
internal sealed class LabelsRoom
{
    private const int FirstBytes = 1024; // pooled; most label sets need no more

    private byte[] _now = [];
    private byte[] _before = [];
    private int _length;

    /// <summary>The set that was put together last.</summary>
    public ReadOnlyMemory<byte> Written => _now.AsMemory(0, _length);

    /// <summary>Begins another set, in the place of the last but one.</summary>
    public void Begin()
    {
        (_now, _before) = (_before, _now);
        _length = 0;
    }

    /// <summary>Adds a label as it lies elsewhere.</summary>
    public void Add(ReadOnlySpan<byte> label)
    {
        label.CopyTo(Take(label.Length));
        _length += label.Length;
    }

    /// <summary>Adds a label whose value is in two parts.</summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        var into = Take(LabelBytes.Size(name.Length, head.Length + tail.Length));
        _length += LabelBytes.Write(into, name, head, tail);
    }

    /// <summary>Gives both places back. What was put together is gone.</summary>
    public void Return()
    {
        Return(_now);
        Return(_before);
        (_now, _before, _length) = ([], [], 0);
    }

    private Span<byte> Take(int bytes)
    {
        if (_now.Length - _length < bytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstBytes, Math.Max(_length + bytes, _now.Length * 2)));
            _now.AsSpan(0, _length).CopyTo(larger);
            Return(_now);
            _now = larger;
        }
        return _now.AsSpan(_length);
    }

    private static void Return(byte[] place)
    {
        if (place.Length > 0)
            ArrayPool<byte>.Shared.Return(place);
    }
}
