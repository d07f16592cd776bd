using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb;

namespace HmsOps.App.Tests.Verbs.Query;

/// <summary>
/// A data folder on the disk with an hour of a Friday until 16:00 UTC, a sample each 15 s: permits that are open in two offices, calls of two services, and how long the
/// county's API took. Its hub has stopped.
/// </summary>
public sealed class StoredFriday : IDisposable
{
    private const int Samples = 241;
    private const int StepMs = 15_000;

    public StoredFriday()
    {
        Directory.CreateDirectory(Folder);
        Fill($"{Folder}/metrics").GetAwaiter().GetResult();
    }

    public string Folder { get; } = Path.Combine(Directory.CreateTempSubdirectory("hms-query-").FullName, "data");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(Folder)!, recursive: true); // it lies in a folder of its own

    private static async Task Fill(string folder)
    {
        var options = new MetricStoreOptions { Folder = folder };
        using var store = MetricStore.Open(new RealDisk(), options, new FridayAtFour());
        using var stopping = new CancellationTokenSource();
        var running = Task.Run(() => store.RunAsync(stopping.Token));
        var result = await store.ImportAsync(Batch(), long.MinValue, long.MaxValue, CancellationToken.None);
        Assert.Empty(result.Refused);
        stopping.Cancel();
        await running;
    }

    private static SampleBatch Batch()
    {
        var batch = new SampleBatch();
        var fairfax = batch.AddSeries(Answers.Labels("permits_open office=fairfax"));
        var loudoun = batch.AddSeries(Answers.Labels("permits_open office=loudoun"));
        var portal = batch.AddSeries(Answers.Labels("http_requests_total job=portal code=200"));
        var court = batch.AddSeries(Answers.Labels("http_requests_total job=court code=200"));
        var county = batch.AddSeries(Answers.Labels("county_api_ms job=court"));
        for (var i = 0; i < Samples; i++)
        {
            var at = Answers.Four - (Samples - 1 - i) * StepMs;
            batch.Add(fairfax, at, Math.Round(40 + 25 * Math.Sin(i / 30.0)));
            batch.Add(loudoun, at, 12 + i / 40);
            batch.Add(portal, at, i * 450.0);
            batch.Add(court, at, i * 60.0 + Math.Max(0, i - 120) * 90);
            batch.Add(county, at, Answers.Histogram);
        }
        return batch;
    }
}

/// <summary>A clock that stands at 16:00 of a Friday; what is measured by it takes 100 µs from one look at it to the next.</summary>
internal sealed class FridayAtFour : TimeProvider
{
    private long _looks;

    public override long TimestampFrequency => 10_000;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Answers.Four);

    public override long GetTimestamp() => Interlocked.Increment(ref _looks);
}
