using System.Buffers.Binary;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// A run of bytes that goes to the file in pages, each with its checksum. The file has two, of chunks and of time columns: full pages of both
/// take turns as they fill, so that neither has to be held in memory; what is left of each follows at the end.
/// </summary>
internal sealed class PageStream(Action<ReadOnlySpan<byte>> writePage)
{
    private readonly byte[] _page = new byte[BlockFormat.PageBytes];
    private int _used;

    /// <summary>Bytes in the stream.</summary>
    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            var part = Math.Min(bytes.Length, BlockFormat.PagePayload - _used);
            bytes[..part].CopyTo(_page.AsSpan(_used));
            _used += part;
            bytes = bytes[part..];
            if (_used == BlockFormat.PagePayload)
                End();
        }
    }

    /// <summary>Writes what is left, if anything is.</summary>
    public void End()
    {
        if (_used == 0)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(_page.AsSpan(_used), BlockChecksum.Of(_page.AsSpan(0, _used)));
        writePage(_page.AsSpan(0, _used + sizeof(uint)));
        _used = 0;
    }
}

/// <summary>Where the pages of one stream lie in the file.</summary>
/// <param name="bytes">Bytes in the stream.</param>
/// <param name="own">Numbers, among the full pages of the file, of the time stream's pages.</param>
/// <param name="isTime">Whether this is the time stream.</param>
/// <param name="tail">Where in the file the last, partial page lies.</param>
internal sealed class StreamMap(long bytes, int[] own, bool isTime, long tail)
{
    /// <summary>Bytes in the stream.</summary>
    public long Bytes { get; } = bytes;

    public int Pages { get; } = (int)((bytes + BlockFormat.PagePayload - 1) / BlockFormat.PagePayload);

    private readonly int _fullPages = (int)(bytes / BlockFormat.PagePayload);

    public int PayloadOf(int page) => page < _fullPages ? BlockFormat.PagePayload : (int)(Bytes - ((long)page * BlockFormat.PagePayload));

    /// <summary>Where a page begins in the file.</summary>
    public long PlaceOf(int page) => page == _fullPages ? tail : BlockFormat.HeaderBytes + ((long)NumberOf(page) * BlockFormat.PageBytes);

    // Chunk page p is page p + t of the file, t being the time pages before it.
    private int NumberOf(int page)
    {
        if (isTime)
            return own[page];
        var (low, high) = (0, own.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (own[middle] - middle <= page)
                low = middle + 1;
            else
                high = middle;
        }
        return page + low;
    }
}
