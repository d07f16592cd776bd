using HmsOps.Series;

namespace HmsOps.Tsdb.Tests.Observations;

/// <summary>Differences of what was counted elsewhere: increments of counters, and histograms of what was observed since the last one.</summary>
public sealed class DifferenceTests
{
    private readonly StoreWorld _world = new();

    [Fact]
    public void Increments_are_folded_into_a_counter_that_survives()
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            Assert.Equal("2 taken", (await Send(store, Increment("c", 2, "a"), Increment("c", 0.5, "b"))).Reasons());
            Assert.Equal("1 taken", (await Send(store, Increment("c", 2, "a"))).Reasons()); // again
            await time.Seconds(1);
            Assert.Equal("c:0 c:2.5", Values(store));
        });
        _world.Live(End.Stopped, async (store, time) =>
        {
            await Send(store, Increment("c", 1, ""));
            await time.Seconds(1);
            Assert.Equal("c:0 c:2.5 c:3.5", Values(store));
        });
        _world.Now += TimeSpan.FromSeconds(15);
        _world.Live(End.Killed, async (store, time) =>
        {
            Assert.EndsWith("c:3.5 c:3.5", Values(store)); // repeated while it rests
            await Send(store, Increment("c", 1, ""), Increment("c", 1, ""));
            await time.Seconds(1);
            Assert.EndsWith("c:3.5 c:5.5", Values(store));
        });
    }

    [Fact]
    public void Histograms_are_folded_in_at_the_coarser_resolution_and_the_wider_zero_bucket()
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            await Send(store, Difference("h", Of(2, 0, 1, (1, 2), (2, 1), (9, 4))));
            await time.Seconds(1);
            await Send(store, Difference("h", Of(1, 0.9, 3, (1, 5)))); // its first bucket is that of 1 and 2 before, and lies partly in the zero bucket of 0.9
            await time.Seconds(1);
            var sum = store.Newest("h")!;
            Assert.Equal(1, sum.Schema);
            Assert.Equal(16, sum.Count);
            Assert.Equal(16, sum.ZeroCount + sum.Positive.Sum(bucket => bucket.Count));
        });
        Assert.Equal(16, _world.Look(store => store.Newest("h")!.Count));
        _world.Live(End.Stopped, (_, _) => Task.CompletedTask);
        Assert.Equal(16, _world.Look(store => store.Newest("h")!.Count));
    }

    [Fact]
    public void Bounds_of_its_own_stay_and_others_are_refused() => _world.Live(End.Killed, async (store, time) =>
    {
        Assert.Equal("1 taken, 1 histogram_bounds", (await Send(store, Difference("h", Own([1, 2], (0, 1), (2, 3))), Difference("h", Own([1, 3], (0, 1))))).Reasons());
        Assert.Equal("0 taken, 0 histogram_bounds", (await Send(store, Difference("h", Of(0, 0, 0, (1, 1))))).Reasons());
        Assert.Equal("1 taken", (await Send(store, Difference("h", Own([1, 2], (0, 1), (1, 1))))).Reasons());
        await store.Observe(("h", 1.5, ""));
        await time.Seconds(1);
        var sum = store.Newest("h")!;
        Assert.Equal(NativeHistogram.CustomBounds, sum.Schema);
        Assert.Equal([1, 2], sum.Bounds);
        Assert.Equal([new HistogramBucket(0, 2), new HistogramBucket(1, 2), new HistogramBucket(2, 3)], sum.Positive);
    });

    [Fact]
    public void A_series_counts_or_observes() => _world.Live(End.Stopped, async (store, time) =>
    {
        await Send(store, Increment("c", 1, ""), Difference("h", Of(0, 0, 0, (1, 1))));
        Assert.Equal("0 taken, 0 series_kind, 1 series_kind", (await Send(store, Increment("h", 1, ""), Difference("c", Of(0, 0, 0, (1, 1))))).Reasons());
        Assert.Equal("0 taken, 0 series_kind", (await store.Observe(("c", 1, ""))).Reasons());
        Assert.Equal("0 taken, 0 series_kind", (await store.Append(("c", time.Ms(), 1))).Reasons());
        Assert.Equal("0 taken, 0 not_finite", (await Send(store, Increment("c", double.NaN, ""))).Reasons());
    });

    private static Observation Increment(string series, double by, string id) => new(StoreSentences.Named(series), by, id) { Kind = ObservationKind.Increment };

    private static Observation Difference(string series, NativeHistogram histogram) =>
        new(StoreSentences.Named(series), 0, "") { Kind = ObservationKind.Histogram, Histogram = histogram };

    private static NativeHistogram Of(int schema, double threshold, double zeros, params (int Index, double Count)[] buckets) => new()
    {
        Schema = schema,
        ZeroThreshold = threshold,
        ZeroCount = zeros,
        Count = zeros + buckets.Sum(bucket => bucket.Count),
        Sum = 1,
        Positive = [.. buckets.Select(bucket => new HistogramBucket(bucket.Index, bucket.Count))],
        Negative = [],
    };

    private static NativeHistogram Own(double[] bounds, params (int Index, double Count)[] buckets) => new()
    {
        Schema = NativeHistogram.CustomBounds,
        ZeroThreshold = 0,
        ZeroCount = 0,
        Count = buckets.Sum(bucket => bucket.Count),
        Sum = 1,
        Positive = [.. buckets.Select(bucket => new HistogramBucket(bucket.Index, bucket.Count))],
        Negative = [],
        Bounds = bounds,
    };

    private static async Task<AppendResult> Send(MetricStore store, params Observation[] items)
    {
        var batch = new ObservationBatch();
        foreach (var item in items)
            batch.Add(item);
        return await store.ObserveAsync(batch, CancellationToken.None);
    }

    private static string Values(MetricStore store)
    {
        var values = new List<string>();
        using var cursor = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None);
        while (cursor.MoveNext())
        {
            foreach (var value in cursor.Current.Values)
                values.Add($"{cursor.Current.Labels.Name}:{value}");
        }
        return string.Join(' ', values);
    }
}
