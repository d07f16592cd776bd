using HmsOps.Series;

namespace HmsOps.Observe.Tests.Prometheus.Chunks;

/// <summary>Series of every shape that a chunk has a form for, drawn from dice.</summary>
internal static class ChunkSamples
{
    private const long Begin = 1_795_190_400_000;

    public static long[] Times(Random dice, int count)
    {
        var times = new long[count];
        var time = dice.Next(4) == 0 ? -dice.NextInt64(1L << 40) : Begin + dice.Next(1_000_000);
        for (var i = 0; i < count; i++)
        {
            times[i] = time;
            time += dice.Next(20) switch { 0 => dice.NextInt64(1, 1L << 40), < 5 => 15_000 + dice.Next(-3_000, 3_000), _ => 15_000 };
        }
        return times;
    }

    public static double[] Values(Random dice, int count)
    {
        var values = new double[count];
        var shape = dice.Next(5);
        var value = dice.Next(1_000) / 8.0;
        for (var i = 0; i < count; i++)
        {
            value = shape switch
            {
                0 => value,
                1 => value + dice.Next(10),
                2 => dice.NextDouble(),
                3 => BitConverter.Int64BitsToDouble(dice.NextInt64(long.MinValue, long.MaxValue)),
                _ => dice.Next(6) switch { 0 => StaleMarker.Value, 1 => double.NaN, 2 => double.NegativeInfinity, 3 => -0.0, 4 => double.Epsilon, _ => value },
            };
            values[i] = value;
        }
        return values;
    }

    /// <summary>Counters that grow, with resets, stale markers, new buckets and changes of resolution between them; or gauges, that go where they like.</summary>
    public static NativeHistogram?[] Histograms(Random dice, int count)
    {
        var histograms = new NativeHistogram?[count];
        var isFloat = dice.Next(2) == 0;
        var isGauge = dice.Next(3) == 0;
        var schema = dice.Next(5) == 0 ? NativeHistogram.CustomBounds : dice.Next(-4, 9);
        SortedDictionary<int, double> positive = [], negative = [];
        var zero = 0.0;
        for (var i = 0; i < count; i++)
        {
            var isReset = !isGauge && dice.Next(25) == 0;
            if (isReset || isGauge)
            {
                (positive, negative, zero) = ([], [], 0);
                if (dice.Next(4) == 0)
                    schema = dice.Next(-4, 9);
            }
            var isCustom = schema == NativeHistogram.CustomBounds;
            for (var n = dice.Next(6); n > 0; n--)
                Grow(positive, isCustom ? dice.Next(0, 5) : dice.Next(-300, 300) / dice.Next(schema < 0 ? 6 : 1, 60), dice, isFloat);
            for (var n = isCustom ? 0 : dice.Next(3); n > 0; n--)
                Grow(negative, dice.Next(-20, 20), dice, isFloat);
            zero += isCustom ? 0 : dice.Next(3);
            var unplaced = dice.Next(10) == 0 ? 1 : 0; // an observation of NaN lies in no bucket, and the sum is none any more
            histograms[i] = dice.Next(40) == 0 ? Stale(schema, isFloat) : new NativeHistogram
            {
                Schema = schema,
                ZeroThreshold = isCustom ? 0 : 0.001,
                ZeroCount = zero,
                Count = positive.Values.Sum() + negative.Values.Sum() + zero + unplaced,
                Sum = unplaced > 0 ? double.NaN : dice.NextDouble() * 1_000,
                Positive = [.. positive.Select(bucket => new HistogramBucket(bucket.Key, bucket.Value))],
                Negative = [.. negative.Select(bucket => new HistogramBucket(bucket.Key, bucket.Value))],
                Bounds = isCustom ? [0.005, 0.1, 1 / 3.0, 40_000.5] : [],
                IsFloat = isFloat,
                Reset = isGauge ? CounterResetHint.Gauge : isReset ? CounterResetHint.Reset : CounterResetHint.Unknown,
            };
        }
        return histograms;
    }

    /// <summary>A histogram in words: all there is but what its maker says of a reset.</summary>
    public static string Words(NativeHistogram histogram) => StaleMarker.Is(histogram.Sum)
        ? $"stale{(histogram.IsFloat ? " float" : "")}"
        : $"{histogram.Schema} ±{histogram.ZeroThreshold}:{histogram.ZeroCount} {histogram.Count} {BitConverter.DoubleToInt64Bits(histogram.Sum):x} [{string.Join(' ', histogram.Positive)}] [{string.Join(' ', histogram.Negative)}] "
            + $"{string.Join(' ', histogram.Bounds)}{(histogram.IsFloat ? " float" : "")}{(histogram.IsGauge ? " gauge" : "")}";

    private static NativeHistogram Stale(int schema, bool isFloat) => new()
    {
        Schema = schema,
        ZeroThreshold = 0,
        ZeroCount = 0,
        Count = 0,
        Sum = StaleMarker.Value,
        Positive = [],
        Negative = [],
        IsFloat = isFloat,
    };

    private static void Grow(SortedDictionary<int, double> buckets, int index, Random dice, bool isFloat) =>
        buckets[index] = buckets.GetValueOrDefault(index) + (isFloat ? dice.NextDouble() * 10 : dice.NextInt64(1, 1L << dice.Next(1, 30)));
}
