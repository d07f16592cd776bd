namespace HmsOps.Tsdb.Tests.Chunks;

/// <summary>Ten kinds of series as a node, a service and a database make them, every 15 s; each from a seed. Their shares make a mix.</summary>
static class SyntheticKinds
{
    public static readonly (string Name, int Percent, Func<Random, int, double[]> Make)[] All =
    [
        ("constant", 10, (random, n) => Walk(n, random.Next(1_000), x => x)),
        ("idle counter", 15, (random, n) => Walk(n, random.Next(100_000), x => x + (random.NextDouble() < 0.03 ? 1 : 0))),
        ("busy counter", 15, (random, n) => Walk(n, random.Next(1_000_000_000), x => x + Math.Round(1_500 + (60 * Normal(random))))),
        ("histogram bucket", 20, (random, n) => Walk(n, random.Next(1_000_000), x => x + Poisson(random, 3))),
        ("cpu seconds", 10, (random, n) => Hundredths(Walk(n, random.Next(100_000_000), x => x + Math.Max(0, Math.Round(450 + (25 * Normal(random))))))),
        ("bytes gauge", 10, (random, n) => Walk(n, 4_096 * random.Next(100_000, 1_000_000), x => x + (4_096 * Math.Round(20 * Normal(random))))),
        ("integer gauge", 5, (random, n) => Drawn(n, () => Poisson(random, 12))),
        ("one-decimal gauge", 3, (random, n) => Drawn(n, () => Math.Round(450 + (2.0 * Normal(random))) / 10)),
        ("float sum", 6, (random, n) => Walk(n, random.Next(100_000), x => x + (random.NextDouble() * 10))),
        ("full-mantissa ratio", 6, (random, n) => Drawn(n, () => 0.93 + (0.01 * Normal(random)))),
    ];

    public static double[] Make(string name, int seed, int n) => Array.Find(All, kind => kind.Name == name).Make(new Random(seed), n);

    static double[] Walk(int n, double start, Func<double, double> next)
    {
        var values = new double[n];
        for (var i = 0; i < n; i++, start = next(start))
            values[i] = start;
        return values;
    }

    static double[] Drawn(int n, Func<double> draw)
    {
        var values = new double[n];
        for (var i = 0; i < n; i++)
            values[i] = draw();
        return values;
    }

    static double[] Hundredths(double[] values) => [.. values.Select(value => value / 100)];

    static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    static double Poisson(Random random, double mean)
    {
        var limit = Math.Exp(-mean);
        var count = 0;
        for (var product = random.NextDouble(); product > limit; product *= random.NextDouble())
            count++;
        return count;
    }
}
