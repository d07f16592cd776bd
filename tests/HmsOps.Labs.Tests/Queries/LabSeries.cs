using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Queries;

/// <summary>
/// Forty minutes of a small county, a sample each 15 s, as requests of Prometheus remote write 1.0: gauges, counters with a reset, a classic histogram with exemplars, a native
/// one, a series that ends, numbers and texts that are hard to write.
/// </summary>
internal static class LabSeries
{
    public const int EveryMs = 15_000;
    public const int Samples = 161;
    public const string TraceId = "4bf92f3577b34da6";

    /// <summary>The texts that are hard to write.</summary>
    public const string Path = "/a+b?c=\"d\"&e=<f>\\g'h'";

    private const int Ends = 100; // the sample at which the office in Arlington closes
    private const int Resets = 80; // the sample at which the portal starts anew

    // Prometheus' marker of a series that has ended.
    private static readonly double Stale = BitConverter.UInt64BitsToDouble(0x7ff0_0000_0000_0002);

    private static readonly double[] Bounds = [0.1, 0.5, 1, double.PositiveInfinity];

    private static readonly Line[] Lines =
    [
        new("permits_open office=fairfax", i => 40 + 25 * Math.Sin(i / 30.0)),
        new("permits_open office=loudoun", i => 12 + i / 40),
        new("permits_open office=arlington", i => i < Ends ? 7 : i == Ends ? Stale : null),
        new("http_requests_total code=200 instance=10.0.0.7:8080 job=portal", i => i < Resets ? i * 450 : (i - Resets) * 450),
        new("http_requests_total code=500 instance=10.0.0.7:8080 job=portal", i => i < Resets ? i * 1.5 : (i - Resets) * 1.5),
        new("http_requests_total code=200 instance=10.0.0.8:8080 job=court", i => i * 60 + Math.Max(0, i - 120) * 90),
        .. Bounds.Select((bound, at) => new Line($"request_seconds_bucket job=portal le={Bound(bound)}", i => i * (10 + 5 * at)) { HasExemplars = bound == 0.5 }),
        new("request_seconds_sum job=portal", i => i * 7.3),
        new("request_seconds_count job=portal", i => i * 25),
        new("odd kind=nan", _ => double.NaN),
        new("odd kind=inf", _ => double.PositiveInfinity),
        new("odd kind=neginf", _ => double.NegativeInfinity),
        new("odd kind=tiny", _ => 1e-7),
        new("odd kind=huge", _ => 1e21),
        new("odd kind=long", _ => 123456789.12345679),
        new("odd kind=zero", _ => -0.0),
        new($"texts word=é漢😀 path={Path}", _ => 1),
        new("texts path=two\nlines", _ => 2),
    ];

    /// <summary>A request with the samples from one to another, the last not included; the first of all is number 0.</summary>
    public static byte[] Request(long beginMs, int from, int to) =>
    [
        .. Lines.SelectMany(line => Wire.Field(1, line.Message(beginMs, from, to))),
        .. Wire.Field(1, Sizes(beginMs, from, to)),
        .. Metadata(1, "http_requests_total", "Requests, by status.", ""),
        .. Metadata(2, "permits_open", "Permits that wait for a decision.", ""),
        .. Metadata(3, "request_seconds", "How long requests took.", "seconds"),
    ];

    private static string Bound(double bound) => double.IsPositiveInfinity(bound) ? "+Inf" : bound.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static byte[] Labels(string written)
    {
        var name = written[..written.IndexOf(' ', StringComparison.Ordinal)];
        var labels = written[(name.Length + 1)..].Split(' ').Select(part => part.Split('=', 2)).Append(["__name__", name]).OrderBy(part => part[0], StringComparer.Ordinal);
        return [.. labels.SelectMany(part => Wire.Field(1, [.. Wire.Field(1, part[0]), .. Wire.Field(2, part[1])]))];
    }

    // A native histogram of schema 0: bounds are powers of two, which every program writes alike. Buckets (1, 2], (2, 4], (4, 8].
    private static byte[] Sizes(long beginMs, int from, int to)
    {
        var message = new List<byte>(Labels("sizes_bytes job=portal"));
        for (var i = from; i < to; i++)
        {
            byte[] span = [.. Wire.Field(1, Zigzag(1)), .. Wire.Field(2, 3L)];
            byte[] deltas = [.. Wire.Varint((ulong)Zigzag(i)), .. Wire.Varint((ulong)Zigzag(i)), .. Wire.Varint((ulong)Zigzag(-i))]; // i, 2i and i observations
            byte[] histogram =
            [
                .. Wire.Field(1, 4L * i + 2), .. Wire.Field(3, 13.5 * i), .. Wire.Field(4, Zigzag(0)), .. Wire.Field(5, 0.001), .. Wire.Field(6, 2L),
                .. Wire.Field(11, span), .. Wire.Field(12, deltas), .. Wire.Field(15, beginMs + i * (long)EveryMs),
            ];
            message.AddRange(Wire.Field(4, histogram));
        }
        return [.. message];
    }

    private static long Zigzag(long value) => (value << 1) ^ (value >> 63);

    private static byte[] Metadata(long type, string metric, string help, string unit) =>
        Wire.Field(3, [.. Wire.Field(1, type), .. Wire.Field(2, metric), .. Wire.Field(4, help), .. Wire.Field(5, unit)]);

    /// <summary>A series: its labels as <c>name label=value …</c>, and its value at each sample; null where it has none.</summary>
    private sealed record Line(string Written, Func<int, double?> At)
    {
        private const int ExemplarEvery = 40; // samples

        public bool HasExemplars { get; init; }

        public byte[] Message(long beginMs, int from, int to)
        {
            var message = new List<byte>(Labels(Written));
            for (var i = from; i < to; i++)
            {
                if (At(i) is { } value)
                    message.AddRange(Wire.Field(2, [.. Wire.Field(1, value), .. Wire.Field(2, beginMs + i * (long)EveryMs)]));
            }
            for (var i = from; i < to; i++)
            {
                if (HasExemplars && i % ExemplarEvery == 1)
                    message.AddRange(Wire.Field(3, [.. Wire.Field(1, [.. Wire.Field(1, "trace_id"), .. Wire.Field(2, $"{TraceId}{i:x4}")]), .. Wire.Field(2, 0.25 + i / 1000.0), .. Wire.Field(3, beginMs + i * (long)EveryMs)]));
            }
            return [.. message];
        }
    }
}
