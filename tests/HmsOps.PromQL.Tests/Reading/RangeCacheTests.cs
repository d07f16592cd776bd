using HmsOps.PromQL.Caching;
using HmsOps.PromQL.Tests.Notation;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Reading;

/// <summary>What is kept is what would be worked out, whatever came meanwhile.</summary>
public sealed class RangeCacheTests
{
    private const long Step = 15_000;

    private static readonly string[] Expressions =
    [
        "sum by (zone) (rate(requests_total[2m]))",
        "queue",
        "queue offset -1m",
        "max_over_time(queue[3m:30s])",
        "queue @ 600",
        "queue - queue offset 2m",
        "rate(requests_total[2m] smoothed)",
        "queue @ end()",
        "time() - range()",
        "topk(1, queue)",
        "count(queue) or vector(0)",
        "queue > 3",
    ];

    /// <summary>A store that grows, and says since when it has changed.</summary>
    private sealed class GrowingStore : ISeriesSource, IChanges
    {
        private readonly Dictionary<string, SortedDictionary<long, double>> _series = [];
        private readonly List<long> _came = [];

        public long OldestKept { get; set; } = long.MinValue;

        public long Mark() => _came.Count;

        public long ChangedFrom(long mark) => mark < 0 ? long.MinValue : _came.Skip((int)mark).DefaultIfEmpty(long.MaxValue).Min();

        public void Add(string series, long time, double value)
        {
            if (!_series.TryGetValue(series, out var samples))
                _series.Add(series, samples = []);
            samples[time] = value;
            _came.Add(time);
        }

        public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken) => Now().Select(selection, budget, cancellationToken);

        public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken) => Now().Series(selection, most, cancellationToken);

        public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) => Now().LabelNames(selection, cancellationToken);

        public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) => Now().LabelValues(name, selection, cancellationToken);

        private LiteralSource Now() => new(_series.Select(one => SeriesNotation.Read($"{one.Key} 0", 1) with
        {
            Samples = [.. one.Value.Select(sample => new SeriesNotation.Sample(sample.Key, sample.Value, null))],
        }));
    }

    [Fact]
    public void A_kept_answer_is_the_answer_whatever_came_meanwhile()
    {
        var draw = new Random(4_711);
        var store = new GrowingStore();
        var engine = new PromEngine(store, PromLimits.Default);
        var cache = new RangeCache(engine, store, 1 << 20);
        var expressions = Expressions.Select(Answers.Parsed).ToArray();
        var now = 300_000L;
        for (var turn = 0; turn < 400; turn++)
        {
            now += draw.Next(1, 20_000);
            foreach (var zone in (string[])["a", "b"])
            {
                store.Add($"requests_total{{zone=\"{zone}\"}}", now - draw.Next(3_000), turn);
                store.Add($"queue{{zone=\"{zone}\"}}", now, draw.Next(6));
            }
            if (draw.Next(10) == 0)
                store.Add("queue{zone=\"a\"}", now - draw.Next(600_000), 9); // late
            var expression = expressions[draw.Next(expressions.Length)];
            var to = now / Step * Step;
            var from = to - (Step * draw.Next(1, 60));
            Assert.Equal(Said(engine.Range(expression, from, to, Step, CancellationToken.None)), Said(cache.Range(expression, from, to, Step, CancellationToken.None)));
        }
        Assert.InRange(cache.StepsKept, 2_000, long.MaxValue); // late samples, and other expressions in between, cost the rest
    }

    [Fact]
    public void What_retention_let_go_of_is_not_in_a_kept_answer()
    {
        var store = new GrowingStore();
        for (var i = 0; i < 40; i++)
            store.Add("queue", i * Step, i);
        var cache = new RangeCache(new PromEngine(store, PromLimits.Default), store, 1 << 20);
        var queue = Answers.Parsed("queue");
        cache.Range(queue, 0, 39 * Step, Step, CancellationToken.None);
        cache.Range(queue, 30 * Step, 39 * Step, Step, CancellationToken.None);
        var kept = cache.StepsKept;
        store.OldestKept = 30 * Step;
        cache.Range(queue, 30 * Step, 39 * Step, Step, CancellationToken.None);
        Assert.True(kept > 0);
        Assert.Equal(kept, cache.StepsKept);
    }

    [Fact]
    public void A_kept_answer_is_paid_for_as_another_is()
    {
        var store = new GrowingStore();
        for (var i = 0; i < 40; i++)
            store.Add("queue", i * Step, i);
        var pool = new PromPool(1 << 20);
        var cache = new RangeCache(new PromEngine(store, PromLimits.Default, pool: pool), store, 1 << 20);
        var queue = Answers.Parsed("queue");
        cache.Range(queue, 0, 39 * Step, Step, CancellationToken.None);
        Assert.Equal((0, 0), (pool.Bytes, cache.Hits));
        using (var account = new PromAccount())
        {
            cache.Range(queue, 0, 39 * Step, Step, CancellationToken.None, account);
            Assert.Equal((account.Bytes, 1), (pool.Bytes, cache.Hits));
            Assert.InRange(account.Bytes, 40 * (sizeof(long) + sizeof(double)), 2_000);
        }
        Assert.Equal(0, pool.Bytes);
    }

    [Fact]
    public void The_least_recently_used_goes_when_there_is_no_room()
    {
        var store = new GrowingStore();
        for (var i = 0; i < 400; i++)
            store.Add("queue", i * Step, i);
        var cache = new RangeCache(new PromEngine(store, PromLimits.Default), store, 20_000);
        for (var i = 0; i < 20; i++)
        {
            cache.Range(Answers.Parsed($"queue + {i}"), 0, 200 * Step, Step, CancellationToken.None);
            Assert.InRange(cache.Bytes, 1, 20_000);
        }
        var worked = cache.StepsWorkedOut;
        cache.Range(Answers.Parsed("queue + 19"), 0, 200 * Step, Step, CancellationToken.None);
        Assert.Equal(worked, cache.StepsWorkedOut);
        cache.Range(Answers.Parsed("queue + 0"), 0, 200 * Step, Step, CancellationToken.None);
        Assert.NotEqual(worked, cache.StepsWorkedOut);
    }

    private static string Said(PromMatrix matrix) => string.Join('\n', matrix.Series.Select(series =>
        $"{series.Labels} {string.Join(' ', series.Times.Select((time, i) => $"{time}:{series.Values[i]:R}"))}"));
}
