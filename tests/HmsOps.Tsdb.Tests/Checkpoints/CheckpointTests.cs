using HmsOps.Series;
using HmsOps.Simulation.Disk;

namespace HmsOps.Tsdb.Tests.Checkpoints;

public sealed class CheckpointTests
{
    private readonly StoreWorld _world = new();

    [Fact]
    public void A_restart_reads_the_newest_and_the_log_behind_it()
    {
        Life(0, End.Stopped);
        Life(1, End.Stopped);
        Life(2, End.Killed);
        var before = Dump();
        Assert.Equal(30, before.Split(Environment.NewLine).Length - 1);
        Assert.Equal(2, Checkpoints().Length);
        Assert.True(_world.Look(store => store.Recovery.IsClean));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void One_that_cannot_be_read_is_kept_aside_said_and_done_without(int damaged)
    {
        Life(0, End.Stopped);
        Life(1, End.Stopped);
        Life(2, End.Killed);
        var before = Dump();
        foreach (var path in Checkpoints().TakeLast(damaged))
            _world.Disk.Flip(path, _world.Disk.Content(path).Length / 2, 3);
        _world.Look(store =>
        {
            Assert.Equal(before, store.Dump());
            Assert.Equal(damaged, store.Recovery.Findings.Count);
            Assert.All(store.Recovery.Findings, finding => Assert.Contains("was passed over: ", finding.Sentence));
            Assert.Equal(0, store.Counts.LostAtReplay);
            return true;
        });
        Assert.Equal(2 - damaged, Checkpoints().Length);
        Assert.Equal(damaged, _world.Disk.Paths.Count(path => path.EndsWith(".damaged", StringComparison.Ordinal)));
        Assert.Equal(before, Dump());
    }

    [Fact]
    public void Damage_anywhere_in_one_is_noticed()
    {
        Life(0, End.Stopped);
        var path = Assert.Single(Checkpoints());
        var content = _world.Disk.Content(path);
        var before = Dump();
        for (var at = 0; at < content.Length; at += 1 + (content.Length / 200))
        {
            _world.Disk.Put(path, content);
            _world.Disk.Flip(path, at, at % 8);
            Assert.Equal(before, Dump());
            _world.Disk.Put(path, content.AsSpan(0, at).ToArray());
            Assert.Equal(before, Dump());
        }
    }

    [Fact]
    public void The_log_is_cut_below_the_older_of_two()
    {
        _world.Options = _world.Options with { CheckpointEvery = TimeSpan.FromMinutes(1), CheckpointGrowth = 0 };
        _world.Live(End.Killed, async (store, time) =>
        {
            for (var i = 0; i < 600; i++)
            {
                await store.Append([.. Enumerable.Range(0, 20).Select(j => ($"m{j}", time.Ms(), 1.0 / (i + j + 1)))]);
                await time.Seconds(1);
            }
            Assert.InRange(store.Counts.LogBytes, 1, 6 * 16 * 1024); // two minutes of 20 samples of 8 bytes and a little a second
            Assert.NotNull(store.Counts.LastCheckpoint);
            Assert.Equal(0, store.Counts.CheckpointFailures);
        });
        Assert.DoesNotContain(_world.Disk.Paths, path => path.EndsWith("metrics/00000000000000000000", StringComparison.Ordinal));
        Assert.Equal(12_000, _world.Look(store => store.Counts.Samples));
    }

    [Fact]
    public void A_store_that_is_stopped_before_one_is_due_cuts_its_log_then()
    {
        for (var life = 0; life < 12; life++)
        {
            _world.Live(End.Stopped, async (store, time) =>
            {
                for (var i = 0; i < 60; i++)
                {
                    await store.Append([.. Enumerable.Range(0, 20).Select(j => ($"m{j}", time.Ms(), 1.0 / (i + j + 1)))]);
                    await time.Seconds(1);
                }
            });
        }
        Assert.Equal(12 * 60 * 20, _world.Look(store => store.Counts.Samples));
        Assert.InRange(_world.Look(store => store.Counts.LogBytes), 1, 4 * 16 * 1024); // two lives of 1,200 samples of 8 bytes and a little
    }

    [Fact]
    public void None_is_written_while_the_log_has_hardly_grown() => _world.Live(End.Killed, async (store, time) =>
    {
        await store.Append(("m", time.Ms(), 1));
        await time.Seconds(7200);
        Assert.Empty(Checkpoints());
        Assert.Null(store.Counts.LastCheckpoint);
    });

    [Fact]
    public void What_a_killed_writer_left_is_removed_at_the_next_start()
    {
        Life(0, End.Stopped);
        var path = Assert.Single(Checkpoints());
        _world.Disk.Put("metrics/checkpoints/00000000000000000007.tmp", _world.Disk.Content(path).AsSpan(0, 100).ToArray());
        var before = Dump();
        Assert.DoesNotContain(_world.Disk.Paths, name => name.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.Equal(before, Dump());
    }

    [Fact]
    public void A_stop_without_news_writes_none()
    {
        Life(0, End.Stopped);
        var path = Assert.Single(Checkpoints());
        _world.Live(End.Stopped, (_, _) => Task.CompletedTask);
        Assert.Equal(path, Assert.Single(Checkpoints()));
    }

    [Fact]
    public void A_disk_that_refuses_one_is_counted_and_the_store_goes_on()
    {
        _world.Options = _world.Options with { CheckpointEvery = TimeSpan.FromSeconds(5), CheckpointGrowth = 0 };
        _world.Live(End.Killed, async (store, time) =>
        {
            await store.Append(("m", time.Ms(), 1));
            await time.Seconds(2);
            _world.Disk.Faults = new DiskFaults { SpaceBytes = 20 * 1024 };
            await time.Seconds(5);
            Assert.Equal(1, store.Counts.CheckpointFailures);
            Assert.Equal(MetricStoreState.Serving, store.State);
            _world.Disk.Faults = DiskFaults.None;
            await store.Append(("m", time.Ms(), 2));
            await time.Seconds(5);
            Assert.NotNull(store.Counts.LastCheckpoint);
        });
        Assert.Equal(2, _world.Look(store => store.Counts.Samples));
    }

    [Fact]
    public void The_identities_key_is_the_one_the_store_was_made_with()
    {
        var identity = default(UInt128);
        _world.Options = _world.Options with { HashKey = 5 };
        _world.Live(End.Stopped, async (store, time) => identity = await Identity(store, time.Ms()));
        _world.Options = _world.Options with { HashKey = 6 };
        _world.Live(End.Killed, async (store, time) =>
        {
            var batch = new SampleBatch();
            batch.Add(batch.AddSeries(identity), time.Ms(), 2);
            Assert.Equal("1 taken", (await store.AppendAsync(batch, CancellationToken.None)).Reasons());
        });
    }

    private static async Task<UInt128> Identity(MetricStore store, long time)
    {
        var batch = new SampleBatch();
        batch.Add(StoreSentences.Named("m"), time - 1, 1);
        await store.AppendAsync(batch, CancellationToken.None);
        return batch.Identities[0];
    }

    private void Life(int number, End end) => _world.Live(end, async (store, time) =>
    {
        for (var i = 0; i < 5; i++)
        {
            await store.Append(("m", time.Ms(), number + i), ($"n/{number}", time.Ms(), 1));
            await time.Seconds(10);
        }
    });

    private string Dump() => _world.Look(store => store.Dump());

    private string[] Checkpoints() => [.. _world.Disk.Paths.Where(path => path.Contains("/checkpoints/", StringComparison.Ordinal) && char.IsDigit(path[^1]))];
}
