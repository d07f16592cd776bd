using System.Buffers;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Intake;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Tests.Intake;

public sealed class AllocationTests
{
    [Fact]
    public void A_sample_of_a_known_series_allocates_nothing_but_the_growth_of_its_column()
    {
        var options = StoreWorld.Small with { BatchBytesMax = 1 << 20, SegmentBytes = 1 << 26 };
        var head = new SeriesHead();
        var ids = new ObservationIds(options.IdsMax);
        var fold = new FrameFold(head, new SecondCloser(options.ObservedLife, head), ids, options.BucketsMax);
        var reader = new BatchReader(options, head, ids, new Refusals(options));
        reader.BeginEpoch(1);
        var batch = new SampleBatch();
        for (var i = 0; i < 1_000; i++)
            batch.Add(Labels.From(("__name__", "m"), ("i", $"{i}")), 0, 1);

        var allocated = 0L;
        for (var round = 0; round < 18; round++)
        {
            var scrape = new SampleBatch();
            for (var i = 0; i < batch.Count; i++)
                scrape.Add(Labels.From(("__name__", "m"), ("i", $"{i}")), round * 15_000, round);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(1_000, reader.Read(scrape, round * 15_000).Accepted);
            var payload = reader.TakePayload(round * 15_000);
            fold.Apply(FrameType.Samples, round, payload);
            ArrayPool<byte>.Shared.Return(payload.Array!);
            if (round >= 14) // columns of 19 were made in round 13
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.True(allocated < 4 * 1_000, $"{allocated} bytes for 4,000 samples.");
    }
}
