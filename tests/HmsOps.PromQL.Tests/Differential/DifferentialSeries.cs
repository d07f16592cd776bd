using HmsOps.PromQL.Tests.Notation;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Differential;

/// <summary>
/// Series for the differential suite: gauges with gaps and stale markers, numbers that are none, counters that begin anew or have just begun, classic histograms, whole and broken.
/// Numbers are multiples of 2^-10 below 2^20, but for dates, which are whole: sums of them are exact, in whatever order.
/// </summary>
internal static class DifferentialSeries
{
    /// <summary>The first sample lies here or later; all of them 217 ms behind a whole second, where no window ends and no step falls.</summary>
    public const long StartMs = 1_600_000_200_217;

    public const int Samples = 120;

    private const long IntervalMs = 15_000;

    public static IReadOnlyList<SeriesNotation.Line> Make(Random random)
    {
        var lines = new List<SeriesNotation.Line>();
        foreach (var job in (string[])["api", "web"])
        {
            foreach (var instance in (string[])["a", "b", "c"])
            {
                void Add(string name, IReadOnlyList<SeriesNotation.Sample> samples, params (string, string)[] more) =>
                    lines.Add(new(Labels.From([("__name__", name), ("job", job), ("instance", instance), .. more]), samples));
                Add("temperature", Series(random, hasGaps: true, () => Fine(random, 200) - 100));
                Add("queue_length", Series(random, hasGaps: true, () => Odd(random, random.Next(12))), ("path", $"/grants/{random.Next(3)}"));
                Add("due_seconds", Series(random, hasGaps: false, () => random.Next(-500_000_000, 2_000_000_000) * 60.0));
                Add("requests_total", Counter(random, first: 10_000, hasGaps: false));
                Add("errors_total", Counter(random, first: 10_000, hasGaps: true));
                Add("permits_total", Young(random));
                AddBuckets(Add, random);
            }
        }
        return [.. lines.Where(line => line.Samples.Count > 0)];
    }

    // No two alike, as near as makes no difference: what is sorted by them has one order.
    private static double Fine(Random random, int below) => Math.Floor(random.NextDouble() * below * 1024) / 1024;

    private static double Odd(Random random, double number) => random.Next(60) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => -0.0,
        _ => number,
    };

    private static List<SeriesNotation.Sample> Counter(Random random, double first, bool hasGaps)
    {
        var value = first + random.Next(1000);
        return Series(random, hasGaps, () => value = random.Next(50) == 0 ? random.Next(3) * 1000 : value + random.Next(20));
    }

    private static List<SeriesNotation.Sample> Young(Random random)
    {
        var value = 0;
        var born = random.Next(Samples / 2);
        return [.. Series(random, hasGaps: false, () => value += random.Next(3)).Skip(born)];
    }

    private static List<SeriesNotation.Sample> Series(Random random, bool hasGaps, Func<double> next)
    {
        var samples = new List<SeriesNotation.Sample>();
        var first = hasGaps && random.Next(3) == 0 ? random.Next(Samples) : 0;
        var end = hasGaps && random.Next(3) == 0 ? random.Next(Samples) : Samples;
        var gap = hasGaps && random.Next(2) == 0 ? 0.3 : 0;
        for (var i = 0; i < Samples; i++)
        {
            var value = next();
            if (i < first || i >= end || random.NextDouble() < gap)
                continue;
            if (hasGaps && random.Next(40) == 0)
                value = StaleMarker.Value;
            samples.Add(new SeriesNotation.Sample(StartMs + i * IntervalMs, value, null));
        }
        return samples;
    }

    private static void AddBuckets(Action<string, IReadOnlyList<SeriesNotation.Sample>, (string, string)[]> add, Random random)
    {
        string[] bounds = ["-1", "0.1", "0.5", "1", "5", "+Inf"];
        var counts = new double[bounds.Length];
        Array.Fill(counts, 100_000);
        var whole = bounds.Select(_ => new List<SeriesNotation.Sample>()).ToArray();
        var broken = bounds.Select(_ => new List<SeriesNotation.Sample>()).ToArray();
        for (var i = 0; i < Samples; i++)
        {
            var seen = 0;
            for (var b = 0; b < bounds.Length; b++)
            {
                seen += 1 + random.Next(30);
                counts[b] += seen;
                whole[b].Add(new(StartMs + i * IntervalMs, counts[b], null));
                broken[b].Add(new(StartMs + i * IntervalMs, (b * 100) + random.Next(150), null));
            }
        }
        for (var b = 0; b < bounds.Length; b++)
        {
            add("latency_bucket", whole[b], [("le", bounds[b])]);
            add("broken_bucket", broken[b], [("le", bounds[b])]);
        }
    }
}
