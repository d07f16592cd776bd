using System.Diagnostics;
using System.IO.Pipelines;
using HmsOps.Observe;
using HmsOps.Observe.Otlp;
using HmsOps.OtlpBench;
using static HmsOps.Observe.Tests.Otlp.Request;

// How fast a request becomes a batch, and what it allocates. The best of many short rounds: on a shared machine the others measure the neighbours.
const int Points = 5_000;
var intake = new OtlpIntake(new TakeAll(), new Refusals(), new OtlpLimits(), new AtNoon());
var numbers = Of(Sum("http.server.requests", "{request}", Cumulative, true, Enumerable.Range(0, Points).Select(i => Number(i, Attributes(i)))));
var histograms = Of(Histogram("http.server.duration", "s", Cumulative, Enumerable.Range(0, Points / 10).Select(i => Classic(
    91, 4.5, [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 6, 4, 3], Attributes(i)))));
var native = Of(Exponential("db.duration", "s", Cumulative, Enumerable.Range(0, Points / 10).Select(i => Native(
    4, 160, 4.5, 0, (-80, [.. Enumerable.Repeat(1L, 160)]), (0, [])))));
Measure("counters", Points, numbers.Protobuf(), OtlpEncoding.Protobuf);
Measure("classic histograms", Points / 10, histograms.Protobuf(), OtlpEncoding.Protobuf);
Measure("native histograms", Points / 10, native.Protobuf(), OtlpEncoding.Protobuf);
Measure("counters, JSON", Points, numbers.JsonBytes(), OtlpEncoding.Json);

static (string, object)[] Attributes(int i) =>
    [("http.request.method", "GET"), ("http.response.status_code", 200), ("http.route", $"/api/permits/{i}/documents"), ("server.address", "permit-svc-7.ops.opm.gov")];

void Measure(string what, int points, byte[] body, OtlpEncoding form)
{
    var best = long.MaxValue;
    long allocated = 0;
    for (var round = 0; round < 200; round++)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var begun = Stopwatch.GetTimestamp();
        var outcome = intake.AcceptAsync(form, null, null, PipeReader.Create(new System.Buffers.ReadOnlySequence<byte>(body)), CancellationToken.None).Result;
        best = Math.Min(best, Stopwatch.GetTimestamp() - begun);
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (outcome is not { Verdict: OtlpVerdict.Taken, RejectedPoints: 0 })
            throw new InvalidOperationException($"a round did not take all that was sent: {outcome}");
    }
    Console.WriteLine($"{what,-20} {points / ((double)best / Stopwatch.Frequency) / 1e6,8:0.00} M points/s, {body.Length / points,5} bytes a point, {allocated} bytes allocated a round of {points}");
}
