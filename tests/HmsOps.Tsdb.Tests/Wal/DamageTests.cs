using HmsOps.Series;

namespace HmsOps.Tsdb.Tests.Wal;

/// <summary>Samples lean on those before them in the log. A damaged frame makes gaps that are counted and have an end, never a wrong number.</summary>
public sealed class DamageTests
{
    private const int Series = 12;
    private const int Scrapes = 400;

    [Fact]
    public void What_is_read_after_damage_was_written_so()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            var world = new StoreWorld(seed, StoreWorld.Small with { SegmentBytes = 64 * 1024, BatchBytesMax = 32 * 1024 });
            var written = new Dictionary<(string, long), long>();
            Write(world, written, seed);
            var dice = new Random(seed);
            var path = world.Disk.Paths[0];
            for (var i = 0; i < 3; i++)
                world.Disk.Flip(path, dice.Next(6_000, 15_000), dice.Next(8));
            var (read, lost) = world.Look(store => (Read(store), store.Counts.LostAtReplay));
            Assert.NotEmpty(read);
            foreach (var (key, bits) in read)
                Assert.Equal((key, written[key]), (key, bits));
            // What is missing is in a lost frame, or counted; and it has an end.
            Assert.True(written.Count - read.Count <= lost + (3 * Series), $"Seed {seed}: {written.Count - read.Count} are missing, {lost} were counted.");
            Assert.InRange(lost, 1, 3 * Series * 130);
            Assert.All(Enumerable.Range(0, Series), series => Assert.Contains(written.Keys.Where(key => key.Item1 == $"m{series}").Max(), read.Keys));

            // The next life writes on, and a restart after it reads the same.
            world.Live(End.Killed, (store, time) => store.Append([.. Enumerable.Range(0, Series).Select(i => ($"m{i}", time.Ms(), i + 0.5))]));
            var after = world.Look(Read);
            Assert.Equal(read.Count + Series, after.Count);
            Assert.All(read, pair => Assert.Equal(pair.Value, after[pair.Key]));
        }
    }

    private static void Write(StoreWorld world, Dictionary<(string, long), long> written, int seed) => world.Live(End.Killed, async (store, time) =>
    {
        var dice = new Random(seed + 100);
        var counters = new double[Series];
        for (var i = 0; i < Scrapes; i++)
        {
            var batch = new (string, long, double)[Series];
            for (var j = 0; j < Series; j++)
            {
                counters[j] += (j % 4) switch { 0 => dice.Next(100), 1 => 0, 2 => Math.Round(dice.NextDouble(), 2), _ => dice.NextDouble() };
                batch[j] = ($"m{j}", time.Ms() + (j % 3 == 0 ? dice.Next(3) : 0), counters[j]);
                written[(batch[j].Item1, batch[j].Item2)] = BitConverter.DoubleToInt64Bits(counters[j]);
            }
            Assert.Empty((await store.Append(batch)).Refused);
            await time.Seconds(15);
        }
    });

    private static Dictionary<(string, long), long> Read(MetricStore store)
    {
        var read = new Dictionary<(string, long), long>();
        using var cursor = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None);
        while (cursor.MoveNext())
        {
            for (var i = 0; i < cursor.Current.Times.Length; i++)
                read[(cursor.Current.Labels.Name, cursor.Current.Times[i])] = BitConverter.DoubleToInt64Bits(cursor.Current.Values[i]);
        }
        return read;
    }
}
