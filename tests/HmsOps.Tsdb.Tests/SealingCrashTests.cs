using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;

namespace HmsOps.Tsdb.Tests;

/// <summary>The end comes at each write, flush and change of a name of a life that seals, merges, forgets series, deletes and compacts: nothing acknowledged is lost, nothing deleted comes back.</summary>
public sealed class SealingCrashTests
{
    private const int StepSeconds = 600;

    [Theory]
    [InlineData(End.Killed)]
    [InlineData(End.PowerCut)]
    public void Wherever_the_end_comes_what_was_acknowledged_is_there_and_what_was_deleted_is_not(End end)
    {
        var whole = new Run(end, seed: 11);
        whole.Live(cutAt: null, DiskFaults.None);
        Assert.InRange(whole.Operations, 300, 1_500);
        Assert.True(whole.Seals >= 5 && whole.Merges >= 1 && whole.Renewals >= 1, $"{whole.Seals} seals, {whole.Merges} merges, {whole.Renewals} renewals.");
        for (var cutAt = 1; cutAt <= whole.Operations; cutAt++)
        {
            var run = new Run(end, seed: 11);
            run.Live(cutAt, DiskFaults.None);
            run.Check($"cut at {cutAt}");
        }
    }

    [Fact]
    public void A_disk_that_errs_now_and_then_loses_nothing()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var run = new Run(seed % 3 == 0 ? End.Killed : End.PowerCut, seed);
            run.Live(100 + (seed * 10), new DiskFaults { FlushFails = 0.03, WriteFails = 0.02, AfterFailedFlush = (AfterFailedFlush)(seed % 2) });
            run.Check($"seed {seed}");
        }
    }

    [Fact]
    public void A_disk_that_fills_while_sealing_keeps_everything_and_seals_when_there_is_room()
    {
        var world = new StoreWorld(options: StoreWorld.Small with { SegmentBytes = 1 << 20, BatchBytesMax = 1 << 16 });
        world.Live(End.Killed, async (store, time) =>
        {
            for (var minute = 0; minute < 170; minute++)
            {
                if (minute == 130)
                    world.Disk.Faults = new DiskFaults { SpaceBytes = world.Disk.Faults.SpaceBytes - world.Disk.FreeBytes("metrics") }; // the log has its room
                Assert.Equal("1 taken", (await store.Append(("m", time.Ms(), minute))).Reasons());
                await time.Seconds(60);
            }
            Assert.Equal(0, store.Counts.Blocks);
            Assert.InRange(store.Counts.SealFailures, 10, 60);
            Assert.Contains("seal", store.Counts.LastSealFailure, StringComparison.Ordinal);
            Assert.Equal(170, store.Dump().Split('\n').Length - 1);
            world.Disk.Faults = DiskFaults.None;
            await store.Append(("m", time.Ms(), 170));
            await time.Seconds(120);
            Assert.Equal(1, store.Counts.Blocks);
            Assert.Equal(171, store.Dump().Split('\n').Length - 1);
        });
    }

    private sealed class Run
    {
        private readonly End _end;
        private readonly StoreWorld _world;
        private readonly Dictionary<string, bool> _sent = []; // the line of a sample, and whether it was acknowledged
        private readonly HashSet<string> _deleting = [];
        private readonly HashSet<string> _deleted = [];

        public Run(End end, int seed)
        {
            _end = end;
            _world = new StoreWorld(seed, StoreWorld.Small with
            {
                SegmentBytes = 9 * 1024,
                BatchBytesMax = 4 * 1024,
                DurabilityWindow = end == End.PowerCut ? TimeSpan.Zero : TimeSpan.FromSeconds(1),
                CheckpointEvery = TimeSpan.FromMinutes(50),
                CheckpointGrowth = 0,
                LateSamplesMax = 12,
                ForgottenMin = 1,
            });
        }

        public long Operations => _world.Disk.Operations;

        public long Seals { get; private set; }

        public long Merges { get; private set; }

        public long Renewals { get; private set; }

        public void Live(long? cutAt, DiskFaults faults)
        {
            _world.Disk.CutPowerAt = cutAt;
            _world.Disk.Faults = faults;
            try
            {
                _world.Live(_end, async (store, time) =>
                {
                    for (var step = 0; step < 70; step++)
                        await Step(store, time, step);
                    (Seals, Merges, Renewals) = (store.Counts.Seals, store.Counts.Merges, store.Counts.Renewals);
                });
            }
            catch (Exception end) when (end is PowerCutException or IOException)
            {
                // The end this run is about.
            }
            _world.Disk.CutPowerAt = null;
            _world.Disk.Faults = DiskFaults.None;
        }

        public void Check(string when)
        {
            _world.Now += TimeSpan.FromSeconds(StepSeconds);
            for (var life = 0; life < 2; life++)
            {
                _world.Live(End.Stopped, async (store, time) =>
                {
                    CheckOnce(store, $"{when}, life {life}");
                    await store.CompactAsync(CancellationToken.None);
                    CheckOnce(store, $"{when}, life {life}, compacted");
                    await time.Seconds(1);
                });
            }
        }

        private void CheckOnce(MetricStore store, string when)
        {
            var there = store.Dump().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(line => line[..line.LastIndexOf(' ')]).ToArray();
            Assert.Equal(there.Length, there.Distinct().Count());
            foreach (var line in there)
                Assert.True(_sent.ContainsKey(line) && !_deleted.Contains(line), $"{when}: {line} was not sent, or was deleted.");
            foreach (var (line, isAcknowledged) in _sent)
                Assert.True(!isAcknowledged || _deleting.Contains(line) || there.Contains(line), $"{when}: {line} was acknowledged and is not there. {store.Counts.LostAtReplay} lost at replay.");
        }

        private async Task Step(MetricStore store, VirtualTime time, int step)
        {
            var now = time.Ms();
            var batch = new List<(string Series, long Time, double Value)> { ("a", now, step), ("b/x", now, 7), ($"c/{step / 20}", now, step * 0.1) };
            if (step % 3 == 0)
                batch.Add(("a", now - (step * 400_000L) - 77, step));
            foreach (var sample in batch)
                _sent[Line(sample)] = false;
            var result = await store.Append([.. batch]);
            if (result.Refused.Count == 0)
            {
                foreach (var sample in batch)
                    _sent[Line(sample)] = true;
            }
            if (step is 30 or 55)
                await Delete(store, now - (step * 300_000L), now - 1_200_000);
            if (step == 45)
                await store.CompactAsync(CancellationToken.None);
            await time.Seconds(StepSeconds);
        }

        private async Task Delete(MetricStore store, long from, long to)
        {
            var meant = _sent.Keys.Where(line => line.StartsWith("a ", StringComparison.Ordinal) && long.Parse(line[2..], System.Globalization.CultureInfo.InvariantCulture) is var at && at >= from && at <= to).ToArray();
            _deleting.UnionWith(meant);
            await store.DeleteAsync([new Matcher("__name__", MatchOp.Equal, "a")], from, to, CancellationToken.None);
            _deleted.UnionWith(meant);
        }

        private static string Line((string Series, long Time, double Value) sample) => $"{StoreSentences.Named(sample.Series)} {sample.Time}";
    }
}
