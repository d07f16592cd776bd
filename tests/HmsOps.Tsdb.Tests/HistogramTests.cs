using HmsOps.Series;

namespace HmsOps.Tsdb.Tests;

/// <summary>Ready-made histograms, floats between them, starts, exemplars and what is said of metrics.</summary>
public sealed class HistogramTests
{
    private readonly StoreWorld _world = new(options: StoreWorld.Small with { SegmentBytes = 1 << 20, BatchBytesMax = 256 * 1024 });

    [Fact]
    public void Floats_and_histograms_of_one_series_come_back_in_their_order()
    {
        var before = "";
        _world.Live(End.Killed, async (store, time) =>
        {
            var now = time.Ms();
            var batch = new SampleBatch();
            for (var i = 0; i < 300; i++)
            {
                batch.Clear();
                var (mixed, whole, custom) = (batch.AddSeries(StoreSentences.Named("mixed")), batch.AddSeries(StoreSentences.Named("whole")), batch.AddSeries(StoreSentences.Named("custom")));
                if (i / 7 % 3 == 0)
                    batch.Add(mixed, now + i, i * 0.1);
                else
                    batch.Add(mixed, now + i, Exponential(i, isFloat: i % 2 == 0));
                batch.Add(whole, now + i, Exponential(i, isFloat: false));
                batch.Add(custom, now + i, Custom(i));
                Assert.Equal("3 taken", (await store.AppendAsync(batch, CancellationToken.None)).Reasons());
                Assert.Equal("3 taken", (await store.AppendAsync(batch, CancellationToken.None)).Reasons()); // again
            }
            Assert.Equal(900, store.Counts.Samples);
            using var cursor = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(10_000), CancellationToken.None);
            Assert.True(cursor.MoveNext());
            for (var i = 0; i < 300; i++)
                Assert.Equal(StoreSentences.Shown(Custom(i)), StoreSentences.Shown(cursor.Current.Histograms[i]!));
            Assert.True(cursor.MoveNext());
            for (var i = 0; i < 300; i++)
            {
                Assert.Equal(now + i, cursor.Current.Times[i]);
                if (i / 7 % 3 == 0)
                    Assert.Equal((null, i * 0.1), (cursor.Current.Histograms[i], cursor.Current.Values[i]));
                else
                    Assert.Equal(StoreSentences.Shown(Exponential(i, isFloat: i % 2 == 0)), StoreSentences.Shown(cursor.Current.Histograms[i]!));
            }
            before = store.Dump();
        });
        Assert.Equal(before, _world.Look(store => store.Dump()));
        _world.Live(End.Stopped, (_, _) => Task.CompletedTask);
        Assert.Equal(before, _world.Look(store => store.Dump()));
    }

    [Fact]
    public void A_late_histogram_finds_its_place_and_another_value_is_refused() => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        Assert.Equal("1 taken", (await Append(store, "h", now + 10, Exponential(10, false))).Reasons());
        Assert.Equal("1 taken", (await Append(store, "h", now, Exponential(1, false))).Reasons());
        Assert.Equal("1 taken", (await Append(store, "h", now, Exponential(1, false))).Reasons());
        Assert.Equal("0 taken, 0 duplicate_time", (await Append(store, "h", now, Exponential(2, false))).Reasons());
        Assert.Equal("0 taken, 0 duplicate_time", (await store.Append(("h", now, 1))).Reasons());
        Assert.Equal("1 taken", (await store.Append(("h", now + 5, 1))).Reasons());
        Assert.Equal("0 taken, 0 duplicate_time", (await Append(store, "h", now + 5, Exponential(2, false))).Reasons());
        Assert.Equal(3, store.Dump().Split(Environment.NewLine).Length - 1);
    });

    [Fact]
    public void What_is_no_histogram_is_refused() => _world.Live(End.Stopped, async (store, time) =>
    {
        var good = Exponential(3, false);
        foreach (var bad in (NativeHistogram[])[
            Zero(9), Zero(-5),
            new() { Schema = 0, ZeroThreshold = 0, ZeroCount = -1, Count = 1, Sum = 1, Positive = [], Negative = [] },
            new() { Schema = 0, ZeroThreshold = 0, ZeroCount = 0.5, Count = 1, Sum = 1, Positive = [], Negative = [] },
            new() { Schema = 0, ZeroThreshold = 0, ZeroCount = 0, Count = 1, Sum = 1, Positive = [new(2, 1), new(1, 1)], Negative = [] },
            new() { Schema = NativeHistogram.CustomBounds, ZeroThreshold = 0, ZeroCount = 0, Count = 1, Sum = 1, Positive = [new(3, 1)], Negative = [], Bounds = [1, 2] },
            new() { Schema = NativeHistogram.CustomBounds, ZeroThreshold = 0, ZeroCount = 0, Count = 1, Sum = 1, Positive = [new(1, 1)], Negative = [], Bounds = [2, 1] }])
        {
            Assert.Equal("0 taken, 0 histogram_form", (await Append(store, "h", time.Ms(), bad)).Reasons());
        }
        Assert.Equal("1 taken", (await Append(store, "h", time.Ms(), good)).Reasons());
        Assert.Equal(1, store.Counts.Series);
    });

    [Fact]
    public void Starts_are_kept_for_each_run()
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            var batch = new SampleBatch();
            var now = time.Ms();
            for (var i = 0; i < 100; i++)
            {
                batch.Clear();
                var (a, b) = (batch.AddSeries(StoreSentences.Named("a")), batch.AddSeries(StoreSentences.Named("b")));
                batch.Add(a, now + (i * 10), i, start: StartOf(now, i));
                batch.Add(b, now + (i * 10), i);
                batch.Add(a, now + (i * 10) + 1, i, start: now - 1);
                await store.AppendAsync(batch, CancellationToken.None);
            }
            batch.Clear();
            batch.Add(batch.AddSeries(StoreSentences.Named("a")), now + 5, 1, start: 77);
            await store.AppendAsync(batch, CancellationToken.None);
            AssertStarts(store, now);
        });
        _world.Look(store => AssertStarts(store, _world.NowMs));
        _world.Live(End.Stopped, (store, _) => Task.FromResult(AssertStarts(store, _world.NowMs)));
        _world.Look(store => AssertStarts(store, _world.NowMs));
    }

    [Fact]
    public void Exemplars_are_found_by_matchers_and_range_ten_a_series_and_survive()
    {
        _world.Options = _world.Options with { ExemplarsMax = 15 };
        _world.Live(End.Killed, async (store, time) =>
        {
            var now = time.Ms();
            for (var i = 0; i < 30; i++)
                await Exemplify(store, "a", now + i, i);
            for (var i = 0; i < 4; i++)
                await Exemplify(store, "b", now + i, i);
            Assert.Equal(1, (await Exemplify(store, "b", now + 3, 3)).ExemplarsTaken); // again
            Assert.Equal(14, store.Counts.Exemplars);
            Assert.Equal(0, (await Exemplify(store, "c", now, 1, new string('x', 200))).ExemplarsTaken);
            Assert.Equal(1, store.Counts.Refused["exemplar_size"]);
        });
        AssertExemplars();
        _world.Live(End.Stopped, (_, _) => Task.CompletedTask);
        AssertExemplars();
    }

    [Fact]
    public void An_exemplar_beside_the_first_sample_of_its_series_is_kept_though_the_series_is_written_twice()
    {
        _world.Live(End.Stopped, async (store, time) =>
        {
            // Prometheus sends an exemplar as an entry of its own, with the labels of the series again.
            var batch = new SampleBatch();
            batch.Add(batch.AddSeries(StoreSentences.Named("a")), time.Ms(), 1);
            batch.Exemplars.Add(new Exemplar(batch.AddSeries(StoreSentences.Named("a")), Labels.From(("trace_id", "1")), time.Ms(), 1));
            Assert.Equal(1, (await store.AppendAsync(batch, CancellationToken.None)).ExemplarsTaken);
            Assert.Equal(1, store.Counts.Exemplars);
        });
    }

    [Fact]
    public void What_is_said_of_metrics_is_kept_the_newest_word_of_each()
    {
        _world.Live(End.Killed, async (store, _) =>
        {
            var batch = new SampleBatch();
            batch.Metadata.Add(new MetricMetadata("up", "gauge", "", "Whether it answers."));
            batch.Metadata.Add(new MetricMetadata("up", "gauge", "", "Whether the target answers."));
            batch.Metadata.Add(new MetricMetadata("latency", "histogram", "seconds", ""));
            batch.Metadata.Add(new MetricMetadata("long", "", "", new string('x', 5_000)));
            Assert.Equal("0 taken", (await store.AppendAsync(batch, CancellationToken.None)).Reasons());
            Assert.Equal(1, store.Counts.Refused["metadata_size"]);
        });
        AssertSaid();
        _world.Live(End.Stopped, (_, _) => Task.CompletedTask);
        AssertSaid();
    }

    internal static NativeHistogram Exponential(int i, bool isFloat) => new()
    {
        Schema = i / 100 % 2,
        ZeroThreshold = 0.001,
        ZeroCount = i,
        Count = (i * 4) + (isFloat ? 0.5 : 0),
        Sum = i * 1.7,
        Positive = [new(1, i + 1), new(5 + (i % 3), 2)],
        Negative = i % 2 == 0 ? [] : [new(-3, 1)],
        IsFloat = isFloat,
        Reset = i % 50 == 0 ? CounterResetHint.Reset : CounterResetHint.Unknown,
    };

    private static NativeHistogram Custom(int i) => new()
    {
        Schema = NativeHistogram.CustomBounds,
        ZeroThreshold = 0,
        ZeroCount = 0,
        Count = i,
        Sum = i * 0.5,
        Positive = i == 0 ? [] : [new(i % 3, i)],
        Negative = [],
        Bounds = i < 150 ? [0.5, 1] : [0.5, 1, 5],
    };

    private static NativeHistogram Zero(int schema) => new() { Schema = schema, ZeroThreshold = 0, ZeroCount = 0, Count = 0, Sum = 0, Positive = [], Negative = [] };

    private static long StartOf(long now, int i) => now - 1_000 + (i / 40);

    private static async Task<AppendResult> Append(MetricStore store, string series, long time, NativeHistogram histogram)
    {
        var batch = new SampleBatch();
        batch.Add(batch.AddSeries(StoreSentences.Named(series)), time, histogram);
        return await store.AppendAsync(batch, CancellationToken.None);
    }

    private static async Task<AppendResult> Exemplify(MetricStore store, string series, long time, double value, string trace = "")
    {
        var batch = new SampleBatch();
        batch.Add(batch.AddSeries(StoreSentences.Named(series)), time, value);
        batch.Exemplars.Add(new Exemplar(0, Labels.From(("trace_id", $"{series}{value}{trace}")), time, value));
        return await store.AppendAsync(batch, CancellationToken.None);
    }

    private static bool AssertStarts(MetricStore store, long now)
    {
        using var cursor = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(10_000), CancellationToken.None);
        Assert.True(cursor.MoveNext());
        Assert.Equal(201, cursor.Current.Starts.Length);
        Assert.Equal((now - 1_000, now - 1, 77), (cursor.Current.Starts[0], cursor.Current.Starts[1], cursor.Current.Starts[2]));
        Assert.Equal((StartOf(now, 99), now - 1), (cursor.Current.Starts[199], cursor.Current.Starts[200]));
        Assert.True(cursor.MoveNext());
        Assert.True(cursor.Current.Starts.IsEmpty);
        return true;
    }

    private void AssertExemplars() => _world.Look(store =>
    {
        var t0 = _world.NowMs;
        Assert.Equal(14, store.Counts.Exemplars);
        var all = store.Exemplars(new Selection([], 0, long.MaxValue), CancellationToken.None);
        Assert.Equal(["a", "b"], all.Select(series => series.Series.Name));
        Assert.Equal(Enumerable.Range(20, 10), all[0].Exemplars.Select(exemplar => (int)exemplar.Value));
        var some = store.Exemplars(new Selection([new Matcher("__name__", MatchOp.Equal, "b")], t0 + 1, t0 + 2), CancellationToken.None);
        Assert.Equal(["b1", "b2"], Assert.Single(some).Exemplars.Select(exemplar => exemplar.Labels.Text("trace_id")));
        return true;
    });

    private void AssertSaid() => _world.Look(store =>
    {
        Assert.Equal("Whether the target answers.", store.Metadata("up")!.Help);
        Assert.Equal(["latency", "up"], store.Metadata().Select(said => said.Metric));
        Assert.Null(store.Metadata("long"));
        return true;
    });
}
