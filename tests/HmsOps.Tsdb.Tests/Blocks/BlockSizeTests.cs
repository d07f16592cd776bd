using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using Xunit.Abstractions;

namespace HmsOps.Tsdb.Tests.Blocks;

/// <summary>What a series and a sample may cost on disk, of a million series with eleven labels.</summary>
public sealed class BlockSizeTests(ITestOutputHelper output) : IDisposable
{
    private const int Samples = 160;
    private const double PrometheusIndexPerSample = 0.65; // measured beside VictoriaMetrics on such data, 160 samples a series

    private readonly string _folder = Directory.CreateTempSubdirectory("hms-ops-blocks-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_index_of_a_million_series_takes_its_bytes_and_no_more()
    {
        var cluster = new ClusterSeries(pods: 20_000, seed: 1);
        Assert.InRange(cluster.Count, 990_000, 1_010_000);
        var disk = new RealDisk();
        var times = Enumerable.Range(0, cluster.Targets).Select(target => ClusterSeries.Times(target, Samples)).ToArray();
        var values = new double[Samples];
        var noise = new double[Samples];
        ClusterSeries.Fill(noise, 9); // chunks as long as they come, so that their lengths and places cost what they can cost
        using var writer = new BlockWriter(disk, _folder, new BlockIdentity(1, 1));
        foreach (var (labels, target, number) in cluster.Rows())
            writer.Add(labels, new SeriesView(labels, times[target], number % 16 == 0 ? noise : values, []));
        var info = writer.Finish();

        var index = (double)info.IndexBytes / info.Series;
        var time = (double)info.TimeBytes / info.Samples;
        output.WriteLine($"{info.Series} series: index {index:f2} B/series = {index / Samples:f4} B/sample, {index / Samples / PrometheusIndexPerSample:f3} of Prometheus'; times {time:f5} B/sample");
        // The chunks here are mostly constant, of a length that takes one byte; a byte more is what chunks of 160 others take.
        Assert.InRange(index + 1, 10, 40);
        Assert.InRange((index + 1) / Samples, 0, 0.35 * PrometheusIndexPerSample);
        Assert.InRange(time, 0, 0.01);
    }
}
