using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteWrite;

/// <summary>
/// The labels of one series of a message, as they are found: notes where each lies and what is wrong with them. Labels that lie as
/// <see cref="Labels.Bytes"/> wants them are never moved; only where a sender left a field out, doubled or strewed them is a key written anew, sorted.
/// </summary>
internal sealed class SeriesKey(LabelLimits limits)
{
    private const byte FieldOne = 0x0a;
    private const byte FieldTwo = 0x12;
    private const int LengthOfOneByteMax = 0x7f;
    private const int LabelBytesMin = 6; // of a field: two tags with their lengths within one, and nothing else

    // The first four bytes of a label field: tag, length, tag of the name, its length; both lengths below 128.
    private const uint RunHead = FieldOne | (FieldOne << 16);
    private const uint RunMask = 0x80ff80ff;

    private readonly int _quickBytesMax = Math.Min(limits.NameBytesMax, limits.ValueBytesMax);
    private readonly Place[] _places = new Place[limits.CountMax];
    private readonly ArrayBufferWriter<byte> _written = new();
    private int _bytes;

    /// <summary>Labels found.</summary>
    public int Count { get; private set; }

    /// <summary>What is wrong with them; null when nothing is.</summary>
    public Flaw? Flaw { get; private set; }

    /// <summary>True when the key has to be written anew.</summary>
    public bool IsUntidy { get; private set; }

    /// <summary>Forgets the series before.</summary>
    public void Begin()
    {
        (Count, _bytes) = (0, 0);
        (Flaw, IsUntidy) = (null, false);
    }

    /// <summary>Says that other fields lie between the labels.</summary>
    public void MarkStrewn() => IsUntidy = true;

    /// <summary>
    /// Reads label fields one behind another for as long as they are as nearly all are: every length a byte, name and value there, in order, within the limits.
    /// Answers where the first lies that is not, which <see cref="TryAdd"/> is for.
    /// </summary>
    public int AddRun(ReadOnlySpan<byte> body, int at, int end)
    {
        // Bounds: at + 6 <= end <= body.Length before the first read; of a label, `value + 2 <= next <= end` before its value is looked at.
        ref var bytes = ref MemoryMarshal.GetReference(body);
        var places = _places;
        var most = (uint)Math.Min(_quickBytesMax, LengthOfOneByteMax);
        while (end - at >= LabelBytesMin && Count < places.Length)
        {
            var head = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref bytes, at));
            if (!BitConverter.IsLittleEndian || (head & RunMask) != RunHead)
                break;
            var name = (int)(head >> 24);
            var next = at + 2 + (int)((head >> 8) & LengthOfOneByteMax);
            var field = at + 4 + name;
            var value = next - field - 2;
            if (next > end || value <= 0 || (uint)(name - 1) >= most || (uint)value > most
                || Unsafe.Add(ref bytes, field) != FieldTwo || Unsafe.Add(ref bytes, field + 1) != value)
            {
                break;
            }
            places[Count++] = new Place(at + 4, name, field + 2, value);
            _bytes += name + value;
            at = next;
        }
        return at;
    }

    /// <summary>Reads the message <c>Label</c> that lies at a place; false when it cannot be read.</summary>
    public bool TryAdd(ReadOnlySpan<byte> body, int start, int length)
    {
        var label = body.Slice(start, length);
        int name, value;
        if (length >= 4 && label[0] == FieldOne && (name = label[1]) <= LengthOfOneByteMax && name + 4 <= length && label[name + 2] == FieldTwo
            && (value = label[name + 3]) <= LengthOfOneByteMax && name + value + 4 == length)
        {
            Add(new Place(start + 2, name, start + length - value, value));
            return true;
        }
        return TryAddSlowly(body, start, length);
    }

    /// <summary>Looks at what only the whole shows. <paramref name="key"/> are the label fields, with whatever lies between.</summary>
    public void Check(ReadOnlySpan<byte> body, ReadOnlySpan<byte> key)
    {
        if (Count == 0)
            Flaw = Flaw.NoLabels;
        else if (Count > limits.CountMax)
            Flaw = limits.Count;
        else if (_bytes > limits.BytesMax)
            Flaw ??= limits.Bytes;
        else if (Flaw is null && !Ascii.IsValid(key) && !AreUtf8(body))
            Flaw = Flaw.NotUtf8;
    }

    /// <summary>The key written anew: canonical. Null, and a flaw, when a name is there twice. Lives until the next series.</summary>
    public ReadOnlyMemory<byte>? Write(ReadOnlySpan<byte> body)
    {
        _written.ResetWrittenCount();
        var places = _places.AsSpan(0, Count);
        for (var i = 1; i < places.Length; i++) // at most limits.labels.count, and rarely out of order
        {
            var place = places[i];
            var to = i;
            for (; to > 0 && body.Slice(places[to - 1].Name, places[to - 1].NameLength).SequenceCompareTo(body.Slice(place.Name, place.NameLength)) > 0; to--)
                places[to] = places[to - 1];
            places[to] = place;
        }
        var last = ReadOnlySpan<byte>.Empty;
        foreach (var place in places)
        {
            var name = body.Slice(place.Name, place.NameLength);
            if (name.SequenceEqual(last))
            {
                Flaw = Flaw.Twice;
                return null;
            }
            last = name;
            if (place.ValueLength > 0)
                LabelBytes.Write(_written, name, body.Slice(place.Value, place.ValueLength));
        }
        return _written.WrittenMemory;
    }

    /// <summary>The metric's name for a message to people.</summary>
    public string Shown(ReadOnlySpan<byte> body)
    {
        foreach (var place in _places.AsSpan(0, Math.Min(Count, limits.CountMax)))
        {
            if (body.Slice(place.Name, place.NameLength).SequenceEqual(Labels.MetricName))
                return RefusalTally.Shown(body.Slice(place.Value, place.ValueLength));
        }
        return "a series without a name";
    }

    private bool TryAddSlowly(ReadOnlySpan<byte> body, int start, int length)
    {
        var fields = new ProtoReader(body, start, length);
        int name = 0, nameLength = 0, value = 0, valueLength = 0, seen = 0;
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            var read = tag switch
            {
                FieldOne => fields.TryReadBlock(out name, out nameLength),
                FieldTwo => fields.TryReadBlock(out value, out valueLength),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                return false;
            seen = tag switch
            {
                FieldOne when seen == 0 => 1,
                FieldTwo when seen == 1 => 2,
                _ => 3,
            };
        }
        IsUntidy |= seen != 2;
        Add(new Place(name, nameLength, value, valueLength));
        return true;
    }

    private void Add(Place place)
    {
        if (Count < _places.Length)
            _places[Count] = place;
        Count++;
        _bytes += place.NameLength + place.ValueLength;
        if (place.NameLength == 0)
            Flaw = Flaw.EmptyName;
        if (place.ValueLength == 0)
            IsUntidy = true;
        if (place.NameLength <= _quickBytesMax && place.ValueLength <= _quickBytesMax)
            return;
        if (place.NameLength > limits.NameBytesMax)
            Flaw = limits.Name;
        else if (place.ValueLength > limits.ValueBytesMax)
            Flaw = limits.Value;
    }

    private bool AreUtf8(ReadOnlySpan<byte> body)
    {
        foreach (var place in _places.AsSpan(0, Count))
        {
            if (!Utf8.IsValid(body.Slice(place.Name, place.NameLength)) || !Utf8.IsValid(body.Slice(place.Value, place.ValueLength)))
                return false;
        }
        return true;
    }

    /// <summary>Where a label's name and value lie in the body.</summary>
    private readonly record struct Place(int Name, int NameLength, int Value, int ValueLength);
}
