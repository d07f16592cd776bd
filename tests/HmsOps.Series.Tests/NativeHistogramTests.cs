using FsCheck;
using FsCheck.Fluent;

namespace HmsOps.Series.Tests;

public sealed class NativeHistogramTests
{
    public static TheoryData<int> Schemas => [.. Enumerable.Range(NativeHistogram.SchemaMin, NativeHistogram.SchemaMax - NativeHistogram.SchemaMin + 1)];

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Every_power_of_two_is_the_inclusive_bound_of_its_bucket(int schema)
    {
        for (var power = -1074; power <= 1023; power++)
        {
            var value = Math.ScaleB(1, power);
            var exact = Math.ScaleB(power, schema);
            Assert.Equal((int)Math.Ceiling(exact), NativeHistogram.IndexOf(schema, value));
            if (power < -1022)
                continue; // the neighbours of the smallest numbers are powers of two themselves
            Assert.Equal((int)Math.Floor(exact) + 1, NativeHistogram.IndexOf(schema, Math.BitIncrement(value)));
            Assert.Equal((int)Math.Ceiling(exact), NativeHistogram.IndexOf(schema, Math.BitDecrement(value)));
        }
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_value_lies_between_the_bounds_of_its_bucket(int schema) => Prop.ForAll(Positive(), value =>
    {
        var index = NativeHistogram.IndexOf(schema, value);
        return value <= NativeHistogram.UpperBound(schema, index) && value > NativeHistogram.UpperBound(schema, index - 1);
    }).Holds();

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Larger_values_are_never_in_lower_buckets(int schema) => Prop.ForAll(Positive(), Positive(), (a, b) =>
        NativeHistogram.IndexOf(schema, Math.Min(a, b)) <= NativeHistogram.IndexOf(schema, Math.Max(a, b))).Holds();

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_bound_belongs_to_the_bucket_it_ends_and_bounds_grow_evenly(int schema)
    {
        var from = (int)Math.ScaleB(-20, schema);
        var to = (int)Math.ScaleB(20, schema);
        for (var index = from; index < to; index++)
        {
            var bound = NativeHistogram.UpperBound(schema, index);
            Assert.Equal(index, NativeHistogram.IndexOf(schema, bound));
            Assert.Equal(Math.Pow(2, Math.Pow(2, -schema)), NativeHistogram.UpperBound(schema, index + 1) / bound, 1e-12);
        }
    }

    [Theory]
    [InlineData(5, double.MaxValue, 32_768)]
    [InlineData(5, double.PositiveInfinity, 32_768)]
    [InlineData(5, double.Epsilon, -34_368)]
    [InlineData(-4, double.MaxValue, 64)]
    [InlineData(-4, double.Epsilon, -67)]
    public void The_ends_of_the_numbers_have_buckets(int schema, double value, int index) =>
        Assert.Equal(index, NativeHistogram.IndexOf(schema, value));

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    public void What_is_not_above_zero_has_no_bucket(double value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => NativeHistogram.IndexOf(5, value));

    [Fact]
    public void The_empty_histogram_has_seen_nothing()
    {
        var zero = NativeHistogram.Zero(3);
        Assert.Equal((3, 0.0, 0.0, 0.0), (zero.Schema, zero.Count, zero.Sum, zero.ZeroCount));
        Assert.Empty(zero.Positive);
        Assert.Empty(zero.Negative);
    }

    // All magnitudes alike: a random exponent and a random fraction.
    // Normal numbers: below 2^-1022 doubles lie further apart than buckets do, so bounds of several buckets are one number and nothing lies between them.
    private static Arbitrary<double> Positive() =>
        (from power in Gen.Choose(-1021, 1022)
         from fraction in Gen.Choose(0, int.MaxValue)
         select Math.ScaleB(1 + (fraction / 2147483648.0), power)).ToArbitrary();
}
