using HmsOps.Observe.Tests.Prometheus;
using HmsOps.Observe.Tests.Prometheus.Chunks;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb;

namespace HmsOps.Observe.Tests.RemoteRead;

/// <summary>A store that holds series of every kind, 300 samples each, and what it holds: a line a sample.</summary>
internal sealed record StoredSeries(MetricStore Store, List<string> Lines)
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    public static readonly long End = Noon.ToUnixTimeMilliseconds();

    private const int Samples = 300;
    private const long Step = 15_000;

    /// <summary>Fifty series of floats, markers and numbers that are none among them, ten of native histograms; and, where <paramref name="bits"/> asks for it, a long one.</summary>
    public static StoredSeries OfEveryKind(int bits = 0)
    {
        var dice = new Random(40);
        var lines = new List<string>();
        var time = new VirtualTime(Noon);
        var store = MetricStore.Open(new SimulatedDisk(new Random(3)), new MetricStoreOptions { Folder = "metrics" }, time);
        var batch = new SampleBatch();
        for (var n = 0; n < 60; n++)
        {
            var labels = Labels.From(("__name__", n % 10 == 9 ? "h" : "f"), ("n", $"{n}"), ("law.code", "𝄞"));
            var (values, histograms) = (ChunkSamples.Values(dice, Samples), n % 10 == 9 ? ChunkSamples.Histograms(dice, Samples) : []);
            var series = batch.AddSeries(labels);
            for (var i = 0; i < Samples; i++)
            {
                var at = End - (Samples * Step) + (i * Step);
                if (histograms.Length > 0)
                    batch.Add(series, at, histograms[i]!); // drawn without gaps
                else
                    batch.Add(series, at, values[i]);
                lines.Add(histograms.Length > 0 ? Golden.Line(labels, at, histograms[i]!) : Golden.Line(labels, at, values[i]));
            }
        }
        if (bits > 0)
        {
            var series = batch.AddSeries(Labels.From(("__name__", "long")));
            for (var i = 0; i < bits; i++)
                batch.Add(series, End - bits + i, dice.NextDouble());
        }
        time.Run(async () =>
        {
            using var stopping = new CancellationTokenSource();
            var loop = store.RunAsync(stopping.Token);
            Assert.Empty((await store.AppendAsync(batch, stopping.Token)).Refused);
            stopping.Cancel();
            await loop;
        });
        return new StoredSeries(store, lines);
    }
}
