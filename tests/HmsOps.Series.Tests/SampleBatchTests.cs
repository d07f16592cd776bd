namespace HmsOps.Series.Tests;

public sealed class SampleBatchTests
{
    private static readonly Labels Up = Labels.From(("__name__", "up"));

    [Fact]
    public void Keys_of_all_three_kinds_come_back()
    {
        var body = Up.Bytes.ToArray();
        var batch = new SampleBatch();
        batch.Borrow(body);
        Assert.Equal((0, 1, 2), (batch.AddSeries(0, body.Length), batch.AddSeries(Up), batch.AddSeries((UInt128)7)));

        Assert.Equal(body, batch.KeyOf(0).ToArray());
        Assert.Equal(body, batch.KeyOf(1).ToArray());
        Assert.True(batch.IsByIdentity(2) && !batch.IsByIdentity(0) && !batch.IsByIdentity(1));
        Assert.Equal((UInt128)7, batch.Identities[2]);
        Assert.True(batch.KeyOf(2).IsEmpty);
    }

    [Fact]
    public void Columns_that_begin_late_are_empty_before()
    {
        var batch = new SampleBatch();
        for (var round = 0; round < 2; round++)
        {
            batch.Clear();
            var series = batch.AddSeries(Up);
            for (var i = 0; i < 600; i++)
                batch.Add(series, i, i);
            Assert.True(batch.Histograms.IsEmpty && batch.Starts.IsEmpty);
            batch.Add(series, 600, NativeHistogram.Zero(3), start: 42);
            for (var i = 601; i < 1_200; i++)
                batch.Add(series, i, i);
            Assert.Equal([600], Places(batch.Histograms.ToArray(), h => h is not null));
            Assert.Equal([600], Places(batch.Starts.ToArray(), s => s == 42));
            Assert.Equal(1_200, batch.Count);
        }
    }

    [Fact]
    public void A_second_round_allocates_nothing()
    {
        var batch = new SampleBatch();
        var allocated = 0L;
        for (var round = 0; round < 4; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            batch.Clear();
            for (var i = 0; i < 1_000; i++)
                batch.Add(batch.AddSeries(Up.Bytes), i, i, start: 1);
            if (round > 0)
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
    }

    private static int[] Places<T>(T[] column, Predicate<T> holds) => [.. Enumerable.Range(0, column.Length).Where(i => holds(column[i]))];
}
