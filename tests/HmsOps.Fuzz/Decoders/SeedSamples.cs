using HmsOps.Series;

namespace HmsOps.Fuzz.Decoders;

/// <summary>Series of a monitored service, small ones: what the seeds of several formats hold.</summary>
static class SeedSamples
{
    public const long Time = 1_795_190_400_000; // Friday, 20 November 2026, 16:00 UTC

    public static NativeHistogram Histogram(int i, bool isFloat = false) => new()
    {
        Schema = 3,
        ZeroThreshold = 1e-128,
        ZeroCount = i,
        Count = (isFloat ? 0.5 : 0) + (10 * i),
        Sum = 1.5 * i,
        Positive = [new(-2, i), new(0, 3), new(1, i * 2), new(40, isFloat ? 0.25 : 1)],
        Negative = [new(5, i)],
        IsFloat = isFloat,
        Reset = i == 1 ? CounterResetHint.Unknown : CounterResetHint.NoReset,
    };

    public static NativeHistogram Bounded(int i) => new()
    {
        Schema = NativeHistogram.CustomBounds,
        ZeroThreshold = 0,
        ZeroCount = 0,
        Count = 4 + i,
        Sum = i,
        Positive = [new(0, i), new(2, 4)],
        Negative = [],
        Bounds = [0.1, 0.5, 2.5],
    };

    /// <summary>The label set <c>name{job="permit-svc",pod="…"}</c>.</summary>
    public static Labels Named(string name, string pod = "") => Labels.From(("__name__", name), ("job", "permit-svc"), ("pod", pod));

    /// <summary>Series in the order of rows, with their samples.</summary>
    public static IEnumerable<(Labels Labels, long[] Times, double[] Values, NativeHistogram?[] Histograms)> Rows(int samples)
    {
        long[] times = [.. Enumerable.Range(0, samples).Select(i => Time + (i * 15_000L))];
        return
        [
            .. new (Labels, long[], double[], NativeHistogram?[])[]
            {
                (Named("http_requests_total", "a"), times, [.. times.Select((_, i) => i * 7.0)], []),
                (Named("http_requests_total", "b"), times, [.. times.Select((_, i) => i / 10.0)], []),
                (Named("latency_ms"), times, [.. times.Select(_ => 0.0)], [.. times.Select((_, i) => Histogram(i + 1))]),
                (Named("mixed"), times[1..], [.. times[1..].Select((_, i) => i % 2 == 0 ? i : 0.0)], [.. times[1..].Select((_, i) => i % 2 == 0 ? null : Bounded(i))]),
                (Named("up"), times, [.. times.Select((_, i) => i == 3 ? StaleMarker.Value : 1)], []),
            }.OrderBy(row => row.Item1, Labels.RowOrder),
        ];
    }
}
