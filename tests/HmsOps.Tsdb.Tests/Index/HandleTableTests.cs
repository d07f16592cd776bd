using HmsOps.Tsdb.Index;

namespace HmsOps.Tsdb.Tests.Index;

public sealed class HandleTableTests
{
    [Fact]
    public void All_that_was_added_is_found_at_every_moment_of_growth()
    {
        var random = new Random(1);
        var table = new HandleTable();
        var fingerprints = new List<uint>();
        for (var handle = 0; handle < 3000; handle++)
        {
            // Some crowd at the end of the slots, where a search goes round; some are the same.
            fingerprints.Add(random.Next(3) == 0 ? uint.MaxValue - (uint)random.Next(40) : (uint)random.NextInt64(1L << 32));
            table.Add(fingerprints[handle], handle);
            for (var i = handle; i >= 0; i -= handle < 300 ? 1 : 97)
                Assert.Contains(i, Found(table, fingerprints[i]));
        }
        for (var i = 0; i < fingerprints.Count; i++)
            Assert.Equal(Enumerable.Range(0, 3000).Where(other => fingerprints[other] == fingerprints[i]), Found(table, fingerprints[i]).Distinct().Order());
        Assert.Equal(3000, table.Count);
        Assert.InRange(table.MemoryBytes / 3000.0, 8 / 0.75, 8 / 0.37 * 1.5);
    }

    [Fact]
    public void A_batch_finds_what_one_by_one_finds()
    {
        var world = new IndexWorld();
        for (var i = 0; i < 5000; i++)
            world.Add(IndexWorld.Set($"__name__=m{i % 7} id={i}"));
        var random = new Random(2);
        var asked = Enumerable.Range(0, 777).Select(_ => random.Next(5) == 0
            ? new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64())
            : world.Index.IdentityOf(world.Series[random.Next(world.Series.Count)].Bytes)).ToArray();
        var ids = new int[asked.Length];
        world.Index.Find(asked, ids);
        Assert.Equal(asked.Select(identity => world.Index.Find(identity)), ids);
        Assert.Contains(-1, ids);
        var before = GC.GetAllocatedBytesForCurrentThread();
        world.Index.Find(asked, ids);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static List<int> Found(HandleTable table, uint fingerprint)
    {
        var handles = new List<int>();
        for (var probe = table.Find(fingerprint); probe.MoveNext();)
            handles.Add(probe.Handle);
        return handles;
    }
}
