using HmsOps.Series;

namespace HmsOps.Tsdb.Tests;

/// <summary>Every limit just below, at, and above it.</summary>
public sealed class LimitTests
{
    private readonly StoreWorld _world = new(options: StoreWorld.Small with { SegmentBytes = 1 << 20, BatchBytesMax = 512 * 1024 });

    [Theory]
    [InlineData(63, "1 taken")]
    [InlineData(64, "1 taken")]
    [InlineData(65, "0 taken, 0 label_count")]
    public void Labels_of_a_series(int labels, string outcome) =>
        Appended(outcome, [.. Enumerable.Range(0, labels).Select(i => ($"l{i:00}", "v"))]);

    [Theory]
    [InlineData(255, "1 taken")]
    [InlineData(256, "1 taken")]
    [InlineData(257, "0 taken, 0 label_name")]
    public void Bytes_of_a_name(int bytes, string outcome) => Appended(outcome, [(new string('n', bytes), "v")]);

    [Theory]
    [InlineData(4095, "1 taken")]
    [InlineData(4096, "1 taken")]
    [InlineData(4097, "0 taken, 0 label_value")]
    public void Bytes_of_a_value(int bytes, string outcome) => Appended(outcome, [("n", new string('v', bytes))]);

    [Theory]
    [InlineData(16383, "1 taken")]
    [InlineData(16384, "1 taken")]
    [InlineData(16385, "0 taken, 0 label_bytes")]
    public void Bytes_of_all_labels(int bytes, string outcome) => Appended(outcome,
    [
        ("a", new string('v', 4095)), ("b", new string('v', 4095)), ("c", new string('v', 4095)),
        ("d", new string('v', 4000)), ("e", new string('v', bytes - (3 * 4096) - 4001 - 1)),
    ]);

    [Fact]
    public void Without_labels_there_is_no_series() => Appended("0 taken, 0 no_labels", []);

    [Theory]
    [InlineData(256, "1 taken")]
    [InlineData(257, "0 taken, 0 id_length")]
    public void Characters_of_an_id(int characters, string outcome) => _world.Live(End.Stopped, async (store, _) =>
        Assert.Equal(outcome, (await store.Observe(("m", 1, new string('é', characters)))).Reasons()));

    [Theory]
    [InlineData(1e308, "1 taken")]
    [InlineData(double.NaN, "0 taken, 0 not_finite")]
    [InlineData(double.PositiveInfinity, "0 taken, 0 not_finite")]
    [InlineData(double.NegativeInfinity, "0 taken, 0 not_finite")]
    public void An_observation_is_finite(double value, string outcome) => _world.Live(End.Stopped, async (store, _) =>
        Assert.Equal(outcome, (await store.Observe(("m", value, ""))).Reasons()));

    [Fact]
    public void Series_of_the_store()
    {
        _world.Options = _world.Options with { SeriesMax = 3 };
        _world.Live(End.Killed, async (store, time) =>
        {
            var now = time.Ms();
            Assert.Equal("2 taken", (await store.Append(("a", now, 1), ("b", now, 1))).Reasons());
            Assert.Equal("2 taken, 1 series_limit", (await store.Append(("c", now, 1), ("d", now, 1), ("a", now + 1, 1))).Reasons());
            Assert.Equal("0 taken, 0 series_limit", (await store.Observe(("e", 1, ""))).Reasons());
            Assert.Equal(2, store.Counts.Refused["series_limit"]);
        });
        Assert.Equal(3, _world.Look(store => store.Counts.Series));
    }

    [Fact]
    public void Samples_of_the_store()
    {
        _world.Options = _world.Options with { SamplesMax = 4 };
        _world.Live(End.Stopped, async (store, time) =>
        {
            var now = time.Ms();
            await store.Append(("a", now, 1), ("a", now + 1, 1), ("a", now + 2, 1));
            Assert.Equal("1 taken, 1 samples_limit", (await store.Append(("a", now + 3, 1), ("a", now + 4, 1))).Reasons());
            Assert.Equal("1 taken", (await store.Append(("a", now + 3, 1))).Reasons()); // known, so it needs no room
            Assert.Equal("0 taken, 0 samples_limit", (await store.Observe(("e", 1, ""))).Reasons());
        });
    }

    [Fact]
    public void Memory_of_the_store()
    {
        _world.Options = _world.Options with { MemoryMax = 4 << 20, SeriesMax = 1_000_000 };
        _world.Live(End.Killed, async (store, time) =>
        {
            var first = "";
            for (var i = 0; first.Length == 0; i++)
            {
                var refused = (await store.Append([.. Enumerable.Range(0, 200).Select(j => ($"m/{i}-{j}-{new string('x', 100)}", time.Ms(), 1.0))])).Refused;
                first = refused.Count > 0 ? refused[0].Reason : "";
                Assert.True(i < 500, "Nothing was refused.");
            }
            Assert.Equal("memory_limit", first);
            Assert.InRange(store.Counts.MemoryBytes, (4 << 20) / 8 * 7, (4 << 20) + (1 << 18));
            // Those that are there go on, for as long as there is room for them.
            Assert.Equal("1 taken", (await store.Append(($"m/0-0-{new string('x', 100)}", time.Ms() + 1, 1))).Reasons());
        });
    }

    [Fact]
    public void A_histogram_weighs_what_it_holds_and_an_accepted_observation_always_becomes_a_sample()
    {
        _world.Options = _world.Options with { SamplesMax = 10 };
        _world.Live(End.Stopped, async (store, time) =>
        {
            Assert.Equal("3 taken", (await store.Observe(("e", 1, ""), ("e", 2, ""), ("e", 0, ""))).Reasons());
            await time.Seconds(1);
            Assert.Equal(8 + 8 + 2, store.Counts.Weight); // the empty one, and one with two buckets
            await time.Seconds(30);
            Assert.Equal(8 + 8 + 2 + 1 + 1, store.Counts.Weight); // repeats share it
            Assert.Equal("0 taken, 0 samples_limit", (await store.Observe(("e", 1, ""))).Reasons());
        });
    }

    [Fact]
    public void A_series_is_floats_or_observed() => _world.Live(End.Stopped, async (store, time) =>
    {
        await store.Append(("f", time.Ms(), 1));
        await store.Observe(("h", 1, ""));
        Assert.Equal("0 taken, 0 series_kind", (await store.Observe(("f", 1, ""))).Reasons());
        Assert.Equal("0 taken, 0 series_kind", (await store.Append(("h", time.Ms() + 1, 1))).Reasons());
    });

    [Fact]
    public void A_batch_whose_log_payload_is_too_large_is_taken_up_to_there()
    {
        _world.Options = _world.Options with { BatchBytesMax = 1_000, SegmentBytes = 16 * 1024 };
        _world.Live(End.Killed, async (store, time) =>
        {
            var now = time.Ms();
            var result = await store.Append([.. Enumerable.Range(0, 1_000).Select(i => ("a", now + i, (double)i))]);
            Assert.All(result.Refused, refused => Assert.Equal("batch_bytes", refused.Reason));
            Assert.Equal(1_000, result.Taken + result.Refused.Count);
            Assert.InRange(result.Taken, 200, 400);
            Assert.Equal(result.Taken, result.Refused[0].Index);
        });
        Assert.InRange(_world.Look(store => store.Counts.Samples), 200, 400);
    }

    [Theory]
    [InlineData(0, 1, 25, 5, "Limits are at least 1")]
    [InlineData(1, 0, 25, 5, "Limits are at least 1")]
    [InlineData(1, 1, 23, 5, "Retention is not shorter than LateWindow, and longer than ObservedLife.")]
    [InlineData(1, 1, 25, 9, "HistogramSchema is between -4 and 8.")]
    [InlineData(1, 1, 25, -5, "HistogramSchema is between -4 and 8.")]
    public void Options_that_contradict_themselves_are_refused(int series, long samples, int retentionHours, int schema, string rule)
    {
        _world.Options = _world.Options with
        {
            SeriesMax = series,
            SamplesMax = samples,
            Retention = TimeSpan.FromHours(retentionHours),
            HistogramSchema = schema,
        };
        Assert.Contains(rule, Assert.Throws<ArgumentException>(() => _world.Look(store => store.State)).Message);
    }

    [Fact]
    public void A_late_window_may_be_as_long_as_the_retention() // as the hub's settings make it when only the former is written
    {
        _world.Options = _world.Options with { LateWindow = TimeSpan.FromDays(3_650), Retention = TimeSpan.FromDays(3_650) };
        _world.Live(End.Killed, async (store, time) =>
        {
            var oldest = time.Ms() - (long)TimeSpan.FromDays(3_650).TotalMilliseconds;
            Assert.Equal("1 taken, 1 late", (await store.Append(("m", oldest + 10_000, 1), ("m", oldest - 1, 1))).Reasons());
        });
        Assert.Contains("m ", _world.Look(store => store.Dump()));
    }

    private void Appended(string outcome, (string Name, string Value)[] labels)
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            var batch = new SampleBatch();
            batch.Add(Labels.From(labels), time.Ms(), 1);
            Assert.Equal(outcome, (await store.AppendAsync(batch, CancellationToken.None)).Reasons());
        });
        Assert.Equal(outcome.StartsWith('1') ? 1 : 0, _world.Look(store => store.Counts.Series));
    }
}
