namespace HmsOps.Tsdb.Pages;

/// <summary>
/// Bytes that are only ever added, in pages that never move, addressed by 32-bit handles. An entry lies whole in one page; one that is longer than a
/// page gets a page of its own length. Threads: as <see cref="PagedColumn{T}"/>.
/// </summary>
internal sealed class ByteArena
{
    private const int Shift = 16;
    private const int PageBytes = 1 << Shift;
    private const int PagesMax = 1 << (32 - Shift);

    private byte[][] _pages = [];
    private int[] _used = []; // the writer's alone

    /// <summary>Bytes of all pages.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Bytes handed out.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Pages there are.</summary>
    public int Pages { get; private set; }

    /// <summary>The bytes from a handle to the end of its page; the entry says itself where it ends.</summary>
    public ReadOnlySpan<byte> this[uint handle] => _pages[handle >> Shift].AsSpan((int)(handle & (PageBytes - 1)));

    /// <summary>The same, to change what is there. The writer's alone.</summary>
    public Span<byte> Edit(uint handle) => _pages[handle >> Shift].AsSpan((int)(handle & (PageBytes - 1)));

    /// <summary>Takes room, zeroed, at a multiple of <paramref name="align"/> (a power of two).</summary>
    /// <exception cref="InvalidOperationException">All 32-bit handles are taken.</exception>
    public Span<byte> Take(int length, out uint handle, int align = 1)
    {
        var at = Pages == 0 ? PageBytes : (_used[Pages - 1] + align - 1) & ~(align - 1);
        if (at + length > PageBytes)
        {
            AddPage(Math.Max(length, PageBytes));
            at = 0;
        }
        handle = ((uint)(Pages - 1) << Shift) | (uint)at;
        _used[Pages - 1] = at + length;
        UsedBytes += length;
        return _pages[Pages - 1].AsSpan(at, length);
    }

    /// <summary>True when an entry of at least this length can lie at a handle.</summary>
    public bool Holds(uint handle, int length)
    {
        var page = (int)(handle >> Shift);
        return page < Pages && (handle & (PageBytes - 1)) + (long)length <= _used[page];
    }

    /// <summary>Writes all pages.</summary>
    public void Save(PageWriter into)
    {
        into.Write(Pages);
        for (var i = 0; i < Pages; i++)
        {
            into.Write(_used[i]);
            into.Write(_pages[i].AsSpan(0, _used[i]));
        }
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public void Load(PageReader from)
    {
        var pages = from.ReadCount(PagesMax);
        for (var i = 0; i < pages; i++)
        {
            var used = from.ReadCount(Array.MaxLength);
            if (used > PageBytes && used > from.BytesMax)
                throw from.Damaged($"a page says that it has {used} bytes");
            AddPage(Math.Max(used, PageBytes));
            from.Read(_pages[i].AsSpan(0, used));
            _used[i] = used;
            UsedBytes += used;
        }
    }

    private void AddPage(int length)
    {
        if (Pages == PagesMax)
            throw new InvalidOperationException($"The index is full: {MemoryBytes} bytes lie in one of its parts, and its handles reach no further. Lower the limit of series.");
        var pages = _pages;
        if (Pages == pages.Length)
        {
            Array.Resize(ref pages, Math.Max(4, Pages * 2));
            Array.Resize(ref _used, pages.Length);
        }
        pages[Pages] = GC.AllocateArray<byte>(length, pinned: true);
        Volatile.Write(ref _pages, pages);
        MemoryBytes += length;
        Pages++;
    }
}
