using System.Globalization;
using HmsOps.Series;
using HmsOps.Tsdb.Outgoing;

namespace HmsOps.Tsdb.Tests.Outgoing;

/// <summary>What comes out of a queue, as the store's dump shows it.</summary>
internal static class QueueReading
{
    /// <summary>Small segments and epochs, so that every test has several.</summary>
    public static OutgoingOptions Small { get; } = new() { Folder = "remote", SegmentBytes = 16 * 1024, EpochBytes = 2 * 1024, BytesMax = 64 * 1024 };

    /// <summary>Reads all that waits, a few samples at a time, and says that it is done; the lines in the order in which they came.</summary>
    public static async Task<List<string>> Drain(this ISampleQueue queue, int samplesMax = 7, long? linesMax = null, bool isDone = true)
    {
        var lines = new List<string>();
        var batch = new SampleBatch();
        var place = 0L;
        while (queue.Standing.Waiting > 0 && place < long.MaxValue && lines.Count < (linesMax ?? long.MaxValue))
        {
            batch.Clear();
            place = await queue.ReadAsync(batch, samplesMax, CancellationToken.None);
            lines.AddRange(Lines(batch));
            if (isDone)
                queue.Done(place);
            else if (lines.Count >= queue.Standing.Waiting)
                break;
        }
        return lines;
    }

    public static IEnumerable<string> Lines(SampleBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var value = !batch.Histograms.IsEmpty && batch.Histograms[i] is { } histogram ? StoreSentences.Shown(histogram) : Bits(batch.Values[i]);
            yield return $"{LabelsOf(batch, batch.SampleSeries[i])} {batch.Times[i]} {value}";
        }
        foreach (var exemplar in batch.Exemplars)
            yield return $"exemplar {LabelsOf(batch, exemplar.Series)} {exemplar.Labels} {exemplar.Time} {Bits(exemplar.Value)}";
        foreach (var said in batch.Metadata)
            yield return $"metadata {said}";
    }

    /// <summary>The lines of what a store shows.</summary>
    public static string[] Shown(this MetricStore store) => store.Dump().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static Labels LabelsOf(SampleBatch batch, int series) =>
        Labels.TryFromBytes(batch.KeyOf(series), out var labels) ? labels : throw new InvalidDataException("A series of the queue has no labels.");

    private static string Bits(double value) => BitConverter.DoubleToInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);
}
