using System.Buffers.Binary;

namespace HmsOps.Tsdb.Blocks;

/// <summary>Reads a section from its beginning to its end; whatever is not as it must be is a <see cref="BlockDamagedException"/>.</summary>
internal ref struct SectionReader(ReadOnlySpan<byte> bytes, string path, string place)
{
    private readonly int _length = bytes.Length;
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly int At => _length - _rest.Length;

    public readonly int Left => _rest.Length;

    public ulong Varint() => Series.Varint.TryRead(ref _rest, out var value) ? value : throw Damaged("a number is cut off");

    public long Signed() => Series.Varint.UnZigZag(Varint());

    /// <summary>A number of 0 to a given one.</summary>
    public int Int(int max)
    {
        var value = Varint();
        return value <= (ulong)max ? (int)value : throw Damaged($"{value} where at most {max} can be");
    }

    /// <summary>A number of things of which each takes a byte at least: what memory is made for is bounded by what is there.</summary>
    public int Count() => Int(_rest.Length);

    public long Long(long max)
    {
        var value = Varint();
        return value <= (ulong)max ? (long)value : throw Damaged($"{value} where at most {max} can be");
    }

    public byte Byte()
    {
        var value = Take(1)[0];
        return value;
    }

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public UInt128 UInt128() => BinaryPrimitives.ReadUInt128LittleEndian(Take(16));

    public ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > _rest.Length)
            throw Damaged("it ends too soon");
        var taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }

    /// <summary>Nothing may be left.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
            throw Damaged($"{_rest.Length} bytes too many");
    }

    public readonly BlockDamagedException Damaged(string what) => new(path, place, what);
}
