using System.Buffers;
using System.Buffers.Binary;
using HmsOps.Disk;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// Reads a stream of a block: whole pages, several at once where the caller knows that it will want them, each checked. A page that fails is
/// remembered, so that it is named once and whatever lies in it is left out. Holds one pooled buffer. One owner.
/// </summary>
internal sealed class PageReader(IDiskFile file, StreamMap map) : IDisposable
{
    private const int PagesAtOnce = 4; // 256 KiB

    private readonly Dictionary<int, string> _damaged = [];
    private byte[] _window = [];
    private byte[] _joined = []; // a piece that lies in several pages
    private int _first;
    private int _pages;

    /// <summary>The pages that failed so far, and why.</summary>
    public IReadOnlyDictionary<int, string> Damaged => _damaged;

    /// <summary>
    /// Reads a piece of the stream; the span is valid until the next call. False when a page that it lies in is damaged, which is then told.
    /// </summary>
    /// <param name="offset">Where it begins in the stream.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="until">Up to where in the stream the caller will read on.</param>
    /// <param name="piece">The bytes.</param>
    /// <param name="damagedPage">The page that is damaged.</param>
    public bool TryRead(long offset, int length, long until, out ReadOnlySpan<byte> piece, out int damagedPage)
    {
        piece = default;
        damagedPage = -1;
        if (length == 0)
            return true;
        var first = (int)(offset / BlockFormat.PagePayload);
        var last = (int)((offset + length - 1) / BlockFormat.PagePayload);
        var wanted = (int)(Math.Min(until, map.Bytes) - 1) / BlockFormat.PagePayload;
        var within = (int)(offset % BlockFormat.PagePayload);
        if (first == last)
            return TryPage(first, wanted, out damagedPage) && Slice(first, within, length, out piece);
        if (_joined.Length < length)
            _joined = new byte[Math.Max(length, 2 * _joined.Length)];
        var done = 0;
        for (var page = first; page <= last; page++)
        {
            if (!TryPage(page, Math.Max(wanted, last), out damagedPage))
                return false;
            var part = Math.Min(length - done, map.PayloadOf(page) - within);
            Slice(page, within, part, out var bytes);
            bytes.CopyTo(_joined.AsSpan(done));
            done += part;
            within = 0;
        }
        piece = _joined.AsSpan(0, length);
        return true;
    }

    public void Dispose()
    {
        if (_window.Length > 0)
            ArrayPool<byte>.Shared.Return(_window);
        _window = [];
        _pages = 0;
    }

    private bool Slice(int page, int within, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = _window.AsSpan(((page - _first) * BlockFormat.PageBytes) + within, length);
        return true;
    }

    private bool TryPage(int page, int wanted, out int damagedPage)
    {
        damagedPage = page;
        if (_damaged.ContainsKey(page))
            return false;
        if (page < _first || page >= _first + _pages)
            Load(page, wanted);
        return !_damaged.ContainsKey(page);
    }

    private void Load(int page, int wanted)
    {
        if (_window.Length == 0)
            _window = ArrayPool<byte>.Shared.Rent(PagesAtOnce * BlockFormat.PageBytes);
        var pages = 1;
        while (pages < PagesAtOnce && page + pages <= wanted && page + pages < map.Pages
            && map.PlaceOf(page + pages) == map.PlaceOf(page) + ((long)pages * BlockFormat.PageBytes))
        {
            pages++;
        }
        (_first, _pages) = (page, pages);
        var length = ((pages - 1) * BlockFormat.PageBytes) + map.PayloadOf(page + pages - 1) + sizeof(uint);
        var read = ReadAt(page, length, _window, out var failure);
        if (failure is not null && pages > 1)
        {
            _pages = 1; // which of them it is, the others' own turns will tell
            read = ReadAt(page, BlockFormat.PageBytes, _window, out failure);
        }
        for (var i = 0; i < _pages; i++)
            Check(page + i, i * BlockFormat.PageBytes, read, failure);
    }

    private int ReadAt(int page, int length, byte[] into, out string? failure)
    {
        failure = null;
        try
        {
            return file.Read(map.PlaceOf(page), into.AsSpan(0, length));
        }
        catch (IOException e)
        {
            failure = $"it cannot be read ({e.Message})";
            return 0;
        }
    }

    private void Check(int page, int at, int read, string? failure)
    {
        var payload = map.PayloadOf(page);
        if (failure is null && at + payload + sizeof(uint) > read)
            failure = "the file ends before it";
        if (failure is null && BlockChecksum.Of(_window.AsSpan(at, payload)) != BinaryPrimitives.ReadUInt32LittleEndian(_window.AsSpan(at + payload)))
            failure = "its checksum fails";
        if (failure is not null)
            _damaged[page] = failure;
    }
}
