using System.Text;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using static HmsOps.Disk.Tests.LogFixture;

namespace HmsOps.Disk.Tests;

public sealed class GroupCommitTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly SimulatedDisk _disk = new(new Random(5), new DiskFaults { WritesBack = 0 });
    private readonly VirtualTime _time = VirtualTime.OnFridayAfternoon();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Many_producers_are_applied_in_the_order_of_the_log(int windowSeconds)
    {
        using var log = Open(_disk, Tolerant).Log;
        List<long> applied = [];
        List<long> answered = [];
        Run(log, TimeSpan.FromSeconds(windowSeconds), 1 << 20, async queue =>
        {
            async Task Produce(int producer)
            {
                for (var i = 0; i < 10; i++)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(producer % 3), _time, CancellationToken.None);
                    answered.Add(await queue.AppendAsync((byte)producer, 1 + (i % 3), Payload(i, 60), applied.Add, CancellationToken.None));
                }
            }
            await Task.WhenAll(Enumerable.Range(0, 8).Select(Produce));
        });

        var frames = ReadAll(log);
        Assert.Equal(80, frames.Count);
        Assert.Equal(applied, frames.Select(frame => frame.Sequence));
        Assert.Equal(applied.Order(), answered.Order());
        Assert.All(frames.Zip(frames.Skip(1)), pair => Assert.Equal(pair.First.Sequence + pair.First.Count, pair.Second.Sequence));
    }

    [Fact]
    public void What_gathered_is_flushed_once()
    {
        using var log = Open(_disk, Tolerant).Log;
        Run(log, TimeSpan.Zero, 1 << 20, async queue =>
        {
            await queue.AppendAsync(1, 1, Payload(0, 40), null, CancellationToken.None); // begins the segment
            var before = _disk.Operations;
            var all = Enumerable.Range(1, 20).Select(i => queue.AppendAsync(1, 1, Payload(i, 40), null, CancellationToken.None).AsTask()).ToArray();
            await Task.WhenAll(all);
            Assert.Equal(21, _disk.Operations - before); // 20 writes, one flush
        });
    }

    [Fact]
    public void Without_a_window_an_answer_means_durable()
    {
        using var log = Open(_disk, Tolerant).Log;
        Run(log, TimeSpan.Zero, 1 << 20, async queue =>
        {
            for (var i = 0; i < 5; i++)
            {
                var sequence = await queue.AppendAsync(1, 1, Payload(i, 40), null, CancellationToken.None);
                Assert.True(log.DurableBelow > sequence);
            }
        });
    }

    [Fact]
    public void With_a_window_an_answer_means_written_and_the_window_later_durable()
    {
        using var log = Open(_disk, Tolerant).Log;
        Run(log, Window, 1 << 20, async queue =>
        {
            var start = _time.GetUtcNow();
            Assert.Equal(0, await queue.AppendAsync(1, 1, Payload(0, 40), null, CancellationToken.None));
            await Task.Delay(Window / 2, _time, CancellationToken.None);
            Assert.Equal(1, await queue.AppendAsync(1, 1, Payload(1, 40), null, CancellationToken.None));
            Assert.Equal((0L, 2L), (log.DurableBelow, log.NextSequence));
            await Task.Delay(start + Window - _time.GetUtcNow() + TimeSpan.FromMilliseconds(1), _time, CancellationToken.None);
            Assert.Equal(2, log.DurableBelow);

            // Quiet for long, then one more: its window starts with it.
            await Task.Delay(Window * 10, _time, CancellationToken.None);
            await queue.AppendAsync(1, 1, Payload(2, 40), null, CancellationToken.None);
            Assert.Equal(2, log.DurableBelow);
            await Task.Delay(Window + TimeSpan.FromMilliseconds(1), _time, CancellationToken.None);
            Assert.Equal(3, log.DurableBelow);
        });
    }

    [Fact]
    public void A_stop_flushes_what_is_queued_and_refuses_what_comes_later()
    {
        using var log = Open(_disk, Tolerant).Log;
        _time.Run(async () =>
        {
            var queue = new GroupCommit(log, Window, 1 << 20, _time);
            using var stop = new CancellationTokenSource();
            var running = queue.RunAsync(stop.Token);
            var queued = queue.AppendAsync(1, 1, Payload(0, 40), null, CancellationToken.None).AsTask();
            Cancel(stop);
            await running;

            Assert.Equal(0, await queued);
            Assert.Equal(1, log.DurableBelow);
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(async () => await queue.AppendAsync(1, 1, Payload(1, 40), null, CancellationToken.None));
            Assert.Contains("The log was closed", refused.Message);
        });
    }

    [Fact]
    public void A_cancelled_append_stops_waiting_and_is_written_all_the_same()
    {
        using var log = Open(_disk, Tolerant).Log;
        _time.Run(async () =>
        {
            var queue = new GroupCommit(log, TimeSpan.Zero, 1 << 20, _time);
            using var impatient = new CancellationTokenSource();
            var payload = Payload(0, 40);
            var waiting = queue.AppendAsync(1, 1, payload, null, impatient.Token).AsTask();
            Cancel(impatient);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            payload.AsSpan().Clear(); // its owner uses it for something else

            using var stop = new CancellationTokenSource();
            var running = queue.RunAsync(stop.Token);
            Assert.Equal(1, await queue.AppendAsync(1, 1, Payload(1, 40), null, CancellationToken.None));
            Cancel(stop);
            await running;
        });
        Assert.Equal(Encoding.ASCII.GetString(Payload(0, 40)), ReadAll(log)[0].Payload);
    }

    [Fact]
    public void A_full_queue_makes_appends_wait_and_a_cancelled_one_leaves_no_trace()
    {
        using var log = Open(_disk, Tolerant).Log;
        _time.Run(async () =>
        {
            var queue = new GroupCommit(log, TimeSpan.Zero, 100, _time);
            List<long> applied = [];
            Task<long> Append(CancellationToken token) => queue.AppendAsync(1, 1, Payload(0, 40), applied.Add, token).AsTask();
            using var impatient = new CancellationTokenSource();
            var first = Append(CancellationToken.None);
            var second = Append(CancellationToken.None);
            var third = Append(CancellationToken.None);
            var cancelled = Append(impatient.Token);
            Cancel(impatient);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
            Assert.Equal(80, queue.PendingBytes);
            Assert.Equal([0L, 1L], applied);

            using var stop = new CancellationTokenSource();
            var running = queue.RunAsync(stop.Token);
            Assert.Equal(new[] { 0L, 1L, 2L }, await Task.WhenAll(first, second, third));
            Assert.Equal(3, await queue.AppendAsync(1, 1, Payload(3, 900), null, CancellationToken.None)); // larger than the queue, which is empty
            Cancel(stop);
            await running;
        });
        Assert.Equal(4, ReadAll(log).Count);
    }

    [Fact]
    public void A_log_that_fails_tells_everybody_who_waits_and_everybody_who_comes()
    {
        using var log = Open(_disk, Tolerant with { OnFlushFailure = OnFlushFailure.Poison }).Log;
        _time.Run(async () =>
        {
            var queue = new GroupCommit(log, TimeSpan.Zero, 100, _time);
            var running = queue.RunAsync(CancellationToken.None);
            await queue.AppendAsync(1, 1, Payload(0, 40), null, CancellationToken.None);
            _disk.Faults = new DiskFaults { FlushFails = 1 };
            var waiting = Enumerable.Range(0, 4).Select(i => queue.AppendAsync(1, 1, Payload(i, 40), null, CancellationToken.None).AsTask()).ToArray();

            var failure = await Assert.ThrowsAsync<LogPoisonedException>(() => running);
            foreach (var task in waiting)
                Assert.Same(failure, await Assert.ThrowsAsync<LogPoisonedException>(() => task));
            await Assert.ThrowsAsync<LogPoisonedException>(async () => await queue.AppendAsync(1, 1, Payload(9, 40), null, CancellationToken.None));
        });
    }

    [Fact]
    public void An_append_too_large_for_any_segment_is_refused_at_once()
    {
        using var log = Open(_disk, Tolerant).Log;
        var queue = new GroupCommit(log, TimeSpan.Zero, 100, _time);

        Assert.Throws<ArgumentException>("payload", () => { _ = queue.AppendAsync(1, 1, new byte[log.PayloadBytesMax + 1], null, CancellationToken.None).AsTask().GetAwaiter().GetResult(); });
        Assert.Equal(0, queue.PendingBytes);
    }

    // CancelAsync would run what was registered on the thread pool, off the one thread of virtual time.
    private static void Cancel(CancellationTokenSource source) => source.Cancel();

    private void Run(FramedLog log, TimeSpan window, int pendingBytesMax, Func<GroupCommit, Task> body) => _time.Run(async () =>
    {
        var queue = new GroupCommit(log, window, pendingBytesMax, _time);
        using var stop = new CancellationTokenSource();
        var running = queue.RunAsync(stop.Token);
        await body(queue);
        Cancel(stop);
        await running;
    });
}
