using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using HmsOps.Tsdb.Pages;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// Room of any length, taken and given back, in pages that never move: tails and sealed pieces. A handle is 32 bits: the page, and the place in it in
/// units of 16 bytes; 0 is nobody's. Room given back is taken again for the same length, rounded up to one of a few classes. Owned by the head's writer;
/// read under the head's lock.
/// </summary>
internal sealed class HeadArena
{
    private const int UnitBytes = 16;
    private const int PageShift = 16; // units in a page, as a power of two
    private const int PageBytes = UnitBytes << PageShift;
    private const int FirstPageBytes = 64 * 1024; // a nearly empty store stays small
    private const int FineMax = 1024; // up to here a class is a multiple of a unit, above an eighth of a power of two
    private const int FineClasses = FineMax / UnitBytes;
    private const int LeftoverUnitsMin = 3; // nothing is smaller than this
    private const int Classes = FineClasses + 1 + (8 * (BigShift - 10));
    private const int BigShift = 18;
    private const int BigBytes = 1 << BigShift; // from here on an entry has a page of its own

    private readonly uint[] _free = new uint[Classes];
    private ulong _fine; // which of the fine classes have free room
    private byte[]?[] _pages = [];
    private int _pageCount;
    private uint _at; // the next unit of the page being filled
    private uint _end;
    private readonly Stack<int> _empty = new(); // pages given back

    public HeadArena()
    {
        AddPage(FirstPageBytes);
        (_at, _end) = (1, FirstPageBytes / UnitBytes); // handle 0 is nobody's
    }

    private HeadArena(PageReader from) => Load(from);

    /// <summary>Bytes of all pages.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Bytes taken and not given back.</summary>
    public long TakenBytes { get; private set; }

    /// <summary>The bytes from a handle on; their user knows where they end.</summary>
    public Span<byte> this[uint handle]
    {
        get
        {
            var page = _pages[handle >> PageShift]!; // a page that was given back has no handles
            return page.AsSpan((int)(handle & ((1 << PageShift) - 1)) * UnitBytes);
        }
    }

    /// <summary>Takes room. What lies in it is anything.</summary>
    public uint Take(int bytes)
    {
        var size = Round(bytes);
        TakenBytes += size;
        if (size >= BigBytes)
            return (uint)AddPage(size) << PageShift;
        var wanted = ClassOf(size);
        if (_free[wanted] != 0)
            return TakeFree(wanted);
        return TrySplit(size, out var handle) ? handle : Carve((uint)(size / UnitBytes));
    }

    /// <summary>Gives room back, of as many bytes as were asked for when it was taken.</summary>
    public void Give(uint handle, int bytes)
    {
        var size = Round(bytes);
        TakenBytes -= size;
        if (size >= BigBytes)
        {
            MemoryBytes -= size;
            _pages[handle >> PageShift] = null;
            _empty.Push((int)(handle >> PageShift));
            return;
        }
        GiveBlock(handle, size);
    }

    /// <summary>Writes all pages as they are.</summary>
    public void Save(PageWriter into)
    {
        into.Write(_pageCount);
        for (var i = 0; i < _pageCount; i++)
        {
            var page = _pages[i];
            into.Write(page?.Length ?? 0);
            if (page is not null)
                into.Write(page);
        }
        into.Write(_at);
        into.Write(_end);
        into.Write(TakenBytes);
        into.Write(MemoryMarshal.AsBytes(_free.AsSpan()));
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static HeadArena From(PageReader from) => new(from);

    private void Load(PageReader from)
    {
        var pages = from.ReadCount(1 << (32 - PageShift));
        for (var i = 0; i < pages; i++)
        {
            var length = from.ReadCount(Array.MaxLength);
            if (length > from.BytesMax)
                throw from.Damaged($"a page of {length} bytes does not fit into what is left");
            var page = NewPageNumber();
            if (length == 0)
            {
                _empty.Push(page);
                continue;
            }
            _pages[page] = GC.AllocateUninitializedArray<byte>(length, pinned: true);
            MemoryBytes += length;
            from.Read(_pages[page]);
        }
        _at = from.Read<uint>();
        _end = from.Read<uint>();
        TakenBytes = from.Read<long>();
        from.Read(MemoryMarshal.AsBytes(_free.AsSpan()));
        for (var fine = 1; fine <= FineClasses; fine++)
            _fine |= _free[fine] == 0 ? 0 : 1UL << (fine - 1);
    }

    private static int Round(int bytes)
    {
        if (bytes <= FineMax)
            return Math.Max(UnitBytes, (bytes + UnitBytes - 1) & -UnitBytes);
        var step = 1 << (BitOperations.Log2((uint)(bytes - 1)) - 3);
        return (bytes + step - 1) & -step;
    }

    // Of rounded sizes below BigBytes.
    private static int ClassOf(int size)
    {
        if (size <= FineMax)
            return size / UnitBytes;
        var log = BitOperations.Log2((uint)(size - 1));
        return FineClasses + (8 * (log - 10)) + ((size - 1) >> (log - 3)) - 7;
    }

    private uint TakeFree(int wanted)
    {
        var handle = _free[wanted];
        _free[wanted] = BinaryPrimitives.ReadUInt32LittleEndian(this[handle]);
        if (_free[wanted] == 0 && wanted <= FineClasses)
            _fine &= ~(1UL << (wanted - 1));
        return handle;
    }

    // Free room of another length is cut in two before new room is taken: what a million tails grew out of becomes their pieces.
    private bool TrySplit(int size, out uint handle)
    {
        handle = 0;
        var least = (size / UnitBytes) + LeftoverUnitsMin;
        var larger = least > FineClasses ? 0 : _fine >> (least - 1);
        if (larger == 0)
            return false;
        var itsUnits = least + BitOperations.TrailingZeroCount(larger);
        handle = TakeFree(itsUnits);
        GiveBlock(handle + (uint)(size / UnitBytes), (itsUnits * UnitBytes) - size);
        return true;
    }

    private uint Carve(uint units)
    {
        if (_at + units > _end)
            NextPage();
        var handle = _at;
        _at += units;
        return handle;
    }

    private void NextPage()
    {
        // What is left of the page is not lost: it is room of some smaller length.
        while (_at < _end)
        {
            var left = Math.Min((int)(_end - _at) * UnitBytes, FineMax);
            GiveBlock(_at, left);
            _at += (uint)(left / UnitBytes);
        }
        _at = (uint)AddPage(PageBytes) << PageShift;
        _end = _at + (PageBytes / UnitBytes);
    }

    private void GiveBlock(uint handle, int size)
    {
        var its = ClassOf(size);
        BinaryPrimitives.WriteUInt32LittleEndian(this[handle], _free[its]);
        _free[its] = handle;
        if (its <= FineClasses)
            _fine |= 1UL << (its - 1);
    }

    private int AddPage(int bytes)
    {
        var page = _empty.Count > 0 ? _empty.Pop() : NewPageNumber();
        _pages[page] = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        MemoryBytes += bytes;
        return page;
    }

    private int NewPageNumber()
    {
        if (_pageCount == 1 << (32 - PageShift))
            throw new InvalidOperationException($"The head is full: its {MemoryBytes} bytes are all that handles reach. Lower MemoryMax.");
        if (_pageCount == _pages.Length)
            Array.Resize(ref _pages, Math.Max(4, _pageCount * 2));
        return _pageCount++;
    }
}
