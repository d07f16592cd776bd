using System.Buffers;
using HmsOps.Series;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// What some series hold of a range at a cut: their records, and the bytes of their slots and pieces, copied under the head's lock, to be decoded without
/// it. One reader's own; used again for the next series.
/// </summary>
internal sealed class SeriesCopy : IDisposable
{
    private const int SeriesMax = 64;
    private const int BytesMax = 1 << 20; // a copy ends with the series that reaches this, so that the lock is held for microseconds

    private readonly List<Copied> _series = [];
    private readonly List<CopiedPiece> _pieces = [];
    private readonly List<(long Time, NativeHistogram Sample)> _histograms = [];
    private readonly List<LateSample> _late = [];
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _length;

    /// <summary>Series in it.</summary>
    public int Count => _series.Count;

    /// <summary>Copies the next series of a cut, from a place in it on.</summary>
    public void Fill(SeriesHead head, HeadCut cut, int place, long from, long orderedFrom, long to)
    {
        _series.Clear();
        _pieces.Clear();
        _histograms.Clear();
        _late.Clear();
        _length = 0;
        lock (head.Lock)
        {
            for (; place < cut.Count && _series.Count < SeriesMax && _length < BytesMax; place++)
                Add(head, cut.Ids[place], cut.Ends[place], cut.Batch, from, orderedFrom, to);
        }
    }

    public Copied this[int at] => _series[at];

    /// <summary>The bytes copied from a place on.</summary>
    public ReadOnlySpan<byte> Bytes(int at) => _bytes.AsSpan(at, _length - at);

    public CopiedPiece Piece(int at) => _pieces[at];

    public (long Time, NativeHistogram Sample) Histogram(int at) => _histograms[at];

    public LateSample Late(int at) => _late[at];

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Add(SeriesHead head, int id, uint end, long batch, long from, long orderedFrom, long to)
    {
        ref readonly var record = ref head.Record(id);
        var copied = new Copied
        {
            Id = id,
            Record = record,
            Pieces = _pieces.Count,
            Histograms = _histograms.Count,
            Late = _late.Count,
        };
        var tailBegins = record.Next - record.Count;
        var tail = Math.Clamp((int)(end - tailBegins), 0, record.Count);
        if (tail > 0 && record.First <= to && head.NewestOf(id, record) >= orderedFrom)
            copied.Tail = tail;
        if (copied.Tail > 0 && record.Is(SeriesMarks.HasHistograms))
        {
            for (var i = 0; i < tail; i++)
                _histograms.Add((head.HistogramsOf(id).Times[i], head.HistogramsOf(id).Samples[i]));
        }
        else if (copied.Tail > 0 && record.Slot != 0)
        {
            copied.Slot = Copy(head.Arena[record.Slot][..FloatTail.SlotBytes(record)]);
        }
        AddPieces(head, record.Newest, end - tailBegins, orderedFrom, to);
        if (record.Is(SeriesMarks.HasLate))
            head.LateOf(id)?.CopyTo(_late, from, to, batch);
        copied.PiecesEnd = _pieces.Count;
        copied.LateEnd = _late.Count;
        _series.Add(copied);
    }

    // From the newest back. `over` is how far the cut lies behind the end of the piece in hand; before it when negative.
    private void AddPieces(SeriesHead head, uint handle, uint over, long from, long to)
    {
        var behind = (int)over;
        while (handle != 0)
        {
            var bytes = head.Arena[handle];
            var piece = Head.Piece.Read(bytes);
            if (piece.Last < from)
                return;
            var visible = Math.Clamp(piece.Count + behind, 0, piece.Count);
            if (visible > 0 && piece.First <= to)
                _pieces.Add(new CopiedPiece(piece, Copy(bytes[..piece.Bytes]), visible));
            behind += piece.Count;
            handle = piece.Older;
        }
    }

    private int Copy(ReadOnlySpan<byte> bytes)
    {
        var at = (_length + 7) & -8; // slots are read as longs
        if (at + bytes.Length > _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, at + bytes.Length));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
        bytes.CopyTo(_bytes.AsSpan(at));
        _length = at + bytes.Length;
        return at;
    }

    /// <summary>One series in the copy.</summary>
    internal struct Copied
    {
        public int Id;
        public SeriesRecord Record;

        /// <summary>Samples of the tail that are seen; 0 when none is of the range.</summary>
        public int Tail;

        /// <summary>Where the slot's bytes are.</summary>
        public int Slot;

        /// <summary>Where its pieces are, newest first, and its late samples, oldest first.</summary>
        public int Pieces, PiecesEnd, Histograms, Late, LateEnd;
    }

    /// <summary>A piece in the copy, and how many of its samples are seen.</summary>
    internal readonly record struct CopiedPiece(Piece Piece, int At, int Visible);
}
