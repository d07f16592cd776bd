using HmsOps.Observe;
using HmsOps.Observe.RemoteRead;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb;

namespace HmsOps.Present.Tests.Stage;

/// <summary>A store that was given a batch at noon, and the hub's sources over it.</summary>
public sealed class StoredSeries
{
    private readonly StoppedClock _clock = new(Noon);

    public StoredSeries(Action<SampleBatch> fill)
    {
        var time = new VirtualTime(Noon);
        Store = MetricStore.Open(new SimulatedDisk(new Random(18)), new MetricStoreOptions { Folder = "metrics" }, time);
        var batch = new SampleBatch();
        fill(batch);
        time.Run(async () =>
        {
            using var stopping = new CancellationTokenSource();
            var loop = Store.RunAsync(stopping.Token);
            Assert.Empty((await Store.AppendAsync(batch, stopping.Token)).Refused);
            stopping.Cancel();
            await loop;
        });
    }

    public static DateTimeOffset Noon { get; } = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Noon, less so many milliseconds.</summary>
    public static long Before(long milliseconds) => Noon.ToUnixTimeMilliseconds() - milliseconds;

    public MetricStore Store { get; }

    public PresentSources Sources() => CountyCourt.Over.Sources(s => s with
    {
        Time = _clock,
        PromQL = new PromQL.PromEngine(Store, HmsOps.PromQL.PromLimits.Default),
        Series = Store,
        Metadata = Store.Metadata,
        RemoteRead = new RemoteReadOutlet(Store, new Refusals(), new ReadLimits()),
    });
}
