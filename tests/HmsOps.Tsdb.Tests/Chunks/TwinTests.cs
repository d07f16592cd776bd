using System.Numerics;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Tests.Chunks;

/// <summary>What is done eight or four at a time on some machines and one by one on others gives the same bits.</summary>
public sealed class TwinTests
{
    [Fact]
    public void Numbers_of_every_width_come_back_from_either_unpacking()
    {
        var random = new Random(9);
        for (var width = 0; width <= 64; width++)
        {
            foreach (var count in new[] { 0, 1, 7, 8, 9, 31, 64, 120, 479, 480, 1024 })
            {
                var numbers = new ulong[count];
                foreach (ref var number in numbers.AsSpan())
                    number = (ulong)random.NextInt64(long.MinValue, long.MaxValue) & (width == 64 ? ulong.MaxValue : (1UL << width) - 1);
                var packed = new byte[BitPacking.Bytes(count, width)];
                BitPacking.Pack(numbers, width, packed);
                var origin = random.NextInt64(long.MinValue, long.MaxValue);
                foreach (var divisor in new[] { 1, 4_096, random.NextInt64(long.MinValue, long.MaxValue) })
                {
                    var expected = numbers.Select(number => origin + (divisor * (long)number)).ToArray();
                    var (scalar, taken) = (new long[count], new long[count]);
                    BitPacking.UnpackScalar(packed, width, origin, divisor, scalar);
                    BitPacking.Unpack(packed, width, origin, divisor, taken);
                    Assert.Equal(expected, scalar);
                    Assert.Equal(expected, taken);
                    if (VectorUnpacking.IsSupported && width is > 0 and <= BitPacking.OneLoadMax)
                    {
                        var vector = new long[count];
                        var read = VectorUnpacking.Unpack(packed, width, origin, divisor, vector);
                        Assert.Equal(expected[..read], vector[..read]);
                        Assert.InRange(read, Math.Max(0, count - 8 - (8 * 16 / width) - 8), count);
                    }
                }
            }
        }
    }

    [Fact]
    public void Bytes_that_hold_another_number_of_numbers_are_refused() =>
        Assert.Throws<ArgumentException>(() => BitPacking.UnpackScalar(new byte[3], 8, 0, 1, new long[2]));

    [Fact]
    public void Integers_of_every_size_are_divided_alike()
    {
        var random = new Random(10);
        for (var exponent = 0; exponent <= Decimals.ExponentMax; exponent++)
        {
            // Beyond 2^53 too: a damaged chunk has such, and must read the same everywhere.
            var integers = Enumerable.Range(0, 1_003).Select(i => random.NextInt64(long.MinValue, long.MaxValue) >> (i % 64)).ToArray();
            var (scalar, vector) = (integers.Select(BitConverter.Int64BitsToDouble).ToArray(), integers.Select(BitConverter.Int64BitsToDouble).ToArray());
            Decimals.UnscaleScalar(scalar, exponent);
            Decimals.UnscaleVector(vector, exponent);
            Assert.Equal(integers.Select(integer => integer / double.Parse($"1e{exponent}")), scalar);
            Assert.Equal(scalar.Select(BitConverter.DoubleToInt64Bits), vector.Select(BitConverter.DoubleToInt64Bits));
        }
    }

    [Fact]
    public void A_decimal_is_found_at_the_exponent_it_was_written_with()
    {
        var random = new Random(12);
        Span<long> found = stackalloc long[64];
        for (var round = 0; round < 2_000; round++)
        {
            var exponent = random.Next(Decimals.ExponentMax + 1);
            var values = new double[64];
            var texts = new BigInteger[64];
            for (var i = 0; i < values.Length; i++)
            {
                texts[i] = random.NextInt64(-1L << 50, 1L << 50) >> random.Next(51);
                values[i] = double.Parse($"{texts[i]}e-{exponent}");
            }
            var scaled = Decimals.Scale(values, exponent, found);
            // Zero is written +0 here; there is no minus in a BigInteger's zero.
            Assert.Equal(values.Length, scaled);
            Assert.Equal(texts, found.ToArray().Select(mantissa => (BigInteger)mantissa));
            foreach (var value in values)
                Assert.True(Decimals.TryScale(value, exponent, out _));
        }
    }

    [Theory]
    [InlineData(-0.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(9_007_199_254_740_992.0)]
    [InlineData(-9_007_199_254_740_992.0)]
    [InlineData(1e300)]
    [InlineData(double.Epsilon)]
    [InlineData(0.30000000000000004)]
    public void What_is_no_decimal_is_none_at_any_exponent(double value)
    {
        Assert.Equal(-1, Decimals.ExponentOf(value, 0));
        var into = new long[8];
        for (var exponent = 0; exponent <= Decimals.ExponentMax; exponent++)
            Assert.Equal(5, Decimals.Scale([1, 2, 3, 4, 5, value, 6, 7], exponent, into));
    }
}
