using System.Runtime.InteropServices;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// Looks for the sample of a series at a time at or before its newest: whether what comes late or again is there already. Owned by the holder of the turn.
/// </summary>
internal sealed class SampleFinder(Holdings holdings)
{
    private readonly long[] _times = new long[ValueChunk.SamplesMax];
    private readonly double[] _values = new double[ValueChunk.SamplesMax];
    private readonly NativeHistogram[] _histograms = new NativeHistogram[ValueChunk.SamplesMax];

    /// <summary>The bits of the sample at a time, of a histogram its digest; false when there is none.</summary>
    public bool TryFind(int id, long time, out long bits, out bool isHistogram)
    {
        var head = holdings.Head;
        ref readonly var record = ref head.Record(id);
        (bits, isHistogram) = (0, false);
        if (record.Is(SeriesMarks.HasLate) && head.LateOf(id) is { } late && late.TryFind(time, out var sample))
        {
            isHistogram = sample.Histogram is not null;
            bits = sample.Histogram is { } histogram ? HistogramDigest.Of(histogram) : BitConverter.DoubleToInt64Bits(sample.Value);
            return true;
        }
        if (record.Count > 0 && time >= record.First)
            return time <= head.NewestOf(id, record) && TryFindInTail(id, record, time, out bits, out isHistogram);
        for (var handle = record.Newest; handle != 0;)
        {
            var bytes = head.Arena[handle];
            var piece = Piece.Read(bytes);
            if (time >= piece.First)
                return time <= piece.Last && TryFind(piece, bytes, time, out bits, out isHistogram);
            handle = piece.Older;
        }
        return false;
    }

    private bool TryFindInTail(int id, in SeriesRecord record, long time, out long bits, out bool isHistogram)
    {
        (bits, isHistogram) = (0, record.Is(SeriesMarks.HasHistograms));
        if (isHistogram)
        {
            var tail = holdings.Head.HistogramsOf(id);
            var place = tail.Times.AsSpan(0, tail.Count).BinarySearch(time);
            if (place >= 0)
                bits = HistogramDigest.Of(tail.Samples[place]);
            return place >= 0;
        }
        if (record.Slot == 0)
        {
            bits = record.Run;
            return time == record.First || (record.Step > 0 && (time - record.First) % record.Step == 0);
        }
        var slot = holdings.Head.Arena[record.Slot];
        FloatTail.ReadTimes(record, slot, _times.AsSpan(0, record.Count));
        FloatTail.ReadValues(record, slot, _values.AsSpan(0, record.Count));
        return At(record.Count, time, out bits);
    }

    private bool TryFind(in Piece piece, ReadOnlySpan<byte> bytes, long time, out long bits, out bool isHistogram)
    {
        (bits, isHistogram) = (0, piece.Is(PieceMarks.Histograms));
        if (piece.Count > ValueChunk.SamplesMax) // such a piece is even and constant
        {
            Span<double> one = stackalloc double[1];
            piece.ReadValues(bytes, one);
            bits = BitConverter.DoubleToInt64Bits(one[0]);
            return (time - piece.First) % piece.Step == 0;
        }
        piece.ReadTimes(bytes, _times.AsSpan(0, piece.Count));
        if (!isHistogram)
        {
            piece.ReadValues(bytes, _values.AsSpan(0, piece.Count));
            return At(piece.Count, time, out bits);
        }
        var place = _times.AsSpan(0, piece.Count).BinarySearch(time);
        if (place < 0)
            return false;
        piece.ReadHistograms(bytes, _histograms.AsSpan(0, piece.Count));
        bits = HistogramDigest.Of(_histograms[place]);
        Array.Clear(_histograms, 0, piece.Count);
        return true;
    }

    private bool At(int count, long time, out long bits)
    {
        var place = _times.AsSpan(0, count).BinarySearch(time);
        bits = place < 0 ? 0 : MemoryMarshal.Cast<double, long>(_values)[place];
        return place >= 0;
    }
}
