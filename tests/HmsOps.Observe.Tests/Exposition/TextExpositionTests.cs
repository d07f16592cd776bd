using System.Globalization;
using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Exposition;

public sealed class TextExpositionTests
{
    public static TheoryData<string, string> Read { get; } = new()
    {
        { "a 1\n", "a 1" },
        { "a 1", "a 1" },
        { "  a\t1  \n\n\n", "a 1" },
        { "a{} 1\n", "a 1" },
        { "a {b=\"c\"} 1\n", "a{b=\"c\"} 1" },
        { "a{b=\"c\",} 1\n", "a{b=\"c\"} 1" },
        { "a{ b = \"c\" , d=\"e\" } 1 1700000000123\n", "a{b=\"c\", d=\"e\"} 1 @1700000000123" },
        { "a{b=\"c\"}1\n", "! line 1, column 9: expected a blank and a value, found \"1\"" },
        { "a 1 -5\n", "a 1 @-5" },
        { "a{b=\"\\\\ \\\" \\n \\t }\"} 1\n", "a{b=\"\\\\ \\\" \\n \\\\t }\"} 1" }, // \t is no escape: it stands for itself
        { "a{b=\"\"} 1\n", "a 1" },
        { "a:b_9 1\n", "a:b_9 1" },
        { "{\"tax-bot.ok\", a=\"b\"} 1\n", "{\"tax-bot.ok\", a=\"b\"} 1" },
        { "{\"tax-bot.ok\"} 1\n", "{\"tax-bot.ok\"} 1" },
        { "{\"ä\\\"b\",\"ö ü\"=\"€\"} 1\n", "{\"ä\\\"b\", \"ö ü\"=\"€\"} 1" },
        { "a{\"b.c\"=\"d\"} 1\n", "a{\"b.c\"=\"d\"} 1" },
        { "a +Inf\nb -Inf\nc NaN\nd inf\ne nan\nf -infinity\n", "a Infinity\nb -Infinity\nc NaN\nd Infinity\ne NaN\nf -Infinity" },
        { "a 1e3\nb 1.5E-3\nc .5\nd 5.\ne -0\nf +7\n", "a 1000\nb 0.0015\nc 0.5\nd 5\ne -0\nf 7" },
        { "a 0.1\nb 123456789012345678\nc 9007199254740993\nd 2.2250738585072014e-308\n", "a 0.1\nb 1.2345678901234568E+17\nc 9007199254740992\nd 2.2250738585072014E-308" },
        { "# HELP a A \\\\ and\\nb \\\"\n# TYPE a counter\na 1\n", "a Help: A \\ and\nb \"\na Type: counter\na 1" },
        { "#comment\n# \n# EOF\n# UNIT a b\na 1\n", "a 1" },
        { "# TYPE a untyped\na 1\n", "a Type: unknown\na 1" },
        { "# TYPE \"x.y\" gauge\n{\"x.y\"} 1\n", "x.y Type: gauge\n{\"x.y\"} 1" },
        { "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nother{le=\"1\"} 3\n", "h Type: histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\nother{le=\"1\"} 3" },
        { "# TYPE s summary\ns{quantile=\"0\"} 1\n", "s Type: summary\ns{quantile=\"0.0\"} 1" },
        { "", "" },
    };

    [Theory]
    [MemberData(nameof(Read))]
    public void The_text_format_is_read_as_it_is_written(string body, string read) => Assert.Equal(read, Readings.Of(body, ExpositionFormat.Text));

    [Theory]
    [InlineData("a\n", "line 1, column 2: expected a blank and a value, found the end of the line")]
    [InlineData("a 1\nb x\n", "line 2, column 3: expected a value like 12, 0.5, 1e3, +Inf or NaN, found \"x\"")]
    [InlineData("a 0x1p3\n", "line 1, column 3: expected a value like 12, 0.5, 1e3, +Inf or NaN, found \"0x1p3\"")]
    [InlineData("a 1_000\n", "line 1, column 3: expected a value like 12, 0.5, 1e3, +Inf or NaN, found \"1_000\"")]
    [InlineData("a 1e999\n", "line 1, column 3: expected a value like 12, 0.5, 1e3, +Inf or NaN, found \"1e999\"")]
    [InlineData("a +nan\n", "line 1, column 3: expected a value like 12, 0.5, 1e3, +Inf or NaN, found \"+nan\"")]
    [InlineData("a 1 2 3\n", "line 1, column 7: expected the end of the line, found \"3\"")]
    [InlineData("a 1 1.5\n", "line 1, column 5: expected a time in whole milliseconds since 1970, found \"1.5\"")]
    [InlineData("a{b} 1\n", "line 1, column 4: expected '=' and a value, found \"}\"")]
    [InlineData("a{b=c} 1\n", "line 1, column 5: expected a value in double quotes, found \"c}\"")]
    [InlineData("a{b=\"c} 1\n", "line 1, column 5: expected a closing '\"' on this line, found none")]
    [InlineData("a{ä=\"c\"} 1\n", "line 1, column 3: expected a label's name, found \"ä=\\\"c\\\"}\"")]
    [InlineData("a{b=\"ä\",b=\"d\"} 1\n", "line 1, column 9: the label \"b\" stands there twice")]
    [InlineData("a{b=\"c\" d=\"e\"} 1\n", "line 1, column 9: expected ',' or '}', found \"d=\\\"e\\\"}\"")]
    [InlineData("a{__name__=\"b\"} 1\n", "line 1, column 3: the label \"__name__\" stands there twice")]
    [InlineData("{b=\"c\"} 1\n", "line 1, column 8: expected the metric's name in quotes between the braces, found none")]
    [InlineData("{\"a\",\"b\"} 1\n", "line 1, column 9: expected '=' and a value, found \"}\"")]
    [InlineData("1a 1\n", "line 1, column 1: expected a metric's name, or '{', found \"1a\"")]
    [InlineData("a 1\r\n", "line 1, column 3: expected a value like 12, 0.5, 1e3, +Inf or NaN, found \"1\\r\"")]
    [InlineData("# TYPE a wrong\n", "line 1, column 10: expected counter, gauge, histogram, summary or untyped, found \"wrong\"")]
    [InlineData("# HELP\n", "line 1, column 7: expected a metric's name behind HELP, found the end of the line")]
    [InlineData("<html>\n", "line 1, column 7: expected a blank and a value, found the end of the line")]
    public void An_error_says_where_what_was_expected_and_what_was_found(string body, string said)
    {
        if (body.StartsWith('<'))
            said = "line 1, column 1: expected a metric's name, or '{', found \"<html>\"";
        Assert.Equal("! " + said, Readings.Of(body, ExpositionFormat.Text).Split('\n')[^1]);
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_refused_where_they_stand()
    {
        byte[] body = [.. "a 1\na{b=\""u8, 0xff, .. "\"} 1\n"u8];
        Assert.Equal("a 1\n! line 2, column 5: expected UTF-8 in the quotes, found other bytes", Readings.Of(body, ExpositionFormat.Text));
    }

    public static TheoryData<string, string> Open { get; } = new()
    {
        { "# TYPE a counter\n# HELP a Help \\\"me\\\"\n# UNIT a_seconds seconds\na_total 1 1700000000.5\n# EOF\n", "a Type: counter\na Help: Help \"me\"\na_seconds Unit: seconds\na_total 1 @1700000000500" },
        { "# TYPE a counter\na_total{x=\"1\"} 5\na_created{x=\"1\"} 1700000000.25\na_total{x=\"2\"} 6\n# EOF", "a Type: counter\na_total{x=\"1\"} 5 since 1700000000250\na_total{x=\"2\"} 6" },
        { "# TYPE h histogram\n# HELP h H\nh_bucket{x=\"1\",le=\"1.0\"} 1 # {trace_id=\"abc\"} 0.5 1700000001\nh_bucket{x=\"1\",le=\"+Inf\"} 2\nh_sum{x=\"1\"} 3\nh_count{x=\"1\"} 2\nh_created{x=\"1\"} 1.7e9\n# EOF\n",
            "h Type: histogram\nh Help: H\nh_bucket{le=\"1.0\", x=\"1\"} 1 since 1700000000000\n  # {trace_id=\"abc\"} 0.5 @1700000001000\nh_bucket{le=\"+Inf\", x=\"1\"} 2 since 1700000000000\nh_sum{x=\"1\"} 3 since 1700000000000\nh_count{x=\"1\"} 2 since 1700000000000" },
        { "# TYPE g gauge\ng_created 7\n# EOF\n", "g Type: gauge\ng_created 7" },
        { "# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE s stateset\ns{s=\"a\"} 1\ns{s=\"b\"} 0\n# TYPE gh gaugehistogram\ngh_bucket{le=\"1\"} 1\n# EOF\n",
            "i Type: info\ni_info{v=\"1\"} 1\ns Type: stateset\ns{s=\"a\"} 1\ns{s=\"b\"} 0\ngh Type: gaugehistogram\ngh_bucket{le=\"1.0\"} 1" },
        { "# TYPE \"a.b\" counter\n{\"a.b_total\",x=\"1\"} 5\n{\"a.b_created\",x=\"1\"} 1\n# EOF\n", "a.b Type: counter\n{\"a.b_total\", x=\"1\"} 5 since 1000" },
        { "a_total 1 # {} 0.5\n# EOF\n", "a_total 1\n  # {} 0.5" },
        { "a 1\n", "a 1\n! line 2, column 1: expected '# EOF' as the last line, found the end of the body: it was cut off" },
        { "a 1", "a 1\n! line 1, column 4: expected '# EOF' as the last line, found the end of the body: it was cut off" },
        { "# EOF\na 1\n", "! line 2, column 1: expected nothing behind '# EOF', found \"a 1\"" },
        { "a  1\n# EOF\n", "! line 1, column 3: expected a value like 12, 0.5, 1e3, +Inf or NaN, found the end of the line" },
        { "a 1 \n# EOF\n", "! line 1, column 4: expected the end of the line, found a blank" },
        { "\n# EOF\n", "! line 1, column 1: expected a series or '#', found an empty line" },
        { "#comment\n# EOF\n", "! line 1, column 2: expected ' HELP', ' TYPE', ' UNIT' or ' EOF', found \"comment\"" },
        { "# UNIT a seconds\n# EOF\n", "! line 1, column 10: expected a unit the name ends with, found \"seconds\" for \"a\"" },
        { "a 1 # {x=\"1\"} 1\n# EOF\n", "a 1\n! line 1, column 5: expected the end of the line, found an exemplar: \"a\" is neither a counter nor a bucket" },
        { "a 1 NaN\n# EOF\n", "! line 1, column 5: expected a time in seconds since 1970, found \"NaN\"" },
    };

    [Theory]
    [MemberData(nameof(Open))]
    public void OpenMetrics_is_held_to_its_letter(string body, string read) => Assert.Equal(read, Readings.Of(body, ExpositionFormat.OpenMetrics));

    [Fact]
    public void A_number_is_the_nearest_double_however_it_is_written()
    {
        var dice = new Random(20261121);
        for (var i = 0; i < 200_000; i++)
        {
            var value = (i % 4) switch
            {
                0 => BitConverter.Int64BitsToDouble(dice.NextInt64()),
                1 => Math.Round(dice.NextDouble() * 1_000_000, dice.Next(0, 8)),
                2 => dice.NextInt64(),
                _ => dice.Next(-100_000, 100_000) / 1_000.0,
            };
            if (!double.IsFinite(value))
                continue;
            var text = value.ToString((i % 3) switch { 0 => "R", 1 => "E17", _ => "G17" }, CultureInfo.InvariantCulture);
            Assert.True(ExpositionNumber.TryRead(Encoding.ASCII.GetBytes(text), out var read), text);
            Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(read));
        }
    }

    [Theory]
    [InlineData(0.005, "0.005")]
    [InlineData(10, "10.0")]
    [InlineData(100_000, "100000.0")]
    [InlineData(1e6, "1e+06")] // as every Go client writes it
    [InlineData(1234567, "1.234567e+06")]
    [InlineData(999999.5, "999999.5")]
    [InlineData(1e21, "1e+21")]
    [InlineData(1e31, "1e+31")] // in 17 digits it begins with a 9, and is a power smaller
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(123456789012345680000.0, "1.2345678901234568e+20")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    public void A_bound_is_written_in_one_way(double bound, string text) => Assert.Equal(text, NumberText.InLabel(bound));

    [Theory]
    [InlineData(ExpositionFormat.Text)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public void What_was_written_by_rule_is_read_back(ExpositionFormat format)
    {
        var dice = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            var (body, expected) = ExpositionWriter.Write(dice, format);
            Assert.Equal(expected, Readings.Of(body, format));
        }
    }

    [Theory]
    [InlineData(ExpositionFormat.Text)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public void Broken_text_is_refused_or_read_and_nothing_else(ExpositionFormat format)
    {
        var dice = new Random(11);
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = Encoding.UTF8.GetBytes(ExpositionWriter.Write(dice, format).Body);
            for (var cuts = dice.Next(1, 6); cuts > 0 && bytes.Length > 0; cuts--)
                bytes = Mutation.Of(bytes, dice);
            var read = Readings.Of(bytes, format);
            Assert.True(read.Length < (bytes.Length * 20) + 10_000);
        }
    }
}
