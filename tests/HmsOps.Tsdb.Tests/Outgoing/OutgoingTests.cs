using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;

namespace HmsOps.Tsdb.Tests.Outgoing;

/// <summary>What a store takes comes out of its queue, once, to the bit, in order; and the queue keeps within its bounds.</summary>
public sealed class OutgoingTests
{
    private static readonly double[] Hostile =
        [0, -0.0, 1, 1.5, 1e300, double.Epsilon, double.NaN, BitConverter.Int64BitsToDouble(StaleMarkerBits), double.PositiveInfinity, double.NegativeInfinity, 0.1, 12345678901234567];

    private const long StaleMarkerBits = 0x7ff0000000000002;

    [Fact]
    public void What_is_taken_comes_out_in_order_and_to_the_bit()
    {
        var world = World();
        world.Live(End.Stopped, async (store, time) =>
        {
            var now = time.Ms();
            var batch = new SampleBatch();
            var a = batch.AddSeries(StoreSentences.Named("a"));
            for (var i = 0; i < Hostile.Length; i++)
                batch.Add(a, now + i, Hostile[i], start: i / 4 * 1_000);
            batch.Add(batch.AddSeries(StoreSentences.Named("h")), now, HistogramTests.Exponential(3, isFloat: false));
            batch.Exemplars.Add(new Exemplar(a, Labels.From(("trace_id", "x")), now, 4.5));
            batch.Metadata.Add(new MetricMetadata("a", "counter", "seconds", "What it is."));
            Assert.Empty((await store.AppendAsync(batch, CancellationToken.None)).Refused);
            await store.Append(("a", now - 1_000, 7)); // late
            await time.Seconds(1);

            var read = new SampleBatch();
            await world.Queue.ReadAsync(read, 1_000, CancellationToken.None);
            var lines = QueueReading.Lines(read).ToList();
            var expected = QueueReading.Lines(batch).ToList();
            Assert.Equal(expected[..13], lines[..13]);
            Assert.Equal(expected[13..], lines[^2..]);
            Assert.Equal($"a {now - 1_000} {BitConverter.DoubleToInt64Bits(7):x16}", lines[13]);
            Assert.Equal([0, 0, 0, 0, 1_000, 1_000, 1_000, 1_000, 2_000, 2_000, 2_000, 2_000], read.Starts[..12].ToArray());
            Assert.Equal(2, read.SeriesCount);
        });
    }

    [Fact]
    public void What_was_done_stays_done_over_a_restart_and_the_rest_comes_again()
    {
        var world = World();
        var before = new List<string>();
        world.Live(End.Stopped, async (store, time) =>
        {
            await Scrapes(store, time, 40);
            before = await world.Queue.Drain(linesMax: 60);
            await world.Queue.Drain(isDone: false, linesMax: 20); // read, and never said to be done
        });
        world.Live(End.Stopped, async (store, time) =>
        {
            var after = await world.Queue.Drain();
            Assert.Equal(store.Shown().Order(), before.Concat(after).Order());
            Assert.Equal(default, world.Queue.Standing.Since);
            Assert.Equal(0, world.Queue.Standing.Waiting);
        });
    }

    [Fact]
    public void Made_samples_of_observations_are_passed_on_too()
    {
        var world = World();
        world.Live(End.Killed, async (store, time) =>
        {
            await store.Observe(("h", 1, "a"), ("h", 2, "b"));
            await time.Seconds(40);
            await store.Observe(("h", 3, "c"));
            await time.Seconds(0.1); // the second is open, and the kill comes before anything of it is made
        });
        world.Now += TimeSpan.FromSeconds(20);
        world.Live(End.Stopped, async (store, time) =>
        {
            await time.Seconds(1);
            Assert.Equal(store.Shown(), await world.Queue.Drain());
            Assert.True(store.Shown().Length >= 5);
        });
    }

    [Fact]
    public void A_full_queue_gives_up_its_oldest_and_says_how_many()
    {
        var world = World();
        world.Live(End.Stopped, async (store, time) =>
        {
            await Scrapes(store, time, 4_000);
            var standing = world.Queue.Standing;
            Assert.True(standing.Dropped > 0, "Nothing was dropped: the test holds too little.");
            Assert.InRange(standing.Bytes, 1, standing.BytesMax);
            var lines = await world.Queue.Drain(samplesMax: 500);
            var shown = store.Shown();
            Assert.Equal(shown.Length, lines.Count + standing.Dropped);
            Assert.Equal(lines.Order(), shown.Order().Intersect(lines).Order());
            Assert.Contains(shown.MaxBy(TimeOf)!, lines);
        });
    }

    [Fact]
    public void A_reader_in_the_midst_of_what_is_given_up_goes_on_behind_it()
    {
        var world = World();
        world.Live(End.Stopped, async (store, time) =>
        {
            await Scrapes(store, time, 30);
            var first = await world.Queue.Drain(linesMax: 10);
            await Scrapes(store, time, 4_000);
            var lines = await world.Queue.Drain(samplesMax: 500);
            Assert.Equal(store.Shown().Length, first.Count + lines.Count + world.Queue.Standing.Dropped);
            Assert.Equal(lines.Count, lines.Distinct().Count());
        });
    }

    [Fact]
    public void A_flipped_bit_costs_its_epoch_at_most_and_is_counted()
    {
        var world = World();
        world.Live(End.Stopped, async (store, time) => await Scrapes(store, time, 600));
        var path = world.Disk.Paths.First(path => path.StartsWith("remote/0", StringComparison.Ordinal));
        world.Disk.Flip(path, 9_000, 3);
        world.Live(End.Stopped, async (store, time) =>
        {
            var lines = await world.Queue.Drain(samplesMax: 500);
            var lost = world.Queue.Standing.Lost;
            Assert.InRange(lost, 1, 1_500);
            Assert.Equal(store.Shown().Length, lines.Count + lost);
            Assert.Empty(lines.Except(store.Shown()));
            Assert.NotEmpty(world.Queue.Recovery.Findings);
        });
    }

    [Fact]
    public void A_cursor_that_cannot_be_read_sends_what_is_there_again()
    {
        var world = World();
        world.Live(End.Stopped, async (store, time) =>
        {
            await Scrapes(store, time, 5);
            await world.Queue.Drain();
        });
        world.Disk.Flip("remote/cursor", 30, 1);
        world.Live(End.Stopped, async (store, time) =>
        {
            Assert.Contains("cursor", Assert.Single(world.Queue.Recovery.Findings).Sentence, StringComparison.Ordinal);
            Assert.Equal(store.Shown().Order(), (await world.Queue.Drain()).Order());
        });
    }

    [Fact]
    public void A_queue_that_begins_later_has_only_what_comes_then()
    {
        var world = World();
        var options = world.QueueOptions;
        world.QueueOptions = null;
        world.Live(End.Killed, async (store, time) => await Scrapes(store, time, 5));
        world.QueueOptions = options;
        world.Live(End.Killed, async (store, time) => await store.Append(("late", time.Ms(), 1))); // killed before anything of it is written
        world.Live(End.Stopped, async (store, time) =>
        {
            await time.Seconds(1);
            Assert.Equal(store.Shown().Where(line => line.StartsWith("late", StringComparison.Ordinal)), await world.Queue.Drain());
        });
    }

    [Fact]
    public void A_queue_that_cannot_be_written_loses_nothing_and_no_checkpoint_lets_go_of_the_log()
    {
        var world = World();
        world.Live(End.Killed, async (store, time) =>
        {
            await Scrapes(store, time, 3);
            world.Disk.Faults = new DiskFaults { WriteFails = 1, WriteFailsUnder = "remote/" };
            await Scrapes(store, time, 3);
            Assert.Equal(MetricStoreState.Serving, store.State);
            Assert.Contains("restart the hub", world.Queue.Standing.Broken, StringComparison.Ordinal);
            await time.Seconds(1_200);
            Assert.Equal(0, store.Counts.CheckpointBytes);
        });
        world.Disk.Faults = DiskFaults.None;
        world.Live(End.Stopped, async (store, time) =>
        {
            await time.Seconds(1);
            Assert.Equal(store.Shown().Order(), (await world.Queue.Drain()).Order());
        });
    }

    [Fact]
    public void Ids_that_change_with_a_smaller_head_name_the_right_series()
    {
        var world = World(StoreWorld.Small with { SegmentBytes = 1 << 20, BatchBytesMax = 1 << 16, ForgottenMin = 1 });
        world.QueueOptions = QueueReading.Small with { BytesMax = 8 << 20, SegmentBytes = 1 << 20 };
        world.Live(End.Stopped, async (store, time) =>
        {
            for (var i = 0; i < 12 * 30; i++)
            {
                await store.Append(("gone", time.Ms(), i), ($"m/{i / 30}", time.Ms(), i), ("stays", time.Ms(), i));
                await time.Seconds(60);
            }
            Assert.True(store.Counts.Renewals > 0, "The head was never changed.");
            Assert.Equal(store.Shown().Order(), (await world.Queue.Drain(samplesMax: 500)).Order());
        });
    }

    private static StoreWorld World(MetricStoreOptions? options = null) => new(options: options) { QueueOptions = QueueReading.Small };

    private static long TimeOf(string line) => long.Parse(line.Split(' ')[^2], System.Globalization.CultureInfo.InvariantCulture);

    private static async Task Scrapes(MetricStore store, VirtualTime time, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var result = await store.Append(("a", time.Ms(), i), ("b/x", time.Ms(), i * 0.1), ($"c/{i / 50}", time.Ms(), 1e9 + (i * i)));
            Assert.Empty(result.Refused);
            await time.Seconds(0.3);
        }
        await time.Seconds(1);
    }
}
