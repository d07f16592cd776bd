using HmsOps.Simulation.Disk;
using HmsOps.Tsdb.Blocks;
using static HmsOps.Tsdb.Tests.Blocks.BlockWorld;

namespace HmsOps.Tsdb.Tests.Blocks;

/// <summary>The power goes at each write, flush and change of a name; what is found then is what was there before the step that was cut, or after it.</summary>
public sealed class BlockCrashTests
{
    private static readonly List<Row> First = Random(1, 12, 6, withHistograms: true);
    private static readonly List<Row> Second = Random(2, 12, 6, 1_700_000_045_000);
    private static readonly List<Row> Third = Random(3, 12, 6, 1_800_000_000_000);

    private static readonly Deletion InFirst = new([new Series.Matcher("job", Series.MatchOp.Equal, "job1")], long.MinValue, First[0].Times[2]);
    private static readonly Deletion InThird = new([new Series.Matcher("zone", Series.MatchOp.NotEqual, "zone1")], 1_800_000_000_000, long.MaxValue);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_sample_is_lost_doubled_or_comes_back(bool isPowerCut)
    {
        var whole = new Run(seed: 1);
        await whole.Live(cutAt: null);
        Assert.InRange(whole.Operations, 60, 400);
        for (var cutAt = 1; cutAt <= whole.Operations; cutAt++)
        {
            for (var seed = 0; seed < (isPowerCut ? 6 : 1); seed++)
            {
                var run = new Run(seed);
                await run.Live(cutAt);
                run.End(isPowerCut, $"cut at {cutAt}, seed {seed}");
            }
        }
    }

    [Fact]
    public async Task Flushes_and_writes_that_fail_lose_nothing()
    {
        for (var seed = 0; seed < 150; seed++)
        {
            var run = new Run(seed, new DiskFaults { FlushFails = 0.05, WriteFails = 0.03, AfterFailedFlush = (AfterFailedFlush)(seed % 2) });
            await run.Live(cutAt: 20 + seed);
            run.End(seed % 3 != 0, $"seed {seed}");
        }
    }

    private sealed class Run
    {
        private readonly SimulatedDisk _disk;
        private readonly DiskFaults? _faults;

        // What may be found now. One, but while a step is under way.
        private List<Dictionary<string, string[]>> _states = [[]];

        public Run(int seed, DiskFaults? faults = null) => (_disk, _faults) = (NewDisk(seed), faults);

        public long Operations => _disk.Operations;

        public async Task Live(int? cutAt)
        {
            _disk.CutPowerAt = cutAt;
            _disk.Faults = _faults ?? DiskFaults.None;
            BlockSet? set = null;
            try
            {
                Step(() => Write(_disk, First, id: 1), First);
                Step(() => Write(_disk, Second, id: 2), First, Second);
                Step(() => Write(_disk, Third, id: 3), First, Second, Third);
                set = BlockSet.Open(_disk, Folder, Cache());
                var orders = new List<Deletion>();
                Delete(set, InFirst, orders);
                await Merge(set, 10, [1, 2], orders);
                Delete(set, InThird, orders);
                await Merge(set, 11, [10, 3], orders);
                Step(() => set.Retain(long.MaxValue, 0));
            }
            catch (PowerCutException)
            {
                // The end this run is about.
            }
            catch (IOException) when (_faults is not null)
            {
                // The disk erred, and whoever asked was told.
            }
            set?.Dispose();
        }

        public void End(bool isPowerCut, string which)
        {
            _disk.Faults = DiskFaults.None;
            if (isPowerCut)
                _disk.Crash();
            else
                _disk.Restart();
            for (var i = 0; i < 2; i++) // the second opening finds what the first made of it
            {
                using var set = BlockSet.Open(_disk, Folder, Cache());
                var found = Read(set);
                Assert.True(_states.Any(state => IsSame(state, found)), $"{which}: {found.Count} series were found, of states with "
                    + $"{string.Join(", ", _states.Select(state => state.Count))}. {string.Join(' ', set.Notes)}");
                Assert.DoesNotContain(_disk.Paths, path => path.EndsWith(".tmp", StringComparison.Ordinal) || path.EndsWith(".damaged", StringComparison.Ordinal));
            }
        }

        private void Delete(BlockSet set, Deletion order, List<Deletion> orders)
        {
            // An order that meets several blocks reaches them one after the other.
            Dictionary<string, string[]>[] between = [.. Enumerable.Range(0, 8).Select(mask => State(
                (mask & 1) != 0 ? BlockSetTests.Without(First, [.. orders, order]) : BlockSetTests.Without(First, [.. orders]),
                (mask & 2) != 0 ? BlockSetTests.Without(Second, [.. orders, order]) : BlockSetTests.Without(Second, [.. orders]),
                (mask & 4) != 0 ? BlockSetTests.Without(Third, [.. orders, order]) : BlockSetTests.Without(Third, [.. orders])))];
            _states.AddRange(between);
            set.Delete(order);
            orders.Add(order);
            _states = [between[7]];
            Assert.True(IsSame(between[7], Read(set)));
        }

        private async Task Merge(BlockSet set, int id, UInt128[] sources, List<Deletion> orders)
        {
            await BlockMergeTests.Merge(set, id, sources);
            Assert.True(IsSame(_states[0], Read(set)), $"{orders.Count} orders");
        }

        private void Step(Action step, params List<Row>[] after)
        {
            var state = State(after);
            _states.Add(state);
            step();
            _states = [state];
        }

        private static Dictionary<string, string[]> State(params List<Row>[] parts)
        {
            var state = new Dictionary<string, string[]>();
            foreach (var row in Sorted(parts.SelectMany(rows => rows)))
                state[Key(row.Labels)] = [.. (state.GetValueOrDefault(Key(row.Labels)) ?? []).Concat(row.Samples)];
            // The same time in two parts: the part that begins first has its say.
            foreach (var (series, samples) in state.ToArray())
                state[series] = [.. samples.DistinctBy(Time).OrderBy(Time)];
            return state;
        }

        private static long Time(string sample) => long.Parse(sample[..sample.IndexOf(' ', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);

        private static bool IsSame(Dictionary<string, string[]> a, Dictionary<string, string[]> b) =>
            a.Count == b.Count && a.All(series => b.TryGetValue(series.Key, out var samples) && samples.SequenceEqual(series.Value));
    }
}
