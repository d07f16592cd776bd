using HmsOps.Labs.Tests.World;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb;

namespace HmsOps.Labs.Tests.Clusters;

/// <summary>
/// Three quarters of an hour of a court's numbers, every 15 s until two minutes ago: gauges with gaps and ends, counters that begin anew, classic buckets, native histograms. Numbers are multiples of 2^-10 below
/// 2^20, which a store that keeps twelve digits keeps whole; but for <c>court_fine</c>, which has all digits, and <c>court_odd</c>, some of which are none.
/// </summary>
internal sealed class CourtSeries
{
    public const long StepMs = 15_000;

    private const int Samples = 180;
    private const int SamplesOfBody = 4_000;

    private readonly List<Line> _lines = [];
    private readonly Random _dice = new(11);

    private CourtSeries(DateTimeOffset now)
    {
        // Off whole seconds: no window and no step ends on a sample, where stores of different age differ.
        ToMs = (now.ToUnixTimeMilliseconds() / 1_000 * 1_000) - 120_000 + 217;
        FromMs = ToMs - ((Samples - 1) * StepMs);
        foreach (var job in (string[])["api", "web"])
        {
            foreach (var instance in (string[])["a", "b", "Fürth 𝄞"])
                AddInstance(("job", job), ("instance", instance));
        }
    }

    /// <summary>The first sample.</summary>
    public long FromMs { get; }

    /// <summary>The last sample.</summary>
    public long ToMs { get; }

    public static CourtSeries Until(DateTimeOffset now) => new(now);

    /// <summary>A store of the hub's own, in memory, that holds all of it.</summary>
    public MetricStore Stored()
    {
        var time = new VirtualTime(DateTimeOffset.FromUnixTimeMilliseconds(ToMs));
        var store = MetricStore.Open(new SimulatedDisk(new Random(3)), new MetricStoreOptions { Folder = "metrics" }, time);
        var batch = new SampleBatch();
        foreach (var line in _lines)
        {
            var series = batch.AddSeries(line.Labels);
            foreach (var sample in line.Samples)
            {
                if (sample.Histogram is { } histogram)
                    batch.Add(series, sample.Time, histogram);
                else
                    batch.Add(series, sample.Time, sample.Value);
            }
        }
        time.Run(async () =>
        {
            using var stopping = new CancellationTokenSource();
            var loop = store.RunAsync(stopping.Token);
            Assert.Empty((await store.AppendAsync(batch, stopping.Token)).Refused);
            stopping.Cancel();
            await loop;
        });
        return store;
    }

    /// <summary>All of it as requests of remote write 1.0, in the order of time.</summary>
    /// <param name="withHistograms">Native ones too, which not every store takes.</param>
    public IEnumerable<byte[]> Bodies(bool withHistograms) => _lines
        .SelectMany(line => line.Samples.Where(sample => withHistograms || sample.Histogram is null).Select(sample => (line.Labels, Sample: sample)))
        .OrderBy(pair => pair.Sample.Time)
        .Chunk(SamplesOfBody)
        .Select(chunk => Wire.Snap(chunk.SelectMany(pair => Wire.Field(1, [.. Message(pair.Labels), .. Message(pair.Sample)])).ToArray()));

    private void AddInstance(params (string Name, string Value)[] labels)
    {
        Add("court_temperature", labels, hasGaps: true, _ => Fine(200) - 100);
        foreach (var path in (string[])["/permits", "/appeals"])
            Add("court_queue", [.. labels, ("path", path)], hasGaps: true, _ => _dice.Next(12));
        Add("court_up", labels, hasGaps: false, _ => _dice.Next(5) == 0 ? 0 : 1);
        Add("court_requests_total", labels, hasGaps: false, Counter(10_000));
        Add("court_errors_total", labels, hasGaps: true, Counter(0));
        Add("court_fine", labels, hasGaps: false, _ => _dice.NextDouble() * 1_000);
        Add("court_odd", labels, hasGaps: false, i => i % 7 == 3 ? double.NaN : i % 11 == 5 ? double.PositiveInfinity : i);
        var counts = new double[5];
        string[] bounds = ["0.1", "0.5", "1", "5", "+Inf"];
        var rows = Enumerable.Range(0, Samples).Select(_ => Observed(counts)).ToList();
        for (var b = 0; b < bounds.Length; b++)
        {
            var bound = b;
            Add("court_latency_bucket", [.. labels, ("le", bounds[b])], hasGaps: false, i => rows[i][bound]);
        }
        var seen = new long[4];
        _lines.Add(new Line(Named("court_waits", labels), [.. Enumerable.Range(0, Samples).Select(i => new Sample(FromMs + (i * StepMs), 0, Grown(seen)))]));
    }

    private void Add(string name, (string, string)[] labels, bool hasGaps, Func<int, double> value)
    {
        var end = hasGaps && _dice.Next(3) == 0 ? _dice.Next(Samples / 2, Samples) : Samples;
        var gap = hasGaps ? 0.2 : 0;
        var samples = new List<Sample>();
        for (var i = 0; i < end; i++)
        {
            var one = value(i);
            if (_dice.NextDouble() >= gap)
                samples.Add(new Sample(FromMs + (i * StepMs), hasGaps && _dice.Next(40) == 0 ? StaleMarker.Value : one, null));
        }
        if (end < Samples)
            samples.Add(new Sample(FromMs + (end * StepMs), StaleMarker.Value, null));
        _lines.Add(new Line(Named(name, labels), samples));
    }

    private static Labels Named(string name, (string, string)[] labels) => Labels.From([("__name__", name), .. labels]);

    private double Fine(int below) => Math.Floor(_dice.NextDouble() * below * 1_024) / 1_024;

    private Func<int, double> Counter(double first)
    {
        var count = first + _dice.Next(1_000);
        return _ => count = _dice.Next(60) == 0 ? _dice.Next(5) : count + _dice.Next(20);
    }

    private double[] Observed(double[] counts)
    {
        var seen = 0;
        for (var b = 0; b < counts.Length; b++)
            counts[b] += seen += 1 + _dice.Next(30);
        return [.. counts];
    }

    private NativeHistogram Grown(long[] seen)
    {
        for (var b = 0; b < seen.Length; b++)
            seen[b] += 1 + _dice.Next(9);
        return new NativeHistogram
        {
            Schema = 2,
            ZeroThreshold = Math.ScaleB(1, -128),
            ZeroCount = 0,
            Count = seen.Sum(),
            Sum = seen.Sum() * 1.5,
            Positive = [.. seen.Select((count, b) => new HistogramBucket(b, count))],
            Negative = [],
        };
    }

    private static byte[] Message(Labels labels) => [.. LabelLists.NamesOf([labels]).SelectMany(name => Wire.Field(1, [.. Wire.Field(1, name), .. Wire.Field(2, labels.Text(name))]))];

    // prometheus/prompb, types.proto: Sample, and Histogram with one span of buckets whose counts are differences.
    private static byte[] Message(Sample sample)
    {
        if (sample.Histogram is not { } histogram)
            return Wire.Field(2, [.. Wire.Field(1, sample.Value), .. Wire.Field(2, sample.Time)]);
        var counts = histogram.Positive.Select(bucket => (long)bucket.Count).ToList();
        byte[] span = [.. Wire.Field(1, 0L), .. Wire.Field(2, (long)counts.Count)];
        var deltas = counts.Select((count, b) => count - (b == 0 ? 0 : counts[b - 1])).SelectMany(delta => Wire.Varint((ulong)((delta << 1) ^ (delta >> 63)))).ToArray();
        return Wire.Field(4, [
            .. Wire.Field(1, (long)histogram.Count), .. Wire.Field(3, histogram.Sum), .. Wire.Field(4, histogram.Schema * 2L), .. Wire.Field(5, histogram.ZeroThreshold),
            .. Wire.Field(6, 0L), .. Wire.Field(11, span), .. Wire.Field(12, deltas), .. Wire.Field(15, sample.Time)]);
    }

    private sealed record Line(Labels Labels, IReadOnlyList<Sample> Samples);

    private sealed record Sample(long Time, double Value, NativeHistogram? Histogram);
}
