using System.Text.Json;
using HmsOps.Present.Tests.Stage;
using HmsOps.Series;

namespace HmsOps.Present.Tests.Api.Prometheus;

/// <summary>Native histograms in answers to questions in PromQL, as Prometheus writes them: which sides belong to a bucket, its bounds, its count.</summary>
public sealed class HistogramAnswerTests
{
    [Fact]
    public async Task An_exponential_histogram_says_the_bounds_of_its_schema() => Assert.Equal(
        """[[1,"-2","-1","4"],[3,"-0.5","0.5","3"],[0,"1","2","5"],[0,"4","8","1"]]""",
        await BucketsAsync(new NativeHistogram
        {
            Schema = 0,
            ZeroThreshold = 0.5,
            ZeroCount = 3,
            Count = 13,
            Sum = 9,
            Positive = [new HistogramBucket(1, 5), new HistogramBucket(3, 1)],
            Negative = [new HistogramBucket(1, 4)],
        }));

    [Fact]
    public async Task A_histogram_with_bounds_of_its_own_says_these() => Assert.Equal(
        """[[3,"-Inf","0.1","2"],[0,"0.25","1","7"],[0,"1","+Inf","1"]]""",
        await BucketsAsync(new NativeHistogram
        {
            Schema = NativeHistogram.CustomBounds,
            Bounds = [0.1, 0.25, 1],
            ZeroThreshold = 0,
            ZeroCount = 0,
            Count = 10,
            Sum = 9,
            Positive = [new HistogramBucket(0, 2), new HistogramBucket(2, 7), new HistogramBucket(3, 1)],
            Negative = [],
        }));

    private static async Task<string> BucketsAsync(NativeHistogram histogram)
    {
        var stored = new StoredSeries(batch => batch.Add(batch.AddSeries(Labels.From(("__name__", "sizes"))), StoredSeries.Before(60_000), histogram));
        await using var hub = await TestHub.StartAsync(stored.Sources());
        using var answer = await hub.Client.GetAsync("/api/v1/query?query=sizes");
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var buckets = json.RootElement.GetProperty("data").GetProperty("result")[0].GetProperty("histogram")[1].GetProperty("buckets");
        return $"[{string.Join(',', buckets.EnumerateArray().Select(each => $"[{each[0]},{string.Join(',', each.EnumerateArray().Skip(1).Select(text => $"\"{text}\""))}]"))}]";
    }
}
