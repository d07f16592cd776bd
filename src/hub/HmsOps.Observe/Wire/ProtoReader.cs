using System.Buffers.Binary;

namespace HmsOps.Observe.Wire;

/// <summary>
/// Walks the fields of one protobuf message that lies in a span. Nothing is copied; positions count from the beginning of the whole span, so that what is
/// found can be named by where it lies. Hostile bytes end in false: no length reaches past the message's end, no number is longer than 64 bits, and a
/// caller that goes down into a block cannot leave it. Groups are refused: no message we read has any.
/// </summary>
public ref struct ProtoReader
{
    private readonly ReadOnlySpan<byte> _body;
    private readonly int _end;

    /// <summary>A reader of the whole span.</summary>
    public ProtoReader(ReadOnlySpan<byte> body)
        : this(body, 0, body.Length)
    {
    }

    /// <summary>A reader of the message that lies at <paramref name="start"/>.</summary>
    public ProtoReader(ReadOnlySpan<byte> body, int start, int length)
    {
        _end = start + length;
        _body = body[.._end];
        At = start;
    }

    /// <summary>Where the next field begins.</summary>
    public int At { get; private set; }

    /// <summary>True when the message has been read.</summary>
    public readonly bool IsAtEnd => At >= _end;

    /// <summary>Reads a field's number and wire type, as <c>number &lt;&lt; 3 | type</c>.</summary>
    public bool TryReadTag(out uint tag)
    {
        if (At < _body.Length && _body[At] is var one && one < 0x80)
        {
            tag = one;
            At++;
            return one >> 3 != 0;
        }
        var read = TryReadVarint(out var wide);
        tag = (uint)wide;
        return read && wide <= uint.MaxValue && tag >> 3 != 0;
    }

    /// <summary>True when <see cref="TryFindBlock(uint, out int, out int)"/> ended at bytes that are no field.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Goes to the next block with a tag, over all other fields; false at the end, and where the bytes are no field (<see cref="IsBroken"/>).</summary>
    public bool TryFindBlock(uint wanted, out int start, out int length)
    {
        (start, length) = (0, 0);
        while (!IsAtEnd && !IsBroken)
        {
            if (TryReadTag(out var tag) && (tag == wanted ? TryReadBlock(out start, out length) : TrySkip(tag)))
            {
                if (tag == wanted)
                    return true;
                continue;
            }
            IsBroken = true;
        }
        return false;
    }

    /// <summary>As above; answers the bytes.</summary>
    public bool TryFindBlock(uint wanted, out ReadOnlySpan<byte> block)
    {
        var found = TryFindBlock(wanted, out int start, out var length);
        block = _body.Slice(start, length);
        return found;
    }

    /// <summary>Reads a number.</summary>
    public bool TryReadVarint(out ulong value)
    {
        if (At < _body.Length && _body[At] is var one && one < 0x80)
        {
            value = one;
            At++;
            return true;
        }
        var rest = _body[Math.Min(At, _body.Length)..];
        var before = rest.Length;
        if (!Series.Varint.TryRead(ref rest, out value))
            return false;
        At += before - rest.Length;
        return true;
    }

    /// <summary>Reads eight bytes.</summary>
    public bool TryReadFixed64(out ulong value)
    {
        value = 0;
        if (_end - At < sizeof(ulong))
            return false;
        value = BinaryPrimitives.ReadUInt64LittleEndian(_body[At..]);
        At += sizeof(ulong);
        return true;
    }

    /// <summary>Reads a float64, bit for bit.</summary>
    public bool TryReadDouble(out double value)
    {
        var read = TryReadFixed64(out var bits);
        value = BitConverter.UInt64BitsToDouble(bits);
        return read;
    }

    /// <summary>Reads a length and steps over that many bytes; answers where they lie.</summary>
    public bool TryReadBlock(out int start, out int length)
    {
        (start, length) = (0, 0);
        if (!TryReadVarint(out var wide) || wide > (ulong)(_end - At))
            return false;
        (start, length) = (At, (int)wide);
        At += length;
        return true;
    }

    /// <summary>Reads a length and that many bytes.</summary>
    public bool TryReadBlock(out ReadOnlySpan<byte> block)
    {
        var read = TryReadBlock(out int start, out var length);
        block = _body.Slice(start, length);
        return read;
    }

    /// <summary>Steps over the field whose tag was read.</summary>
    public bool TrySkip(uint tag) => (tag & 7) switch
    {
        WireType.Varint => TryReadVarint(out _),
        WireType.Fixed64 => TryReadFixed64(out _),
        WireType.Block => TryReadBlock(out int _, out _),
        WireType.Fixed32 => TrySkip(sizeof(uint)),
        _ => false,
    };

    private bool TrySkip(int bytes)
    {
        if (_end - At < bytes)
            return false;
        At += bytes;
        return true;
    }
}

/// <summary>How a field's value is written.</summary>
internal static class WireType
{
    public const uint Varint = 0;
    public const uint Fixed64 = 1;
    public const uint Block = 2;
    public const uint Fixed32 = 5;
}
