using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>Writes the message <c>prometheus.ReadResponse</c>: all samples of all series, as remote write would send them.</summary>
internal static class SampledAnswer
{
    private const int Results = 1;
    private const int TimeSeries = 1;
    private const int Samples = 2;
    private const int Histograms = 4;

    /// <summary>Begins the answer to the next query; hand what it answers to <see cref="EndQuery"/>.</summary>
    public static int BeginQuery(MessageWriter into) => into.BeginBlock(Results);

    public static void EndQuery(MessageWriter into, int begun) => into.EndBlock(begun);

    public static void Write(MessageWriter into, in SeriesView series)
    {
        var block = into.BeginBlock(TimeSeries);
        into.WriteBytes(series.Labels.Bytes); // they lie as the message wants them
        var times = series.Times;
        var values = series.Values;
        var histograms = series.Histograms;
        for (var i = 0; i < times.Length && !into.IsFull; i++)
        {
            if (!histograms.IsEmpty && histograms[i] is { } histogram)
                HistogramMessage.Write(into, Histograms, histogram, times[i]);
            else
                Write(into, values[i], times[i]);
        }
        into.EndBlock(block);
    }

    private static void Write(MessageWriter into, double value, long time)
    {
        var room = into.Room(2 + 1 + sizeof(double) + 1 + Varint.BytesMax);
        if (room.IsEmpty)
            return;
        var length = Varint.Write(room[12..], (ulong)time);
        room[0] = (Samples << 3) | (byte)WireType.Block;
        room[1] = (byte)(1 + sizeof(double) + 1 + length);
        room[2] = (1 << 3) | (byte)WireType.Fixed64;
        System.Buffers.Binary.BinaryPrimitives.WriteDoubleLittleEndian(room[3..], value);
        room[11] = (2 << 3) | (byte)WireType.Varint;
        into.Advance(12 + length);
    }
}
