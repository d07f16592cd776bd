using HmsOps.Series;
using HmsOps.Simulation.Disk;

namespace HmsOps.Tsdb.Tests.Outgoing;

/// <summary>The end comes at each write, flush and change of a name of a life that passes on what it takes: what the store has is passed on once, never twice, never not.</summary>
public sealed class OutgoingCrashTests
{
    [Theory]
    [InlineData(End.Killed, 600)]
    [InlineData(End.Killed, 2)] // a checkpoint every two seconds
    [InlineData(End.PowerCut, 600)]
    [InlineData(End.PowerCut, 2)]
    public void Wherever_the_end_comes_what_is_there_is_passed_on_once(End end, double checkpointSeconds)
    {
        var whole = new Run(end, checkpointSeconds);
        whole.Live(cutAt: null);
        Assert.InRange(whole.Operations, 60, 900);
        for (var cutAt = 1; cutAt <= whole.Operations; cutAt++)
        {
            var run = new Run(end, checkpointSeconds);
            run.Live(cutAt);
            run.Live(cutAt + 40); // and once more, while it makes good
            run.Check($"{end}, cut at {cutAt}");
        }
    }

    private sealed class Run(End end, double checkpointSeconds)
    {
        private readonly StoreWorld _world = new(7, StoreWorld.Small with
        {
            SegmentBytes = 9 * 1024,
            BatchBytesMax = 4 * 1024,
            CheckpointEvery = TimeSpan.FromSeconds(checkpointSeconds),
            CheckpointGrowth = 0,
        })
        {
            QueueOptions = QueueReading.Small with { EpochBytes = 512 },
        };

        private readonly List<string> _passedOn = [];
        private int _next;

        public long Operations => _world.Disk.Operations;

        public void Live(long? cutAt)
        {
            _world.Disk.CutPowerAt = cutAt;
            try
            {
                _world.Live(end, async (store, time) =>
                {
                    for (var until = _next + 20; _next < until;)
                    {
                        await time.Seconds(0.3);
                        await store.AppendAsync(Batch(time.Ms(), _next), CancellationToken.None);
                        await store.Observe([.. Enumerable.Range(0, 3).Select(j => ("h", _next + (j * 0.5), $"{_next}-{j}"))]);
                        _next++;
                    }
                });
            }
            catch (PowerCutException)
            {
                // The end this run is about.
            }
            _world.Disk.CutPowerAt = null;
            _world.Now += TimeSpan.FromSeconds(2);
        }

        public void Check(string when)
        {
            var shown = Array.Empty<string>();
            _world.Live(End.Stopped, async (store, time) =>
            {
                await time.Seconds(1);
                shown = store.Shown();
                _passedOn.AddRange(await _world.Queue.Drain());
                Assert.True(_world.Queue.Standing is { Dropped: 0, Lost: 0, Broken: null }, when);
            });
            // A power cut may take the newest observations from the store: of their second it makes another sample then.
            var keys = _passedOn.Select(Key).ToHashSet();
            var missing = shown.Where(line => !keys.Contains(Key(line))).ToList();
            Assert.True(missing.Count == 0, $"{when}: {missing.Count} samples of {shown.Length} are not passed on, as {missing.FirstOrDefault()}.");
            var twice = _passedOn.GroupBy(line => line).Where(group => group.Count() > 1).Select(group => group.Key).ToList();
            Assert.True(twice.Count == 0, $"{when}: {twice.Count} samples are passed on twice, as {twice.FirstOrDefault()}.");
            // A power cut may take from the store what was acknowledged within its window; a kill takes nothing that was written.
            if (end == End.Killed)
                Assert.Equal(shown.Order(), _passedOn.Order());
        }

        private string Key(string line) => end == End.PowerCut ? string.Join(' ', line.Split(' ')[..2]) : line;

        private static SampleBatch Batch(long time, int number)
        {
            var batch = new SampleBatch();
            batch.Add(StoreSentences.Named("a"), time, number);
            batch.Add(StoreSentences.Named($"c/{number / 8}"), time, number * 0.1);
            batch.Add(batch.AddSeries(StoreSentences.Named("d")), time, HistogramTests.Exponential(number, isFloat: false));
            batch.Add(StoreSentences.Named("a"), time - 100, number);
            return batch;
        }
    }
}
