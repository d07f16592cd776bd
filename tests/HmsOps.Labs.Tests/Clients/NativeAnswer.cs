using System.Globalization;
using System.Text.Json;

namespace HmsOps.Labs.Tests.Clients;

/// <summary>A native histogram as it is answered to a question in PromQL.</summary>
internal sealed record NativeAnswer(double Count, double Sum, IReadOnlyList<(int Sides, double Lower, double Upper, double Count)> Buckets)
{
    // Bounds are powers of two by an exponent with a fraction: two ways to work one out are this close.
    private const double BoundsWithin = 1e-15; // relative

    public static NativeAnswer Of(KeptSample sample)
    {
        using var json = JsonDocument.Parse(sample.Histogram ?? throw new InvalidOperationException($"{sample} is no histogram"));
        var buckets = json.RootElement.TryGetProperty("buckets", out var all) ? all.EnumerateArray().Select(each => (each[0].GetInt32(), Number(each[1]), Number(each[2]), Number(each[3]))) : [];
        return new NativeAnswer(Number(json.RootElement.GetProperty("count")), Number(json.RootElement.GetProperty("sum")), [.. buckets]);
    }

    /// <summary>How many were at most so much, which is one of the bounds.</summary>
    public double UpTo(double bound) => Buckets.Where(bucket => bucket.Upper <= bound).Sum(bucket => bucket.Count);

    /// <summary>The same counts in the same buckets; sums as near as asked.</summary>
    public static bool IsSame(KeptSample one, KeptSample other, double sumWithin)
    {
        var (a, b) = (Of(one), Of(other));
        return a.Count.Equals(b.Count) && IsNear(a.Sum, b.Sum, sumWithin) && a.Buckets.Count == b.Buckets.Count && a.Buckets.Zip(b.Buckets).All(pair =>
            pair.First.Sides == pair.Second.Sides && pair.First.Count.Equals(pair.Second.Count) && IsNear(pair.First.Lower, pair.Second.Lower, BoundsWithin) && IsNear(pair.First.Upper, pair.Second.Upper, BoundsWithin));
    }

    public static bool IsNear(double one, double other, double within) => one.Equals(other) || Math.Abs(one - other) <= within * Math.Max(Math.Abs(one), Math.Abs(other));

    private static double Number(JsonElement text) => text.GetString() switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        { } number => double.Parse(number, CultureInfo.InvariantCulture),
        null => double.NaN,
    };
}
