using HmsOps.Present.Readings;
using HmsOps.PromQL;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb;

namespace HmsOps.Present.Tests.Readings;

/// <summary>What a chart says was highest, against what was sent.</summary>
public sealed class MetricReaderTests
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 20, 15, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(40);
    private static readonly DateTimeOffset SpikeAt = Begin.AddMinutes(36).AddSeconds(37);

    public static TheoryData<string> Ranges => [.. TimeRange.All.Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(Ranges))]
    public void One_slow_call_among_thousands_is_the_highest_in_every_range(string name)
    {
        var reading = Read(Played.Busy, "api_ms", name);

        Assert.InRange(reading.Peak!.Value, 4_000, 4_000 * 1.022); // never below the truth, and above it by a bucket at most
        Assert.InRange(reading.Peak.At, SpikeAt, SpikeAt + reading.Step + TimeSpan.FromSeconds(1)); // a second gathers before it is stored
        Assert.True(reading.Lines[0].Values.Max() < 1_000);
    }

    [Theory]
    [MemberData(nameof(Ranges))]
    public void A_call_now_and_then_is_not_lost_between_two_points(string name) => Assert.InRange(Read(Played.Rare, "api_ms", name).Peak!.Value, 4_000, 4_000 * 1.022);

    [Theory]
    [MemberData(nameof(Ranges))]
    public void A_gauges_highest_is_exact(string name) => Assert.Equal(4_000, Read(Played.Gauge, "depth", name).Peak!.Value);

    [Theory]
    [MemberData(nameof(Ranges))]
    public void The_band_never_ends_below_the_average(string name)
    {
        foreach (var (played, metric) in new[] { (Played.Busy, "api_ms"), (Played.Rare, "api_ms"), (Played.Gauge, "depth") })
        {
            var reading = Read(played, metric, name);
            var highest = reading.Lines.Single(l => l.Weight == LineWeight.Edge);
            Assert.Equal(reading.Lines[0].Times, highest.Times);
            Assert.All(highest.Values.Zip(reading.Lines[0].Values), p => Assert.True(p.First >= p.Second - 1e-9));
        }
    }

    [Fact]
    public void What_was_highest_before_the_range_is_not_its_highest()
    {
        var store = Played.Busy.Store;
        var from = SpikeAt.AddSeconds(4);
        var reading = new MetricReader(new PromEngine(store, PromLimits.Default)).Read("api_ms", from, from.AddMinutes(5), TimeSpan.FromSeconds(2), CancellationToken.None);

        Assert.True(reading.Lines.Single(l => l.Weight == LineWeight.Edge).Values[0] > 4_000); // the window of the first point still holds it
        Assert.True(reading.Peak!.Value < 200);
    }

    [Fact]
    public void A_counter_has_no_single_values_and_so_no_band()
    {
        var reading = Read(Played.Gauge, "depth_total", "1h");

        Assert.DoesNotContain(reading.Lines, l => l.Weight == LineWeight.Edge);
        Assert.Equal(reading.Lines[0].Values.Max(), reading.Peak!.Value);
    }

    private static MetricReading Read(Played played, string metric, string range)
    {
        var chosen = TimeRange.Find(range)!; // one of All
        var now = Begin + Long;
        return new MetricReader(new PromEngine(played.Store, PromLimits.Default)).Read(metric, now - chosen.Span, now, chosen.Step, CancellationToken.None);
    }

    /// <summary>A store in which forty minutes were played: calm, but for one value of 4,000.</summary>
    private sealed class Played
    {
        private Played(Func<int, int> valuesInSecond, string metric, bool observed)
        {
            var time = new VirtualTime(Begin);
            Store = MetricStore.Open(new SimulatedDisk(new Random(3)), new MetricStoreOptions { Folder = "metrics" }, time);
            time.Run(() => PlayAsync(time, valuesInSecond, metric, observed));
        }

        public MetricStore Store { get; }

        public static Played Busy { get; } = new(_ => 5, "api_ms", observed: true);

        /// <summary>A call every 50 s: the store repeats its histogram in between.</summary>
        public static Played Rare { get; } = new(second => second % 50 == 47 ? 1 : 0, "api_ms", observed: true);

        public static Played Gauge { get; } = new(_ => 1, "depth", observed: false);

        private async Task PlayAsync(VirtualTime time, Func<int, int> valuesInSecond, string metric, bool observed)
        {
            using var stopping = new CancellationTokenSource();
            var loop = Store.RunAsync(stopping.Token);
            var spike = (int)(SpikeAt - Begin).TotalSeconds;
            for (var second = 0; second < Long.TotalSeconds; second++)
            {
                var values = Enumerable.Repeat(100.0 + (second % 7), valuesInSecond(second)).ToArray();
                if (second == spike)
                    values[0] = 4_000;
                if (observed)
                    await ObserveAsync(metric, values, stopping.Token);
                else
                    await AppendAsync(metric, values[0], second * 3, time.GetUtcNow(), stopping.Token);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stopping.Token);
            }
            stopping.Cancel();
            await loop;
        }

        private async Task ObserveAsync(string metric, double[] values, CancellationToken cancellationToken)
        {
            var batch = new ObservationBatch();
            foreach (var value in values)
                batch.Add(new Observation(Labels.From(("__name__", metric)), value, ""));
            await Store.ObserveAsync(batch, cancellationToken);
        }

        private async Task AppendAsync(string metric, double value, double counted, DateTimeOffset at, CancellationToken cancellationToken)
        {
            var batch = new SampleBatch();
            batch.Add(Labels.From(("__name__", metric)), at.ToUnixTimeMilliseconds(), value);
            batch.Add(Labels.From(("__name__", metric + "_total")), at.ToUnixTimeMilliseconds(), counted);
            await Store.AppendAsync(batch, cancellationToken);
        }
    }
}
