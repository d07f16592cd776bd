using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HmsOps.Tsdb.Pages;

/// <summary>
/// A column of plain values that grows page by page. A page never moves and holds no pointer, so the garbage collector neither copies nor traces
/// it, and a reader on another thread may keep reading while the writer adds.
/// </summary>
/// <remarks>
/// One writer. A reader may read what the writer published to it (a count written with <see cref="Volatile"/> after the values): the list of pages is
/// swapped whole, and by then already holds the page of whatever was published.
/// </remarks>
internal sealed class PagedColumn<T>
    where T : unmanaged
{
    // 32 KiB: small enough that a nearly empty store stays small, large enough that a million series are a few hundred pages.
    private const int PageBytes = 32 * 1024;

    private static readonly int Shift = BitOperations.Log2((uint)(PageBytes / Unsafe.SizeOf<T>()));
    private static readonly int Mask = (1 << Shift) - 1;

    private T[]?[] _pages = [];
    private int _allocated;

    /// <summary>Values in a page.</summary>
    public static int PerPage => Mask + 1;

    /// <summary>Bytes of all pages.</summary>
    public long MemoryBytes => (long)_allocated * PerPage * Unsafe.SizeOf<T>();

    /// <summary>A value that was touched before.</summary>
    public ref T this[int at]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _pages[at >> Shift]![at & Mask]; // a page that was never touched has no values, and asking for one is a bug that throws here
    }

    /// <summary>True when the page of a value is there.</summary>
    public bool Has(int at) => (uint)(at >> Shift) < (uint)_pages.Length && _pages[at >> Shift] is not null;

    /// <summary>Makes room for a value, all zeros. The writer's alone.</summary>
    public ref T Touch(int at)
    {
        var page = at >> Shift;
        if (page >= _pages.Length || _pages[page] is null)
            AddPage(page);
        return ref _pages[page]![at & Mask];
    }

    /// <summary>Writes the first values, page after page.</summary>
    public void Save(PageWriter into, int count)
    {
        for (var at = 0; at < count; at += PerPage)
            SavePage(into, at, Math.Min(PerPage, count - at));
    }

    /// <summary>Writes the first values of the page that begins with a value.</summary>
    public void SavePage(PageWriter into, int at, int count) => into.Write(MemoryMarshal.AsBytes(_pages[at >> Shift].AsSpan(0, count)));

    /// <summary>Reads what <see cref="Save"/> wrote. Pages are made as the bytes come, so a count that lies costs no memory.</summary>
    public void Load(PageReader from, int count)
    {
        for (var at = 0; at < count; at += PerPage)
            LoadPage(from, at, Math.Min(PerPage, count - at));
    }

    /// <summary>Reads what <see cref="SavePage"/> wrote.</summary>
    public void LoadPage(PageReader from, int at, int count)
    {
        Touch(at);
        from.Read(MemoryMarshal.AsBytes(_pages[at >> Shift].AsSpan(0, count)));
    }

    private void AddPage(int page)
    {
        var fresh = GC.AllocateArray<T>(PerPage, pinned: true);
        _allocated++;
        var pages = _pages;
        if (page >= pages.Length)
            Array.Resize(ref pages, Math.Max(page + 1, Math.Max(4, pages.Length * 2)));
        pages[page] = fresh;
        Volatile.Write(ref _pages, pages);
    }
}
