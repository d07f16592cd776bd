using HmsOps.Series;
using HmsOps.Simulation.Time;

namespace HmsOps.Tsdb.Tests;

public sealed class AppendTests
{
    private readonly StoreWorld _world = new();

    [Fact]
    public void A_sample_is_read_back_bit_for_bit_after_a_kill()
    {
        double[] values = [0.1, -0.0, double.NaN, StaleMarker.Value, double.PositiveInfinity, double.Epsilon];
        _world.Live(End.Killed, async (store, time) =>
        {
            for (var i = 0; i < values.Length; i++)
                Assert.Equal("1 taken", (await store.Append(("up", time.Ms() + i, values[i]))).Reasons());
        });

        _world.Look(store =>
        {
            using var cursor = store.Select(new Selection([StoreWorld.Everything], 0, long.MaxValue), new QueryBudget(100), CancellationToken.None);
            Assert.True(cursor.MoveNext());
            Assert.Equal(values.Select(BitConverter.DoubleToInt64Bits), cursor.Current.Values.ToArray().Select(BitConverter.DoubleToInt64Bits));
            Assert.False(cursor.MoveNext());
            return true;
        });
    }

    // A series with samples at 0 and 10 s from now; then one more.
    [Theory]
    [InlineData(11, 1, "1 taken")]
    [InlineData(10, 2, "1 taken")] // the newest, again
    [InlineData(0, 1, "1 taken")] // an older one, again: the resend of a whole batch
    [InlineData(10, 3, "0 taken, 0 duplicate_time")]
    [InlineData(0, 3, "0 taken, 0 duplicate_time")]
    [InlineData(9, 1, "1 taken")] // late
    [InlineData(300, 1, "1 taken")]
    [InlineData(300.001, 1, "0 taken, 0 ahead")]
    [InlineData(-86400, 1, "1 taken")]
    [InlineData(-86400.001, 1, "0 taken, 0 late")]
    public void Time_decides(double second, double value, string outcome) => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        await store.Append(("up", now, 1), ("up", now + 10_000, 2));
        Assert.Equal(outcome, (await store.Append(("up", now + (long)(second * 1000), value))).Reasons());
    });

    [Theory]
    [InlineData(-86400, "1 taken")]
    [InlineData(-86400.001, "0 taken, 0 late")]
    [InlineData(300.001, "0 taken, 0 ahead")]
    public void Time_decides_for_a_new_series_too(double second, string outcome) => _world.Live(End.Stopped, async (store, time) =>
    {
        Assert.Equal(outcome, (await store.Append(("new", time.Ms() + (long)(second * 1000), 1))).Reasons());
        Assert.Equal(outcome.StartsWith('1') ? 1 : 0, store.Counts.Series);
    });

    [Fact]
    public void Within_one_batch_the_same_rules_hold() => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        var result = await store.Append(
            ("a", now, 1), ("b", now, 1), ("a", now + 1, 2), ("a", now + 2, 3), // three of one series, another between
            ("a", now + 1, 2), ("a", now + 1, 9), ("a", now + 2, 3), ("a", now, 1), ("a", now - 1, 1), ("b", now, 1));
        Assert.Equal("9 taken, 5 duplicate_time", result.Reasons());
        Assert.Equal((5, 1), (store.Counts.Samples, store.Counts.LateSamples));
    });

    [Fact]
    public void A_refusal_names_the_series_the_remedy_and_is_counted() => _world.Live(End.Stopped, async (store, time) =>
    {
        await store.Append(("up/court", time.Ms(), 1));
        var refused = Assert.Single((await store.Append(("up/court", time.Ms(), 2))).Refused);
        Assert.Equal(
            "up{job=\"court\"}: The series has another value at this time; the first one stays. "
            + "Two senders with the same labels need a label that tells them apart.", refused.Detail);
        Assert.Equal(new Dictionary<string, long> { ["duplicate_time"] = 1 }, store.Counts.Refused);
    });

    [Fact]
    public void After_ten_named_refusals_the_index_has_to_do() => _world.Live(End.Stopped, async (store, time) =>
    {
        var late = time.Ms() - 90_000_000;
        var result = await store.Append([.. Enumerable.Range(0, 12).Select(i => ($"m{i}", late, 1.0))]);
        Assert.StartsWith("m9: ", result.Refused[9].Detail);
        Assert.StartsWith("The sample is more than 24 h behind", result.Refused[10].Detail);
    });

    [Fact]
    public void An_answer_about_a_known_sample_waits_until_that_sample_is_written()
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            var now = time.Ms();
            var first = store.Append(("up", now, 1));
            var resent = store.Append(("up", now, 1));
            Assert.False(resent.IsCompleted);
            Assert.Equal("1 taken", (await resent).Reasons());
            Assert.True(first.IsCompleted);
        });
        Assert.Equal(1, _world.Look(store => store.Counts.Samples));
    }

    [Fact]
    public void A_sample_is_visible_before_it_is_acknowledged() => _world.Live(End.Stopped, async (store, time) =>
    {
        var before = store.Appended;
        var appending = store.Append(("up", time.Ms(), 1));
        Assert.False(appending.IsCompleted);
        Assert.NotEqual("", store.Dump());
        Assert.True(store.Appended > before);
        await appending;
    });

    [Fact]
    public void The_token_ends_the_waiting_and_not_the_write()
    {
        _world.Live(End.Stopped, async (store, time) =>
        {
            using var impatient = new CancellationTokenSource();
            var batch = new SampleBatch();
            batch.Add(StoreSentences.Named("up"), time.Ms(), 1);
            var appending = store.AppendAsync(batch, impatient.Token).AsTask();
            impatient.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => appending);
            batch.Clear(); // its owner may
            Assert.Equal("1 taken", (await store.Append(("down", time.Ms(), 1))).Reasons());
        });
        Assert.Equal(2, _world.Look(store => store.Counts.Samples));
    }

    [Fact]
    public void Appends_wait_while_the_queue_before_the_disk_is_full()
    {
        _world.Options = _world.Options with { PendingBytesMax = 64 };
        _world.Live(End.Killed, async (store, time) =>
        {
            var now = time.Ms();
            var appends = Enumerable.Range(0, 20).Select(i => store.Append(($"m{i}", now, i))).ToArray();
            await Task.WhenAll(appends);
            Assert.All(appends, append => Assert.Equal("1 taken", append.Result.Reasons()));
        });
        Assert.Equal(20, _world.Look(store => store.Counts.Samples));
    }

    [Fact]
    public void An_empty_batch_is_nothing() => _world.Live(End.Stopped, async (store, _) =>
    {
        Assert.Equal("0 taken", (await store.Append()).Reasons());
        Assert.Equal("0 taken", (await store.Observe()).Reasons());
        Assert.Equal(0, store.Appended);
    });

    [Fact]
    public void A_stopped_store_refuses_and_still_reads()
    {
        var time = new VirtualTime(_world.Now);
        using var store = MetricStore.Open(_world.Disk, _world.Options, time);
        time.Run(async () =>
        {
            using var stopping = new CancellationTokenSource();
            var running = store.RunAsync(stopping.Token);
            await store.Append(("up", time.Ms(), 1));
            stopping.Cancel();
            await running;
            var result = await store.Append(("up", time.Ms() + 1, 1));
            Assert.Equal("0 taken, 0 read_only", result.Reasons());
            Assert.Equal("The store was stopped.", result.Refused[0].Detail);
        });
        Assert.Equal(MetricStoreState.ReadOnly, store.State);
        Assert.NotEqual("", store.Dump());
    }
}
