using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HmsOps.Tsdb.Pages;

/// <summary>Where saved pages go, in order: a file of a checkpoint.</summary>
internal interface IPageSink
{
    /// <summary>Takes the next bytes. They are borrowed.</summary>
    void Write(ReadOnlySpan<byte> bytes);
}

/// <summary>Where saved pages come from, in the order in which they were written.</summary>
internal interface IPageSource
{
    /// <summary>Reads the next bytes; fewer than asked for only at the end.</summary>
    int Read(Span<byte> into);

    /// <summary>Bytes left, or an upper bound of them: no claim of the content may make the reader take more memory than this.</summary>
    long Left { get; }
}

/// <summary>
/// Writes pages in blocks of up to a mebibyte: length and CRC-32C, four bytes each, little-endian, then the bytes. The caller ends with
/// <see cref="Finish"/>, whose block of length 0 tells a reader that nothing is missing.
/// </summary>
internal sealed class PageWriter(IPageSink sink)
{
    /// <summary>The most a block holds.</summary>
    public const int BlockBytes = 1 << 20;

    /// <summary>Length and checksum.</summary>
    public const int HeadBytes = 8;

    private readonly byte[] _block = new byte[HeadBytes + BlockBytes];
    private int _length;

    /// <summary>Adds bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var part = Math.Min(bytes.Length, BlockBytes - _length);
            bytes[..part].CopyTo(_block.AsSpan(HeadBytes + _length));
            _length += part;
            bytes = bytes[part..];
            if (_length == BlockBytes)
                Flush();
        }
    }

    /// <summary>Adds one plain value.</summary>
    public void Write<T>(T value)
        where T : unmanaged => Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Writes what is left, and the end.</summary>
    public void Finish()
    {
        if (_length > 0)
            Flush();
        Flush();
    }

    private void Flush()
    {
        BinaryPrimitives.WriteInt32LittleEndian(_block, _length);
        BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(sizeof(int)), PageChecksum.Of(_block.AsSpan(HeadBytes, _length)));
        sink.Write(_block.AsSpan(0, HeadBytes + _length));
        _length = 0;
    }
}
