using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Intake;
using HmsOps.Tsdb.Sealing;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Tests.Intake;

public sealed class AllocationTests
{
    [Fact]
    public void A_sample_of_a_known_series_allocates_nothing()
    {
        var options = StoreWorld.Small with { BatchBytesMax = 1 << 20, SegmentBytes = 1 << 26 };
        var holdings = Holdings.Of(new SeriesHead(1), options);
        var fold = new FrameFold(holdings, options.BucketsMax);
        var frame = new FrameWriter(holdings);
        using var blocks = BlockSet.Open(new StoreWorld().Disk, "blocks", new BlockCache(1));
        using var finder = new SealedFinder(blocks);
        var intake = new SampleIntake(options, holdings, new Refusals(options), frame, finder);
        frame.BeginEpoch(1);
        var keys = Enumerable.Range(0, 1_000).Select(i => Labels.From(("__name__", "m"), ("i", $"{i}"))).ToArray();
        var batch = new SampleBatch();

        var allocated = 0L;
        for (var round = 1; round <= 400; round++)
        {
            batch.Clear();
            for (var i = 0; i < keys.Length; i++)
                batch.Add(keys[i], round * 15_000L, i % 2 == 0 ? 7 : round * i * 0.01);
            var before = GC.GetAllocatedBytesForCurrentThread();
            intake.Identify(batch);
            Assert.Equal(1_000, intake.Read(batch, round * 15_000L).Accepted);
            frame.WriteSamples(round * 15_000L);
            fold.Apply(frame.Batch, round * 15_000L, round);
            if (round > 270) // whole tails, pieces and merged pieces have come and gone by then
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // A batch has its verdict and the delegates of its parts; pages of the arena are few and large, and counted apart.
        Assert.True(allocated < (130 * 2_000) + (2 << 20), $"{allocated} bytes for 130,000 samples.");
    }
}
