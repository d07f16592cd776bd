using System.IO.Pipelines;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Tests.Wire;
using HmsOps.Observe.Wire;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb;

namespace HmsOps.Observe.Tests.RemoteWrite;

public sealed class RealStoreTests
{
    [Fact]
    public void A_fleet_arrives_in_the_store_and_a_resend_changes_nothing()
    {
        var (first, second, samples) = Play(intake => SendAsync(intake, Bodies.Fleet(2_000, 9)), intake => SendAsync(intake, Bodies.Fleet(2_000, 9)));

        Assert.Equal((204, 2_000), (first.Status, first.Samples));
        Assert.Equal((204, 2_000), (second.Status, second.Samples));
        Assert.Equal(2_000, samples);
    }

    [Fact]
    public void A_label_that_is_there_twice_and_a_sample_from_tomorrow_are_refused_by_the_store()
    {
        var (answer, late, samples) = Play(
            intake => SendAsync(intake, WriteMessages.One(
                new Sent("__name__=a,b=1,b=2") { Samples = [(1, Bodies.Time, 0)] }, new Sent("__name__=a") { Samples = [(1, Bodies.Time, 0)] })),
            intake => SendAsync(intake, WriteMessages.One(new Sent("__name__=a") { Samples = [(1, Bodies.Time + 86_400_000, 0)] })));

        Assert.Equal((400, 1), (answer.Status, answer.Samples));
        Assert.Contains("duplicate_label", answer.Message);
        Assert.Equal((400, 0), (late.Status, late.Samples));
        Assert.Contains("ahead", late.Message);
        Assert.Equal(1, samples);
    }

    /// <summary>The second request of a sender costs no memory: not per sample, and hardly per request.</summary>
    [Theory]
    [InlineData(WriteMessage.One)]
    [InlineData(WriteMessage.Two)]
    public void Decoding_allocates_nothing_once_its_columns_have_grown(WriteMessage version)
    {
        var series = Enumerable.Range(0, 3_000).Select(i => new Sent($"__name__=node_cpu_seconds_total,cpu={i % 8},instance=host-{i / 8},job=node")
        {
            Samples = [(i, Bodies.Time, 0)],
            Metadata = (1, "seconds", "CPU time."),
        });
        var body = version == WriteMessage.One ? WriteMessages.One(series) : WriteMessages.Two(series);
        var packed = Bodies.Pack(body);
        var unpacked = new byte[body.Length + Snappy.SlackBytes];
        var decoder = new WriteDecoder(new WriteLimits());
        Assert.True(Snappy.TryUnpack(packed, unpacked, out var length) && decoder.TryDecode(unpacked.AsMemory(0, length), version));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var good = Snappy.TryUnpack(packed, unpacked, out length) && decoder.TryDecode(unpacked.AsMemory(0, length), version);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(good);
        Assert.Equal(3_000, decoder.Batch.Count);
    }

    private static (WriteAnswer First, WriteAnswer Second, long Samples) Play(Func<RemoteWriteIntake, Task<WriteAnswer>> first, Func<RemoteWriteIntake, Task<WriteAnswer>> second)
    {
        var time = VirtualTime.OnFridayAfternoon();
        using var store = MetricStore.Open(new SimulatedDisk(new Random(3)), new MetricStoreOptions { Folder = "metrics" }, time);
        var intake = new RemoteWriteIntake(store, new Refusals(), new WriteLimits());
        WriteAnswer? one = null, two = null;
        time.Run(async () =>
        {
            using var stopping = new CancellationTokenSource();
            var running = store.RunAsync(stopping.Token);
            one = await first(intake);
            two = await second(intake);
            stopping.Cancel();
            await running;
        });
        return (one!, two!, store.Counts.Samples);
    }

    private static Task<WriteAnswer> SendAsync(RemoteWriteIntake intake, byte[] body) => intake.AcceptAsync(
        new WriteRequestHead("application/x-protobuf", "snappy", "0.1.0"), PipeReader.Create(new MemoryStream(Bodies.Pack(body))), CancellationToken.None);
}
