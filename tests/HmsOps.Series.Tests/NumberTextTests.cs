using System.Globalization;
using System.Text;

namespace HmsOps.Series.Tests;

/// <summary>Numbers as Go writes them in labels, messages and answers: rows were read off what Prometheus and its clients write.</summary>
public sealed class NumberTextTests
{
    [Theory]
    [InlineData(0.0, "0", "0", "0")]
    [InlineData(-0.0, "-0", "-0", "-0")]
    [InlineData(0.1, "0.1", "0.1", "0.1")]
    [InlineData(-1.5, "-1.5", "-1.5", "-1.5")]
    [InlineData(100, "100", "100", "100")]
    [InlineData(100_000, "100000", "100000", "100000")]
    [InlineData(999_999.5, "999999.5", "999999.5", "999999.5")]
    [InlineData(1_000_000, "1e+06", "1000000", "1000000")]
    [InlineData(1_234_567, "1.234567e+06", "1234567", "1234567")]
    [InlineData(1e20, "1e+20", "100000000000000000000", "100000000000000000000")]
    [InlineData(-1.25e20, "-1.25e+20", "-125000000000000000000", "-125000000000000000000")]
    [InlineData(1e21, "1e+21", "1e+21", "1000000000000000000000")]
    [InlineData(0.0001, "0.0001", "0.0001", "0.0001")]
    [InlineData(0.00001, "1e-05", "0.00001", "0.00001")]
    [InlineData(0.000001, "1e-06", "0.000001", "0.000001")]
    [InlineData(1.5e-7, "1.5e-07", "1.5e-07", "0.00000015")]
    [InlineData(double.MaxValue, "1.7976931348623157e+308", "1.7976931348623157e+308", null)]
    [InlineData(double.Epsilon, "5e-324", "5e-324", null)]
    [InlineData(double.NaN, "NaN", "NaN", "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf", "+Inf", "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf", "-Inf", "-Inf")]
    public void A_number_is_written_shortest(double value, string inMessages, string inAnswers, string? plain)
    {
        Assert.Equal(inMessages, NumberText.Short(value));
        Assert.Equal(inAnswers, NumberText.InAnswer(value));
        Assert.Equal(inAnswers, AsBytes(value));
        if (plain is not null)
            Assert.Equal(plain, NumberText.Plain(value));
    }

    [Fact]
    public void Whatever_is_written_reads_back_the_same()
    {
        var draw = new Random(20_261_122);
        for (var i = 0; i < 20_000; i++)
        {
            var value = i % 2 == 0
                ? BitConverter.Int64BitsToDouble(draw.NextInt64(long.MinValue, long.MaxValue))
                : Math.Round((draw.NextDouble() - 0.5) * Math.Pow(10, draw.Next(-9, 24)), draw.Next(0, 12)); // as they are measured
            if (!double.IsFinite(value))
                continue;
            Assert.Equal(value, double.Parse(NumberText.Short(value), CultureInfo.InvariantCulture));
            Assert.Equal(value, double.Parse(NumberText.InAnswer(value), CultureInfo.InvariantCulture));
            Assert.Equal(value, double.Parse(NumberText.Plain(value), CultureInfo.InvariantCulture));
            Assert.Equal(value, double.Parse(NumberText.InLabel(value), CultureInfo.InvariantCulture));
            Assert.Equal(NumberText.InAnswer(value), AsBytes(value));
        }
    }

    private static string AsBytes(double value)
    {
        Span<byte> bytes = stackalloc byte[NumberText.InAnswerBytesMax];
        return Encoding.UTF8.GetString(bytes[..NumberText.InAnswer(value, bytes)]);
    }
}
