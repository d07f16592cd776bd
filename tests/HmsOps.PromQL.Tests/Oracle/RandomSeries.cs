using HmsOps.PromQL.Tests.Notation;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Oracle;

/// <summary>Random gauges, counters and classic histograms: some series begin late, end early or have gaps; some counters start over.</summary>
public static class RandomSeries
{
    public const long IntervalMs = 15_000;
    public const int Samples = 120;

    /// <summary>Draws all series; the first sample is at 0.</summary>
    public static IReadOnlyList<SeriesNotation.Line> Make(Random random)
    {
        var lines = new List<SeriesNotation.Line>();
        foreach (var job in (string[])["api", "web"])
        {
            foreach (var instance in (string[])["a", "b", "c"])
            {
                (string, string)[] Named(string name) => [("__name__", name), ("job", job), ("instance", instance)];
                foreach (var name in (string[])["temperature", "queue_length"])
                    lines.Add(new(Labels.From(Named(name)), Walk(random, () => Math.Round(random.NextDouble() * 200 - 100, 2))));
                foreach (var name in (string[])["requests_total", "errors_total"])
                    lines.Add(new(Labels.From(Named(name)), Counter(random)));
                lines.AddRange(Buckets(random).Select(b => new SeriesNotation.Line(Labels.From([.. Named("latency_bucket"), ("le", b.Le)]), b.Samples)));
            }
        }
        return [.. lines.Where(l => l.Samples.Count > 0)];
    }

    private static List<SeriesNotation.Sample> Counter(Random random)
    {
        var value = random.Next(50);
        var startsOver = random.Next(3) == 0;
        return Walk(random, () => value = startsOver && random.Next(40) == 0 ? 0 : value + random.Next(20));
    }

    private static List<SeriesNotation.Sample> Walk(Random random, Func<double> next)
    {
        var samples = new List<SeriesNotation.Sample>();
        var first = random.Next(4) == 0 ? random.Next(Samples) : 0;
        var end = random.Next(4) == 0 ? random.Next(Samples) : Samples;
        var gap = random.Next(3) == 0 ? 0.2 : 0;
        for (var i = 0; i < Samples; i++)
        {
            var value = next();
            if (i < first || i >= end || random.NextDouble() < gap)
                continue;
            if (random.Next(50) == 0)
                value = random.Next(2) == 0 ? StaleMarker.Value : double.NaN;
            samples.Add(new SeriesNotation.Sample(i * IntervalMs, value, null));
        }
        return samples;
    }

    private static (string Le, List<SeriesNotation.Sample> Samples)[] Buckets(Random random)
    {
        string[] bounds = ["0.1", "0.5", "1", "5", "+Inf"];
        var counts = new double[bounds.Length];
        Array.Fill(counts, 1e6);
        var buckets = bounds.Select(b => (Le: b, Samples: new List<SeriesNotation.Sample>())).ToArray();
        for (var i = 0; i < Samples; i++)
        {
            var seen = 0;
            for (var b = 0; b < bounds.Length; b++)
            {
                seen += 1 + random.Next(30);
                counts[b] += seen;
                buckets[b].Samples.Add(new SeriesNotation.Sample(i * IntervalMs, counts[b], null));
            }
        }
        return buckets;
    }
}
