using HmsOps.Series;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Head;

/// <summary>All samples of a series that came in order of time, taken out of its tail and pieces, oldest first. For rare work on a whole series; under the head's lock.</summary>
internal sealed class OrderedSamples
{
    private readonly double[] _values = new double[ValueChunk.SamplesMax];
    private readonly long[] _times = new long[ValueChunk.SamplesMax];
    private readonly NativeHistogram[] _histograms = new NativeHistogram[ValueChunk.SamplesMax];

    public List<(long Time, double Value, NativeHistogram? Histogram, long Start)> All { get; } = [];

    /// <summary>Reads a series.</summary>
    public void Read(SeriesHead head, int id)
    {
        All.Clear();
        ref readonly var record = ref head.Record(id);
        var handles = new Stack<uint>();
        for (var handle = record.Newest; handle != 0; handle = Piece.Read(head.Arena[handle]).Older)
            handles.Push(handle);
        foreach (var handle in handles)
            ReadPiece(head.Arena[handle]);
        if (record.Is(SeriesMarks.HasHistograms))
        {
            var tail = head.HistogramsOf(id);
            for (var i = 0; i < record.Count; i++)
                All.Add((tail.Times[i], 0, tail.Samples[i], record.Start));
        }
        else if (record.Count > 0)
        {
            ReadTail(head, record);
        }
    }

    private void ReadTail(SeriesHead head, in SeriesRecord record)
    {
        var (times, values) = (new long[record.Count], new double[record.Count]);
        var slot = record.Slot == 0 ? default : head.Arena[record.Slot];
        FloatTail.ReadTimes(record, slot, times);
        FloatTail.ReadValues(record, slot, values);
        for (var i = 0; i < times.Length; i++)
            All.Add((times[i], values[i], null, record.Start));
    }

    private void ReadPiece(ReadOnlySpan<byte> bytes)
    {
        var piece = Piece.Read(bytes);
        if (piece.Count > ValueChunk.SamplesMax) // such a piece is even and constant
        {
            piece.ReadValues(bytes, _values.AsSpan(0, 1));
            for (var i = 0; i < piece.Count; i++)
                All.Add((piece.First + (i * (long)piece.Step), _values[0], null, piece.Start));
            return;
        }
        piece.ReadTimes(bytes, _times.AsSpan(0, piece.Count));
        if (piece.Is(PieceMarks.Histograms))
            piece.ReadHistograms(bytes, _histograms.AsSpan(0, piece.Count));
        else
            piece.ReadValues(bytes, _values.AsSpan(0, piece.Count));
        for (var i = 0; i < piece.Count; i++)
            All.Add(piece.Is(PieceMarks.Histograms) ? (_times[i], 0, _histograms[i], piece.Start) : (_times[i], _values[i], null, piece.Start));
    }
}
