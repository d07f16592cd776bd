using System.Diagnostics.CodeAnalysis;
using HmsOps.Series;

namespace HmsOps.Tsdb.Chunks;

/// <summary>Reads a chunk's fields from bytes that may be anything: what is cut off or out of range is damage, never a read past the end.</summary>
internal ref struct ChunkReader(ReadOnlySpan<byte> from)
{
    readonly int _length = from.Length;
    ReadOnlySpan<byte> _rest = from;

    /// <summary>Bytes read so far.</summary>
    public readonly int Consumed => _length - _rest.Length;

    /// <summary>What was not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte()
    {
        if (_rest.IsEmpty)
            ThrowCut();
        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public ulong Number()
    {
        if (!Varint.TryRead(ref _rest, out var value))
            Throw("a number is cut off or longer than 64 bits");
        return value;
    }

    public long Signed() => Varint.UnZigZag(Number());

    /// <summary>A number of at most <paramref name="max"/>; <paramref name="what"/> is what it counts.</summary>
    public int Count(int max, string what)
    {
        var value = Number();
        if (value > (ulong)max)
            Throw($"{value} {what}, at most {max} can be");
        return (int)value;
    }

    public ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > _rest.Length)
            ThrowCut();
        var taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }

    [DoesNotReturn]
    public static void Throw(string what) => throw new ChunkDamagedException(what);

    [DoesNotReturn]
    static void ThrowCut() => throw new ChunkDamagedException("it is cut off");
}
