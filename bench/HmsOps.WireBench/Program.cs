using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using HmsOps.Observe;
using HmsOps.Observe.Influx;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Tests.Wire;
using HmsOps.Observe.Wire;
using HmsOps.WireBench;

// How fast bytes become batches, and what it allocates: snappy alone, then the doors whole with a sink that takes everything.
// The best of many short rounds: on a shared machine the others measure the neighbours.
const int Series = 5_000;
var body = Bodies.Fleet(Series, 1);
var packed = Bodies.Pack(body);
Console.WriteLine($"{Series} series, {body.Length} bytes, packed {packed.Length} ({(double)body.Length / packed.Length:0.0} : 1)");

var unpacked = new byte[body.Length + Snappy.SlackBytes];
Measure("snappy unpack", body.Length, "MB/s", 1e6, () => Snappy.TryUnpack(packed, unpacked, out _));
var again = new byte[Snappy.PackedBytesMax(body.Length)];
Measure("snappy pack", body.Length, "MB/s", 1e6, () => Snappy.Pack(body, again));

var intake = new RemoteWriteIntake(new TakeAll(), new Refusals(), new WriteLimits());
var head = new WriteRequestHead("application/x-protobuf", "snappy", "0.1.0");
Measure("remote write 1.0", Series, "M samples/s", 1e6, () => Done(intake.AcceptAsync(head, Pipe(packed), CancellationToken.None).Result.Samples == Series));

var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 1_000).Select(i =>
    $"cpu,agency=opm,cpu=cpu{i % 8},datacenter=ashburn-1,host=permit-svc-{i / 8:000}.ops.opm.gov usage_idle={i % 90}.25,usage_iowait=0.1,usage_system={i % 7}.5,usage_user=1.5,usage_steal=0i 1795190400000000000\n")));
var influx = new InfluxIntake(new TakeAll(), new Refusals(), new InfluxLimits(), TimeProvider.System);
Measure("line protocol", 5_000, "M samples/s", 1e6, () => Done(influx.AcceptAsync(new InfluxRequestHead("ns", null, null), Pipe(lines), CancellationToken.None).Result.Taken == 5_000));

static PipeReader Pipe(byte[] bytes) => PipeReader.Create(new System.Buffers.ReadOnlySequence<byte>(bytes));

static void Done(bool good)
{
    if (!good)
        throw new InvalidOperationException("a round did not take all that was sent");
}

static void Measure(string what, int items, string unit, double scale, Action round)
{
    var best = long.MaxValue;
    long allocated = 0;
    for (var i = 0; i < 400; i++)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var begun = Stopwatch.GetTimestamp();
        round();
        best = Math.Min(best, Stopwatch.GetTimestamp() - begun);
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
    }
    Console.WriteLine($"{what,-18} {items / ((double)best / Stopwatch.Frequency) / scale,10:0.00} {unit}, {allocated} bytes allocated a round of {items}");
}
