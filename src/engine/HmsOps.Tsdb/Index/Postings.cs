using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HmsOps.Series;
using HmsOps.Tsdb.Pages;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// The ids of the series that have one label value. They come in ascending order, so they are kept as runs: the run that is still growing lies open in
/// here, the finished ones as numbers in a chain of chunks. A series' pod has mostly one run and no chunk at all.
/// </summary>
/// <remarks>
/// A finished run is a varint of (gap to the run before it × 2, + 1 if it is longer than one id), then if so a varint of (length − 2): 1 to 2
/// bytes for an id in a hundred, where arrays of 16-bit ids take 2 and, sparse or dense, want to be rewritten when a container closes. Nothing here is
/// ever rewritten or moved, which is why readers need no lock. A reader that wants to know about few candidates reads their label records instead
/// of skipping through a chain (<see cref="SeriesSelector"/>).
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 4)] // 20 bytes; it must lie at a multiple of 8, for _open to be written whole
internal struct Posting
{
    private const long NoRun = 0; // an open run is kept with its last id + 1, so zeroed memory is an empty posting

    private long _open;
    private int _count;
    private uint _first;
    private uint _last;

    /// <summary>Ids in it.</summary>
    public readonly int Count => _count;

    /// <summary>Adds an id above all before. The writer's alone.</summary>
    public void Add(int id, PostingChunks chunks)
    {
        var (start, end) = Unpack(_open);
        _count++;
        if (end == id && _open != NoRun)
        {
            Volatile.Write(ref _open, Pack(start, id + 1));
            return;
        }
        if (_open != NoRun)
            chunks.Append(ref _first, ref _last, start, end - 1);
        Volatile.Write(ref _open, Pack(id, id + 1));
    }

    /// <summary>
    /// Walks the runs below an id. The open run is noted before the chain is looked at: what was open then may be finished by the time the
    /// chain is walked, and is then met there, so the chain counts only up to where the open run began.
    /// </summary>
    public Runs Below(int limit, PostingChunks chunks)
    {
        var open = Volatile.Read(ref _open);
        return new Runs(chunks, Volatile.Read(ref _first), open, limit);
    }

    /// <summary>Checks a posting that was loaded: chains that end, ids that ascend and are below a limit, and as many as it says.</summary>
    public bool IsSound(int limit, PostingChunks chunks)
    {
        var (start, end) = Unpack(_open);
        if (_open == NoRun)
            return _count == 0 && _first == 0 && _last == 0;
        if (start < 0 || end <= start || end > limit || (_first == 0) != (_last == 0))
            return false;
        var ids = (long)end - start;
        return chunks.IsSound(_first, _last, out var before, ref ids) && before + 2 <= start && ids == _count;
    }

    private static long Pack(int start, int end) => ((long)start << 32) | (uint)end;

    private static (int Start, int End) Unpack(long run) => ((int)(run >> 32), (int)run);

    /// <summary>A walk over runs of ids.</summary>
    public ref struct Runs
    {
        private readonly PostingChunks _chunks;
        private readonly int _openStart;
        private readonly int _openEnd;
        private readonly int _limit;
        private ReadOnlySpan<byte> _rest;
        private uint _next;
        private int _before; // the end of the last run, exclusive, less one: gaps count from here
        private bool _openDone;

        internal Runs(PostingChunks chunks, uint first, long open, int limit)
        {
            _chunks = chunks;
            (_openStart, _openEnd) = Unpack(open);
            _limit = limit;
            _openDone = open == NoRun;
            _next = _openDone ? 0 : first;
        }

        /// <summary>The first id of the run.</summary>
        public int Start { readonly get; private set; }

        /// <summary>The id after its last.</summary>
        public int End { readonly get; private set; }

        /// <summary>Goes to the next run.</summary>
        public bool MoveNext()
        {
            while (_rest.IsEmpty && _next != 0)
                _rest = _chunks.Open(_next, out _next, out _before);
            if (!_rest.IsEmpty)
            {
                PostingChunks.ReadRun(ref _rest, ref _before, out var start, out var end);
                if (start < _openStart)
                    return Stand(start, end);
                _rest = default;
                _next = 0;
            }
            if (_openDone)
                return false;
            _openDone = true;
            return Stand(_openStart, _openEnd);
        }

        private bool Stand(int start, int end)
        {
            Start = start;
            End = Math.Min(end, _limit);
            return start < End;
        }
    }
}

/// <summary>The chunks in which all postings keep their finished runs: 32 bytes at first, then twice the one before, up to 1 KiB.</summary>
internal sealed class PostingChunks
{
    private const int FirstBytes = 32;
    private const int BytesMax = 1024;
    private const int RunBytesMax = 10; // two varints of 32 bits

    private static readonly int HeadBytes = Unsafe.SizeOf<Head>();
    private readonly ByteArena _arena = new();

    public PostingChunks() => _arena.Take(FirstBytes, out _); // so that handle 0 is nobody's

    /// <summary>Bytes of all chunks.</summary>
    public long MemoryBytes => _arena.MemoryBytes;

    /// <summary>Appends a finished run to a chain.</summary>
    public void Append(ref uint first, ref uint last, int start, int lastId)
    {
        Span<byte> run = stackalloc byte[RunBytesMax];
        if (last != 0)
        {
            ref var head = ref HeadOf(last);
            var length = WriteRun(run, head.Last, start, lastId);
            if (HeadBytes + head.Used + length <= head.Bytes)
            {
                run[..length].CopyTo(_arena.Edit(last)[(HeadBytes + head.Used)..]);
                head.Last = lastId;
                Volatile.Write(ref head.Used, (ushort)(head.Used + length));
                return;
            }
        }
        Begin(ref first, ref last, start, lastId);
    }

    /// <summary>The runs of a chunk, the chunk after it, and the id its gaps count from.</summary>
    public ReadOnlySpan<byte> Open(uint chunk, out uint next, out int before)
    {
        ref var head = ref HeadOf(chunk);
        next = Volatile.Read(ref head.Next); // before Used: a chunk that has a successor is full
        before = head.Before;
        return _arena[chunk].Slice(HeadBytes, Volatile.Read(ref head.Used));
    }

    /// <summary>Reads a run and moves past it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ReadRun(scoped ref ReadOnlySpan<byte> from, ref int before, out int start, out int end)
    {
        var token = ReadNumber(ref from);
        start = (int)(before + 2 + (token >> 1));
        end = start + 1;
        if ((token & 1) != 0)
            end += (int)ReadNumber(ref from) + 1;
        before = end - 1;
    }

    /// <summary>Checks a chain that was loaded; counts its ids.</summary>
    public bool IsSound(uint first, uint last, out long before, ref long ids)
    {
        var chunk = first;
        before = -2;
        while (chunk != 0)
        {
            if (chunk % FirstBytes != 0 || !_arena.Holds(chunk, HeadBytes))
                return false;
            ref var head = ref HeadOf(chunk);
            if (head.Bytes is < FirstBytes or > BytesMax || head.Used > head.Bytes - HeadBytes || !_arena.Holds(chunk, head.Bytes) || head.Before != before)
                return false;
            var rest = _arena[chunk].Slice(HeadBytes, head.Used);
            while (!rest.IsEmpty)
            {
                if (!Varint.TryRead(ref rest, out var token) || token > uint.MaxValue)
                    return false;
                var more = 0UL;
                if ((token & 1) != 0 && (!Varint.TryRead(ref rest, out more) || more > int.MaxValue))
                    return false;
                var length = (token & 1) != 0 ? (long)more + 2 : 1;
                before += 1 + (long)(token >> 1) + length;
                ids += length;
                if (before >= int.MaxValue - 1)
                    return false;
            }
            // Chunks are taken in ascending order, so a chain that obeys cannot be a ring.
            if (head.Last != before || (head.Next != 0 && head.Next <= chunk) || (head.Next == 0 && chunk != last))
                return false;
            chunk = head.Next;
        }
        return true;
    }

    /// <summary>Writes all chunks as they are.</summary>
    public void Save(PageWriter into) => _arena.Save(into);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static PostingChunks Load(PageReader from)
    {
        var chunks = new PostingChunks(empty: true);
        chunks._arena.Load(from);
        return chunks;
    }

    private PostingChunks(bool empty) => _ = empty;

    private void Begin(ref uint first, ref uint last, int start, int lastId)
    {
        var before = last == 0 ? -2 : HeadOf(last).Last;
        var bytes = last == 0 ? FirstBytes : Math.Min(HeadOf(last).Bytes * 2, BytesMax);
        var room = _arena.Take(bytes, out var chunk, FirstBytes);
        ref var head = ref HeadOf(chunk);
        (head.Before, head.Last, head.Bytes) = (before, lastId, (ushort)bytes);
        head.Used = (ushort)WriteRun(room[HeadBytes..], before, start, lastId);
        if (last == 0)
            Volatile.Write(ref first, chunk);
        else
            Volatile.Write(ref HeadOf(last).Next, chunk);
        last = chunk;
    }

    private static int WriteRun(Span<byte> into, int before, int start, int lastId)
    {
        var gap = (ulong)(start - before - 2);
        var length = lastId - start + 1;
        var at = Varint.Write(into, (gap << 1) | (length > 1 ? 1UL : 0));
        return length > 1 ? at + Varint.Write(into[at..], (ulong)(length - 2)) : at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint ReadNumber(scoped ref ReadOnlySpan<byte> from)
    {
        var value = (uint)from[0];
        var at = 1;
        if (value >= 0x80)
        {
            value &= 0x7f;
            uint b;
            var shift = 7;
            do
            {
                b = from[at++];
                value |= (b & 0x7f) << shift;
                shift += 7;
            }
            while (b >= 0x80);
        }
        from = from[at..];
        return value;
    }

    // Chunks lie at multiples of 32 in arrays whose bytes begin at a multiple of 8, so a head's fields are aligned and written whole.
    private ref Head HeadOf(uint chunk) => ref MemoryMarshal.AsRef<Head>(_arena.Edit(chunk)[..HeadBytes]);

    private struct Head
    {
        public uint Next;
        public int Before;
        public int Last;
        public ushort Used;
        public ushort Bytes;
    }
}
