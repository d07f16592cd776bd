using FsCheck;
using FsCheck.Fluent;
using HmsOps.Series;

namespace HmsOps.Tsdb.Tests.Chunks;

/// <summary>Columns of every shape the codec knows, sprinkled with what breaks codecs. A column is told by four numbers, so a failure can be made again.</summary>
/// <param name="Shape">Of <see cref="Shapes"/>.</param>
/// <param name="Seed">Of all that is drawn.</param>
/// <param name="Samples">How many.</param>
/// <param name="Sprinkled">In a thousand samples so many are something else.</param>
sealed record HostileColumn(string Shape, int Seed, int Samples, int Sprinkled)
{
    public static readonly string[] Shapes =
        [.. SyntheticKinds.All.Select(kind => kind.Name), "any bits", "wild decimals", "both signs", "all special", "resets", "big integers", "from float32"];

    static readonly double[] Specials =
    [
        StaleMarker.Value, double.NaN, -double.NaN, BitConverter.Int64BitsToDouble(0x7ff8_0000_0000_0001), BitConverter.Int64BitsToDouble(unchecked((long)0xfff0_0000_0000_0001)),
        double.PositiveInfinity, double.NegativeInfinity, -0.0, 0.0, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, 0.1 + 0.2,
        9_007_199_254_740_991, 9_007_199_254_740_992, 9_007_199_254_740_994, -9_007_199_254_740_991, 1e15, 1e22, 1e300, 1e-15, 1e-16, 123_456_789.987_654_3,
    ];

    public static Arbitrary<HostileColumn> Any => (
        from shape in Gen.Elements(Shapes)
        from seed in Gen.Choose(0, int.MaxValue)
        from samples in Gen.OneOf(Gen.Choose(1, 20), Gen.Choose(1, 1024), Gen.Elements(120, 480, 1023, 1024))
        from sprinkled in Gen.Elements(0, 0, 2, 20, 300, 900)
        select new HostileColumn(shape, seed, samples, sprinkled)).ToArbitrary();

    public double[] Values()
    {
        var random = new Random(Seed);
        var values = Shaped(random);
        for (var i = 0; i < values.Length; i++)
        {
            if (random.Next(1_000) < Sprinkled)
                values[i] = Specials[random.Next(Specials.Length)];
        }
        return values;
    }

    double[] Shaped(Random random) => Shape switch
    {
        "any bits" => Drawn(() => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))),
        "wild decimals" => Drawn(() => random.NextInt64(-1L << random.Next(1, 54), 1L << random.Next(1, 54)) / Math.Pow(10, random.Next(0, 16))),
        "both signs" => Drawn(() => random.NextDouble() - 0.5),
        "all special" => Drawn(() => Specials[random.Next(7)]),
        "resets" => [.. Enumerable.Range(0, Samples).Select(i => (double)(i % (1 + random.Next(50)) * 1_000))],
        "big integers" => Drawn(() => Math.ScaleB(random.Next(), random.Next(64))),
        "from float32" => Drawn(() => (double)random.NextSingle()),
        _ => SyntheticKinds.All.Single(kind => kind.Name == Shape).Make(random, Samples),
    };

    double[] Drawn(Func<double> draw) => [.. Enumerable.Range(0, Samples).Select(_ => draw())];
}
