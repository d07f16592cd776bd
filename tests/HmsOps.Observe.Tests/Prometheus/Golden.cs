using System.Runtime.CompilerServices;
using HmsOps.Series;
using HmsOps.Simulation.Disk;

namespace HmsOps.Observe.Tests.Prometheus;

/// <summary>
/// Bytes that Debian's Prometheus 2.42 wrote. <c>block/</c>: made by <c>promtool tsdb create-blocks-from openmetrics</c>, and a range of one series then deleted by a server.
/// <c>histograms.stream</c>: its answer in frames to a remote read of native histograms that it had been sent. <c>broken.stream</c>: such an answer behind whose frames
/// that server, in the midst of sending, wrote why it could not go on.
/// </summary>
internal static class Golden
{
    private const long Begin = 1_790_000_000_250;
    private const long Step = 15_000;
    private const long HistogramsBegin = 1_795_276_152_000;

    public static string Path(string name) => $"{System.IO.Path.GetDirectoryName(ThisFile())}/golden/{name}";

    /// <summary>The block on a disk in memory.</summary>
    public static SimulatedDisk Block(Func<string, byte[], byte[]>? change = null)
    {
        var disk = new SimulatedDisk(new Random(1));
        disk.CreateFolder("block/chunks");
        foreach (var name in (string[])["meta.json", "index", "tombstones", "chunks/000001"])
        {
            var bytes = File.ReadAllBytes(Path($"block/{name}"));
            bytes = change?.Invoke(name, bytes) ?? bytes;
            using var file = disk.Create($"block/{name}", 0);
            file.Write(0, bytes);
        }
        return disk;
    }

    /// <summary>What is in the block, without what was deleted: a line a sample.</summary>
    public static IEnumerable<string> Samples()
    {
        foreach (var county in (string[])["fairfax", "loudoun"])
        {
            var labels = Labels.From(("__name__", "court_cases_total"), ("county", county), ("note", "a\"b"));
            for (var i = 0; i < 300; i++)
            {
                var time = Begin + (i * Step);
                // Deleted: seconds 1,500 to 3,000 after the block's first whole second, both inclusive.
                if (county != "fairfax" || time < 1_790_001_500_000 || time > 1_790_003_000_000)
                    yield return Line(labels, time, (i * 3) + (county == "loudoun" ? 0.25 : 0));
            }
        }
        for (var i = 0; i < 200; i++)
            yield return Line(Labels.From(("__name__", "wait_seconds")), Begin + (i * Step), i switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => -0.0, _ => i * 7_919 % 1_009 / 7.0 });
    }

    /// <summary>The histograms of the stream: what was sent to the server, in words, with their times and what is to be said of resets.</summary>
    public static IEnumerable<string> Histograms()
    {
        foreach (var (name, isFloat, isGauge, count) in new[] { ("h_float", true, false, 100), ("h_gauge", false, true, 44) })
        {
            var labels = Labels.From(("__name__", name), ("job", "lab"));
            for (var i = 0; i < count; i++)
                yield return Line(labels, HistogramsBegin + (i * Step), HistogramOf(i, isFloat, isGauge));
        }
    }

    public static string Line(Labels labels, long time, double value) => $"{labels} {(double.IsNaN(value) ? "NaN" : BitConverter.DoubleToInt64Bits(value).ToString("x", System.Globalization.CultureInfo.InvariantCulture))} @{time}";

    public static string Line(Labels labels, long time, NativeHistogram histogram) => $"{labels} {Chunks.ChunkSamples.Words(histogram)} @{time}";

    /// <summary>A batch as lines.</summary>
    public static IEnumerable<string> Lines(SampleBatch batch)
    {
        var lines = new List<string>();
        for (var i = 0; i < batch.Count; i++)
        {
            Assert.True(Labels.TryFromBytes(batch.KeyOf(batch.SampleSeries[i]).ToArray(), out var labels));
            lines.Add(!batch.Histograms.IsEmpty && batch.Histograms[i] is { } histogram ? Line(labels, batch.Times[i], histogram) : Line(labels, batch.Times[i], batch.Values[i]));
        }
        return lines;
    }

    private static NativeHistogram HistogramOf(int i, bool isFloat, bool isGauge)
    {
        SortedDictionary<int, int> positive = new() { [-3] = (2 * i) + 1, [-2] = i, [0] = (3 * i) + 2, [7] = i / 2, [40] = i / 10 };
        SortedDictionary<int, int> negative = new() { [1] = i, [2] = i / 3 };
        var zero = i / 4;
        if (!isGauge && i >= 60)
        {
            (positive, negative, zero) = (Thirds(positive), Thirds(negative), zero / 3);
        }
        if (isGauge)
            positive = new(positive.ToDictionary(b => b.Key, b => b.Value * 37 % 11));
        var divisor = isFloat ? 4.0 : 1;
        return new NativeHistogram
        {
            Schema = 3,
            ZeroThreshold = Math.ScaleB(1, -128),
            ZeroCount = zero / divisor,
            Count = (positive.Values.Sum() + negative.Values.Sum() + zero) / divisor,
            Sum = (i * 1.5) - 7,
            Positive = Buckets(positive, divisor),
            Negative = Buckets(negative, divisor),
            IsFloat = isFloat,
            IsGauge = isGauge,
        };
    }

    private static SortedDictionary<int, int> Thirds(SortedDictionary<int, int> buckets) => new(buckets.ToDictionary(b => b.Key, b => b.Value / 3));

    private static HistogramBucket[] Buckets(SortedDictionary<int, int> buckets, double divisor) =>
        [.. buckets.Where(b => b.Value > 0).Select(b => new HistogramBucket(b.Key, b.Value / divisor))];

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
