using FsCheck;
using FsCheck.Fluent;
using HmsOps.Series;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Tests.Observations;

public sealed class OpenHistogramTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(-2)]
    public void A_power_of_two_is_in_the_bucket_it_bounds(int schema)
    {
        for (var power = -40; power <= 40; power++)
        {
            var open = new OpenHistogram(schema, 1_000);
            open.Observe(Math.ScaleB(1, power));
            open.Observe(-Math.BitIncrement(Math.ScaleB(1, power)));
            var bound = (int)Math.Ceiling(Math.ScaleB(power, schema));
            Assert.Equal([new HistogramBucket(bound, 1)], open.Snapshot().Positive);
            Assert.Equal([new HistogramBucket((int)Math.Floor(Math.ScaleB(power, schema)) + 1, 1)], open.Snapshot().Negative);
        }
    }

    [Fact]
    public void Count_and_sum_are_exact_and_every_observation_is_in_its_bucket() => Prop.ForAll(Values(), values =>
    {
        var open = new OpenHistogram(5, 160);
        var sum = 0.0;
        foreach (var value in values)
        {
            open.Observe(value);
            sum += value;
        }
        var histogram = open.Snapshot();
        Assert.Equal(values.Length, histogram.Count);
        Assert.Equal(sum, histogram.Sum);
        Assert.Equal(values.Count(value => value == 0), histogram.ZeroCount);
        Assert.True(histogram.Positive.Count + histogram.Negative.Count <= 160 || histogram.Schema == NativeHistogram.SchemaMin);
        Assert.Equal(Oracle(values.Where(value => value > 0), histogram.Schema), histogram.Positive);
        Assert.Equal(Oracle(values.Where(value => value < 0).Select(value => -value), histogram.Schema), histogram.Negative);
    }).Holds();

    [Theory]
    [InlineData(159, 5)]
    [InlineData(160, 5)]
    [InlineData(161, 4)]
    public void Resolution_halves_when_there_are_too_many_buckets(int buckets, int schema)
    {
        var open = new OpenHistogram(5, 160);
        for (var i = 0; i < buckets; i++)
            open.Observe(NativeHistogram.UpperBound(5, i));
        var histogram = open.Snapshot();
        Assert.Equal(schema, histogram.Schema);
        Assert.Equal(buckets, histogram.Positive.Sum(bucket => bucket.Count));
        Assert.True(histogram.Positive.Count <= 160);
    }

    [Fact]
    public void At_the_coarsest_resolution_all_numbers_there_are_have_their_bucket()
    {
        var open = new OpenHistogram(5, 4);
        for (var power = -1074; power < 1024; power++)
            open.Observe(Math.ScaleB(1, power));
        var histogram = open.Snapshot();
        Assert.Equal((NativeHistogram.SchemaMin, 2098), (histogram.Schema, histogram.Positive.Sum(bucket => bucket.Count)));
    }

    [Fact]
    public void A_snapshot_does_not_change_with_what_comes_later()
    {
        var open = new OpenHistogram(5, 160);
        open.Observe(1);
        var before = open.Snapshot();
        open.Observe(1);
        Assert.Equal((1, 1), (before.Count, before.Positive[0].Count));
    }

    // The slow, obvious way: merge from the finest. A value's bucket at a coarser schema is that of its bucket's upper bound.
    private static IEnumerable<HistogramBucket> Oracle(IEnumerable<double> values, int schema) => values
        .Select(value => Merged(NativeHistogram.IndexOf(5, value), 5 - schema))
        .GroupBy(index => index)
        .OrderBy(bucket => bucket.Key)
        .Select(bucket => new HistogramBucket(bucket.Key, bucket.Count()));

    private static int Merged(int index, int times) => (int)Math.Ceiling(index / Math.Pow(2, times));

    private static Arbitrary<double[]> Values() => Gen.OneOf(
        Gen.Choose(-1_000_000, 1_000_000).Select(value => value / 1000.0),
        Gen.Choose(-300, 300).Select(power => Math.ScaleB(1, power)),
        Gen.Constant(0.0)).ArrayOf().ToArbitrary();
}
