using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// Seals tails into encoded pieces, and merges small pieces into larger ones. A piece hangs on its series' record, each on the one after it. Owned by
/// the head's writer, under the head's lock.
/// </summary>
internal sealed class PieceWriter(HeadArena arena)
{
    /// <summary>From so many samples on a piece stays as it is.</summary>
    public const int FloatsEnough = 128;

    private const int HistogramsEnough = 64; // their columns are many, and each reader takes the whole piece
    private const int PiecesMax = 8;

    private readonly long[] _times = new long[ValueChunk.SamplesMax];
    private readonly double[] _values = new double[ValueChunk.SamplesMax];
    private readonly NativeHistogram[] _histograms = new NativeHistogram[ValueChunk.SamplesMax];
    private readonly byte[] _encodedTimes = new byte[TimeChunk.BytesMax(ValueChunk.SamplesMax)];
    private readonly byte[] _encoded = new byte[Math.Max(ValueChunk.BytesMax(ValueChunk.SamplesMax), sizeof(long))];
    private readonly ArrayBufferWriter<byte> _encodedHistograms = new();

    /// <summary>Seals the tail of floats of a series, and leaves it empty.</summary>
    public void SealFloats(int id, ref SeriesRecord record)
    {
        int count = record.Count;
        if (count >= FloatsEnough)
            MergeSmall(id, ref record, enough: 2);
        var slot = record.Slot == 0 ? default : arena[record.Slot];
        if (count <= FloatTail.SamplesMax)
        {
            FloatTail.ReadTimes(record, slot, _times.AsSpan(0, count));
            FloatTail.ReadValues(record, slot, _values.AsSpan(0, count));
            AddFloats(ref record, count, record.Start);
        }
        else
        {
            BinaryPrimitives.WriteInt64LittleEndian(_encoded, record.Run);
            Add(ref record, PieceMarks.Constant | PieceMarks.Even, count, record.First, 0, record.Step, record.Start, count, default, _encoded.AsSpan(0, sizeof(long)));
        }
        FloatTail.Clear(arena, ref record);
        MergeSmall(id, ref record, FloatsEnough);
    }

    /// <summary>Seals the tail of histograms of a series, and leaves it empty.</summary>
    public void SealHistograms(int id, ref SeriesRecord record, HistogramTail tail)
    {
        for (var done = 0; done < tail.Count;)
        {
            var fitting = HistogramChunk.FittingPrefix(tail.Samples.AsSpan(done, tail.Count - done));
            tail.Times.AsSpan(done, fitting).CopyTo(_times);
            tail.Samples.AsSpan(done, fitting).CopyTo(_histograms);
            done += fitting;
            AddHistograms(ref record, fitting, record.Start, done == tail.Count ? WeightLeft(tail, done - fitting) : WeightOf(fitting));
            MergeSmall(id, ref record, HistogramsEnough);
        }
        tail.Clear();
        record.Count = 0;
        record.Marks &= ~SeriesMarks.TailShape;
    }

    /// <summary>Gives a piece and all before it back; answers their samples and weight.</summary>
    public (int Samples, long Weight) Free(uint handle)
    {
        var samples = 0;
        var weight = 0L;
        while (handle != 0)
        {
            var piece = Piece.Read(arena[handle]);
            samples += piece.Count;
            weight += piece.Weight;
            arena.Give(handle, piece.Bytes);
            handle = piece.Older;
        }
        return (samples, weight);
    }

    // The weights of a tail add up to what was charged for it, whichever of its pieces holds an object that another shares.
    private static int WeightLeft(HistogramTail tail, int before)
    {
        var counted = 0;
        for (var done = 0; done < before;)
        {
            var fitting = HistogramChunk.FittingPrefix(tail.Samples.AsSpan(done, tail.Count - done));
            counted += WeightOf(tail.Samples.AsSpan(done, fitting));
            done += fitting;
        }
        return tail.Weight - counted;
    }

    private int WeightOf(int count) => WeightOf(_histograms.AsSpan(0, count));

    private static int WeightOf(ReadOnlySpan<NativeHistogram> samples)
    {
        var weight = 0;
        for (var i = 0; i < samples.Length; i++)
            weight += i > 0 && ReferenceEquals(samples[i], samples[i - 1]) ? 1 : HistogramTail.WeightOf(samples[i]);
        return weight;
    }

    private void MergeSmall(int id, ref SeriesRecord record, int enough)
    {
        if (record.Newest == 0)
            return;
        var newest = Piece.Read(arena[record.Newest]);
        var (total, pieces, weight, handle) = (0, 0, 0, record.Newest);
        while (handle != 0)
        {
            var piece = Piece.Read(arena[handle]);
            if (!piece.Is(PieceMarks.Small) || piece.Is(PieceMarks.Histograms) != newest.Is(PieceMarks.Histograms)
                || piece.Start != newest.Start || total + piece.Count > ValueChunk.SamplesMax)
            {
                break;
            }
            (total, pieces, weight, handle) = (total + piece.Count, pieces + 1, weight + piece.Weight, piece.Older);
        }
        if (handle == 0)
            enough = Math.Min(enough, (int)Spread.Of(id, FloatTail.SamplesMax, FloatsEnough));
        if (pieces < 2 || (total < enough && pieces < PiecesMax))
            return;
        Collect(record.Newest, handle, total);
        if (newest.Is(PieceMarks.Histograms) && HistogramChunk.FittingPrefix(_histograms.AsSpan(0, total)) < total)
        {
            Settle(record.Newest, handle);
            return;
        }
        var merged = record.Newest;
        Release(merged, handle);
        record.Newest = handle;
        if (newest.Is(PieceMarks.Histograms))
            AddHistograms(ref record, total, newest.Start, weight);
        else
            AddFloats(ref record, total, newest.Start);
        if (total < (newest.Is(PieceMarks.Histograms) ? HistogramsEnough : FloatsEnough))
            Settle(record.Newest, handle); // many tiny ones: merged once is enough
    }

    private void Collect(uint from, uint to, int total)
    {
        for (var at = total; from != to;)
        {
            var bytes = arena[from];
            var piece = Piece.Read(bytes);
            at -= piece.Count;
            piece.ReadTimes(bytes, _times.AsSpan(at, piece.Count));
            if (piece.Is(PieceMarks.Histograms))
                piece.ReadHistograms(bytes, _histograms.AsSpan(at, piece.Count));
            else
                piece.ReadValues(bytes, _values.AsSpan(at, piece.Count));
            from = piece.Older;
        }
    }

    private void Release(uint from, uint to)
    {
        while (from != to)
        {
            var piece = Piece.Read(arena[from]);
            arena.Give(from, piece.Bytes);
            from = piece.Older;
        }
    }

    private void Settle(uint from, uint to)
    {
        while (from != to)
        {
            var bytes = arena[from];
            var piece = Piece.Read(bytes);
            (piece with { Marks = piece.Marks & ~PieceMarks.Small }).Write(bytes);
            from = piece.Older;
        }
    }

    private void AddFloats(ref SeriesRecord record, int count, long start)
    {
        var values = _values.AsSpan(0, count);
        var marks = count < FloatsEnough ? PieceMarks.Small : PieceMarks.None;
        var bits = MemoryMarshal.Cast<double, long>(values);
        int bytes;
        if (!bits.ContainsAnyExcept(bits[0]))
        {
            marks |= PieceMarks.Constant;
            BinaryPrimitives.WriteInt64LittleEndian(_encoded, bits[0]);
            bytes = sizeof(long);
        }
        else
        {
            bytes = ValueChunk.Encode(values, _encoded, ref record.Hint, Effort.Quick);
        }
        AddTimed(ref record, marks, count, start, count, _encoded.AsSpan(0, bytes));
    }

    private void AddHistograms(ref SeriesRecord record, int count, long start, int weight)
    {
        _encodedHistograms.ResetWrittenCount();
        HistogramChunk.Encode(_histograms.AsSpan(0, count), _encodedHistograms);
        Array.Clear(_histograms, 0, count);
        AddTimed(
            ref record, PieceMarks.Histograms | (count < HistogramsEnough ? PieceMarks.Small : PieceMarks.None), count, start, weight, _encodedHistograms.WrittenSpan);
    }

    private void AddTimed(ref SeriesRecord record, PieceMarks marks, int count, long start, int weight, ReadOnlySpan<byte> body)
    {
        var times = _times.AsSpan(0, count);
        if (StepOf(times) is { } step)
            Add(ref record, marks | PieceMarks.Even, count, times[0], times[^1], step, start, weight, default, body);
        else
            Add(ref record, marks, count, times[0], times[^1], 0, start, weight, _encodedTimes.AsSpan(0, TimeChunk.Encode(times, _encodedTimes)), body);
    }

    private void Add(
        ref SeriesRecord record, PieceMarks marks, int count, long first, long last, uint step, long start, int weight,
        ReadOnlySpan<byte> times, ReadOnlySpan<byte> body)
    {
        marks |= start != 0 ? PieceMarks.HasStart : PieceMarks.None;
        var prefix = Piece.PrefixBytes(marks);
        var bytes = prefix + times.Length + body.Length;
        var handle = arena.Take(bytes);
        var into = arena[handle];
        var even = (marks & PieceMarks.Even) != PieceMarks.None;
        new Piece(record.Newest, bytes, count, marks, first, last, even ? step : (uint)times.Length, start, weight).Write(into);
        times.CopyTo(into[prefix..]);
        body.CopyTo(into[(prefix + times.Length)..]);
        record.Newest = handle;
    }

    private static uint? StepOf(ReadOnlySpan<long> times)
    {
        if (times.Length == 1)
            return 0;
        var step = times[1] - times[0];
        if (step > uint.MaxValue)
            return null;
        for (var i = 2; i < times.Length; i++)
        {
            if (times[i] - times[i - 1] != step)
                return null;
        }
        return (uint)step;
    }
}
