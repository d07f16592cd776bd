using System.Text;
using HmsOps.Observe.Tests.Prometheus.Chunks;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Cluster.Reading;

/// <summary>What a walk hands out, as lines.</summary>
internal static class Walked
{
    public static List<string> Lines(ISeriesSource source, Selection selection) => Lines(source.Select(selection, new QueryBudget(1_000_000), CancellationToken.None), out _);

    public static List<string> Lines(SeriesCursor cursor, out IReadOnlyList<string> warnings)
    {
        using (cursor)
        {
            var lines = new List<string>();
            while (cursor.MoveNext())
            {
                var series = cursor.Current;
                var line = new StringBuilder(series.Labels.ToString());
                for (var i = 0; i < series.Times.Length; i++)
                    line.Append(' ').Append(series.Times[i]).Append(':').Append(Words(series.Values[i], series.Histograms.IsEmpty ? null : series.Histograms[i]));
                lines.Add(line.ToString());
            }
            warnings = cursor.Warnings;
            return lines;
        }
    }

    /// <summary>A sample in words.</summary>
    public static string Words(double value, NativeHistogram? histogram) =>
        histogram is not null ? ChunkSamples.Words(histogram) : StaleMarker.Is(value) ? "stale" : NumberText.InAnswer(value);
}
