using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace HmsOps.Tsdb.Pages;

/// <summary>Reads what <see cref="PageWriter"/> wrote, each block checked before a byte of it is used.</summary>
internal sealed class PageReader(IPageSource source)
{
    private readonly byte[] _block = new byte[PageWriter.BlockBytes];
    private readonly byte[] _head = new byte[PageWriter.HeadBytes];
    private int _at;
    private int _length;
    private bool _ended;
    private long _blocks;

    /// <summary>What is being read, for messages.</summary>
    public string Part { get; set; } = "the head";

    /// <summary>More bytes than this cannot come.</summary>
    public long BytesMax => source.Left + _length - _at;

    /// <summary>Reads exactly as many bytes.</summary>
    /// <exception cref="PagesDamagedException">They are not there or not as they were written.</exception>
    public void Read(Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            if (_at == _length)
                NextBlock();
            var part = Math.Min(into.Length, _length - _at);
            _block.AsSpan(_at, part).CopyTo(into);
            _at += part;
            into = into[part..];
        }
    }

    /// <summary>Reads one plain value.</summary>
    public T Read<T>()
        where T : unmanaged
    {
        T value = default;
        Read(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    /// <summary>Reads a number of things, 0 to a maximum.</summary>
    public int ReadCount(int max)
    {
        var count = Read<int>();
        return (uint)count <= (uint)max ? count : throw Damaged($"a count is {count}, at most {max} is possible");
    }

    /// <summary>Reads to the end, and checks that it can be read.</summary>
    public void ReadThrough()
    {
        while (TryNextBlock())
        {
            // Each was checked.
        }
    }

    /// <summary>Checks that all was read.</summary>
    public void Finish()
    {
        if (_at != _length)
            throw Damaged("bytes follow that belong to nothing");
        if (TryNextBlock())
            throw Damaged("bytes follow that belong to nothing");
    }

    /// <summary>The refusal to go on, with its place.</summary>
    public PagesDamagedException Damaged(string what) => new($"{Part} cannot be read: {what} (in block {_blocks} of the saved pages)");

    private void NextBlock()
    {
        if (!TryNextBlock())
            throw Damaged("it ends early");
    }

    private bool TryNextBlock()
    {
        if (_ended)
            return false;
        _blocks++;
        Fill(_head);
        _length = BinaryPrimitives.ReadInt32LittleEndian(_head);
        _at = 0;
        if ((uint)_length > PageWriter.BlockBytes)
            throw Damaged($"a block says that it has {(uint)_length} bytes");
        Fill(_block.AsSpan(0, _length));
        if (PageChecksum.Of(_block.AsSpan(0, _length)) != BinaryPrimitives.ReadUInt32LittleEndian(_head.AsSpan(sizeof(int))))
            throw Damaged("its checksum is wrong");
        _ended = _length == 0;
        return !_ended;
    }

    private void Fill(Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            var read = source.Read(into);
            if (read <= 0)
                throw Damaged("it is cut off");
            into = into[read..];
        }
    }
}

/// <summary>Saved pages are not as they were written; what can be done is to read an older checkpoint or the log.</summary>
internal sealed class PagesDamagedException(string message) : IOException(message);

/// <summary>CRC-32C (Castagnoli). "123456789" gives e3069283.</summary>
internal static class PageChecksum
{
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var b in bytes[(bytes.Length & ~(sizeof(ulong) - 1))..])
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
