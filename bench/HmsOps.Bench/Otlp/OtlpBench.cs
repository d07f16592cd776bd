using System.Diagnostics;
using System.IO.Pipelines;
using HmsOps.Observe;
using HmsOps.Observe.Otlp;
using static HmsOps.Observe.Tests.Otlp.Request;

namespace HmsOps.Bench.Otlp;

/// <summary>
/// How fast <c>POST /v1/metrics</c> turns bytes into batches, and what that allocates: whole but for HTTP and store, with series that were seen before, as
/// nearly all are. The best of many short rounds counts: on a shared machine the others measure the neighbours.
/// </summary>
internal sealed class OtlpBench
{
    private const int Points = 5_000;

    private readonly OtlpIntake _intake = new(new TakeAll(), new Refusals(), new OtlpLimits(), new AtNoon());

    public static void Run()
    {
        var bench = new OtlpBench();
        var numbers = Of(Sum("http.server.requests", "{request}", Cumulative, true, Enumerable.Range(0, Points).Select(i => Number(i, Attributes(i)))));
        var histograms = Of(Histogram("http.server.duration", "s", Cumulative, Enumerable.Range(0, Points / 10).Select(i => Classic(
            91, 4.5, [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 6, 4, 3], Attributes(i)))));
        var native = Of(Exponential("db.duration", "s", Cumulative, Enumerable.Range(0, Points / 10).Select(i => Native(
            4, 160, 4.5, 0, (-80, [.. Enumerable.Repeat(1L, 160)]), (0, [])))));
        bench.Measure("counters", Points, numbers.Protobuf(), OtlpEncoding.Protobuf);
        bench.Measure("classic histograms", Points / 10, histograms.Protobuf(), OtlpEncoding.Protobuf);
        bench.Measure("native histograms", Points / 10, native.Protobuf(), OtlpEncoding.Protobuf);
        bench.Measure("counters, JSON", Points, numbers.JsonBytes(), OtlpEncoding.Json);
    }

    private static (string, object)[] Attributes(int i) =>
        [("http.request.method", "GET"), ("http.response.status_code", 200), ("http.route", $"/api/permits/{i}/documents"), ("server.address", "permit-svc-7.ops.opm.gov")];

    private void Measure(string what, int points, byte[] body, OtlpEncoding form)
    {
        var best = long.MaxValue;
        long allocated = 0;
        for (var round = 0; round < 200; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var begun = Stopwatch.GetTimestamp();
            var outcome = _intake.AcceptAsync(form, null, null, PipeReader.Create(new System.Buffers.ReadOnlySequence<byte>(body)), CancellationToken.None).Result;
            best = Math.Min(best, Stopwatch.GetTimestamp() - begun);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (outcome is not { Verdict: OtlpVerdict.Taken, RejectedPoints: 0 })
                throw new InvalidOperationException($"a round did not take all that was sent: {outcome}");
        }
        Console.WriteLine($"{what,-20} {points / ((double)best / Stopwatch.Frequency) / 1e6,8:0.00} M points/s, {body.Length / points,5} bytes a point, {allocated} bytes allocated a round of {points}");
    }

    private sealed class AtNoon : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds((long)(Now / 1_000_000));
    }
}
