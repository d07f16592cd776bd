using System.Buffers.Binary;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// The head of a sealed piece of a series, as it lies in the arena; behind it lie when its samples began to be counted, what they weigh, their times and
/// their values, as far as its marks say that it has them.
/// </summary>
/// <param name="Older">Handle of the piece before it, 0 for the oldest.</param>
/// <param name="Bytes">Bytes in all.</param>
/// <param name="Count">Samples.</param>
/// <param name="Marks">What it is.</param>
/// <param name="First">Time of its first sample.</param>
/// <param name="Last">Time of its last.</param>
/// <param name="Step">Of an even piece, milliseconds between two samples; of others the bytes of its times.</param>
/// <param name="Start">When what it counts began to be counted; 0 if unknown.</param>
/// <param name="Weight">What it weighs against the limit of samples.</param>
internal readonly record struct Piece(
    uint Older, int Bytes, int Count, PieceMarks Marks, long First, long Last, uint Step, long Start, int Weight)
{
    public const int HeadBytes = 24;

    public bool Is(PieceMarks mark) => (Marks & mark) != PieceMarks.None;

    public static Piece Read(ReadOnlySpan<byte> from)
    {
        var marks = (PieceMarks)from[6];
        var count = BinaryPrimitives.ReadUInt16LittleEndian(from[4..]);
        var step = BinaryPrimitives.ReadUInt32LittleEndian(from[12..]);
        var first = BinaryPrimitives.ReadInt64LittleEndian(from[16..]);
        var at = HeadBytes;
        var start = (marks & PieceMarks.HasStart) != PieceMarks.None ? Next(from, ref at) : 0;
        var last = (marks & PieceMarks.Even) != PieceMarks.None ? first + ((count - 1L) * step) : Next(from, ref at);
        var weight = (marks & PieceMarks.Histograms) != PieceMarks.None ? (int)Next(from, ref at) : count;
        return new Piece(
            BinaryPrimitives.ReadUInt32LittleEndian(from), (int)BinaryPrimitives.ReadUInt32LittleEndian(from[8..]), count, marks, first, last, step, start, weight);
    }

    /// <summary>Bytes before times and values.</summary>
    public static int PrefixBytes(PieceMarks marks) => HeadBytes
        + ((marks & PieceMarks.HasStart) != PieceMarks.None ? 8 : 0) + ((marks & PieceMarks.Even) != PieceMarks.None ? 0 : 8) + ((marks & PieceMarks.Histograms) != PieceMarks.None ? 8 : 0);

    /// <summary>Writes what stands before times and values.</summary>
    public void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, Older);
        BinaryPrimitives.WriteUInt16LittleEndian(into[4..], (ushort)Count);
        into[6] = (byte)Marks;
        into[7] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(into[8..], (uint)Bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], Step);
        BinaryPrimitives.WriteInt64LittleEndian(into[16..], First);
        var at = HeadBytes;
        if (Is(PieceMarks.HasStart))
            Put(into, ref at, Start);
        if (!Is(PieceMarks.Even))
            Put(into, ref at, Last);
        if (Is(PieceMarks.Histograms))
            Put(into, ref at, Weight);
    }

    /// <summary>Reads the times; room for exactly as many as there are.</summary>
    public void ReadTimes(ReadOnlySpan<byte> piece, Span<long> into)
    {
        if (!Is(PieceMarks.Even))
        {
            TimeChunk.Decode(piece.Slice(PrefixBytes(Marks), (int)Step), into);
            return;
        }
        var time = First;
        foreach (ref var place in into)
        {
            place = time;
            time += Step;
        }
    }

    /// <summary>Reads the values of a piece of floats.</summary>
    public void ReadValues(ReadOnlySpan<byte> piece, Span<double> into)
    {
        var body = Body(piece);
        if (Is(PieceMarks.Constant))
            into.Fill(BinaryPrimitives.ReadDoubleLittleEndian(body));
        else
            ValueChunk.Decode(body, into);
    }

    /// <summary>Reads the samples of a piece of histograms.</summary>
    public void ReadHistograms(ReadOnlySpan<byte> piece, Span<NativeHistogram> into) => HistogramChunk.Decode(Body(piece), into);

    private ReadOnlySpan<byte> Body(ReadOnlySpan<byte> piece) => piece[(PrefixBytes(Marks) + (Is(PieceMarks.Even) ? 0 : (int)Step))..Bytes];

    private static long Next(ReadOnlySpan<byte> from, ref int at)
    {
        at += 8;
        return BinaryPrimitives.ReadInt64LittleEndian(from[(at - 8)..]);
    }

    private static void Put(Span<byte> into, ref int at, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(into[at..], value);
        at += 8;
    }
}

/// <summary>What a piece is.</summary>
[Flags]
internal enum PieceMarks : byte
{
    None = 0,

    /// <summary>All values are the same bits: they stand there once.</summary>
    Constant = 1,

    /// <summary>Its samples lie at even distances.</summary>
    Even = 2,

    /// <summary>Its samples are histograms.</summary>
    Histograms = 4,

    /// <summary>It is known when what it counts began to be counted.</summary>
    HasStart = 8,

    /// <summary>It is small, and to be merged with those beside it.</summary>
    Small = 16,
}
