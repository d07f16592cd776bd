using FsCheck;
using FsCheck.Fluent;
using HmsOps.Workspace.Quantities;

namespace HmsOps.Workspace.Tests.Quantities;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("1000", 1000, "")]
    [InlineData("1 000", 1000, "")]
    [InlineData("1\u00a0000 000", 1_000_000, "")]
    [InlineData("1_000", 1000, "")]
    [InlineData("-1 000.5", -1000.5, "")]
    [InlineData("1e3", 1000, "")]
    [InlineData("0.8s", 0.8, "s")]
    [InlineData("300 ms", 300, "ms")]
    [InlineData("1 000 ms", 1000, "ms")]
    [InlineData("5 %", 5, "%")]
    [InlineData("2GiB", 2, "GiB")]
    [InlineData("120/min", 120, "/min")]
    [InlineData("5 min", 5, "min")]
    public void Quantities_are_read_as_people_write_them(string text, double number, string unit)
    {
        var parse = Quantity.Parse(text);
        Assert.Equal(QuantityFault.None, parse.Fault);
        Assert.Equal((number, unit), (parse.Quantity.Number, parse.Quantity.Unit.Name));
    }

    [Theory]
    [InlineData("", QuantityFault.NoNumber)]
    [InlineData("ms", QuantityFault.NoNumber)]
    [InlineData("10 00", QuantityFault.NoNumber)]
    [InlineData("1000 000", QuantityFault.NoNumber)]
    [InlineData("1,000", QuantityFault.NoNumber)]
    [InlineData("1.2.3", QuantityFault.NoNumber)]
    [InlineData("5 m", QuantityFault.LoneM)]
    [InlineData("5 parsecs", QuantityFault.UnknownUnit)]
    [InlineData("0x10", QuantityFault.UnknownUnit)]
    [InlineData("1e999", QuantityFault.NotFinite)]
    [InlineData("NaN", QuantityFault.NotFinite)]
    [InlineData("+Inf", QuantityFault.NotFinite)]
    [InlineData("-.inf", QuantityFault.NotFinite)]
    public void Nothing_is_guessed(string text, QuantityFault fault) => Assert.Equal(fault, Quantity.Parse(text).Fault);

    [Theory]
    [InlineData("0.8s", "county_api_ms", 800)]
    [InlineData("300 ms", "x_seconds", 0.3)]
    [InlineData("5 min", "x.latency", 300)]
    [InlineData("5 %", "errors_ratio", 0.05)]
    [InlineData("5 %", "cpu.percent", 5)]
    [InlineData("75", "cpu.percent", 75)]
    [InlineData("2GiB", "heap_bytes", 2147483648)]
    [InlineData("5 %", "queue", 0.05)]
    [InlineData("120/min", "queue", 2)]
    [InlineData("0.07 s", "x_us", 70_000)]
    public void A_quantity_is_converted_to_the_metrics_unit(string text, string metric, double bound) =>
        Assert.Equal(bound, Quantity.Parse(text).Quantity.In(MetricUnit.OfMetric(metric)));

    [Theory]
    [InlineData("2GiB", "county_api_ms")]
    [InlineData("5 %", "heap_bytes")]
    [InlineData("120/min", "x_seconds")]
    public void What_counts_something_else_is_not_converted(string text, string metric) =>
        Assert.Null(Quantity.Parse(text).Quantity.In(MetricUnit.OfMetric(metric)));

    [Fact]
    public void What_is_written_reads_back_the_same() => Prop.ForAll<NormalFloat, ushort>((number, which) =>
    {
        var unit = which % (MetricUnit.Written.Count + 1) is var i && i == 0 ? MetricUnit.None : MetricUnit.Written[i - 1];
        var quantity = new Quantity(number.Get, unit);
        var parse = Quantity.Parse(quantity.ToString());
        return parse.Fault == QuantityFault.None && parse.Quantity == quantity;
    }).Holds();

    [Fact]
    public void Converting_there_and_back_loses_less_than_a_billionth() => Prop.ForAll<NormalFloat, ushort, ushort>((number, a, b) =>
    {
        var from = MetricUnit.Written[a % MetricUnit.Written.Count];
        var to = MetricUnit.Written[b % MetricUnit.Written.Count];
        var there = new Quantity(number.Get, from).In(to);
        if (from.Dimension != to.Dimension)
            return there is null;
        var back = new Quantity(there!.Value, to).In(from)!.Value; // same dimension: both convert
        return Math.Abs(back - number.Get) <= Math.Abs(number.Get) * 1e-9;
    }).Holds();
}
