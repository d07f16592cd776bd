using HmsOps.PromQL;
using HmsOps.Workspace.Rules;

namespace HmsOps.Workspace.Tests.Rules;

public sealed class MacrosTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    private static readonly Macros Latency = new("identity.verify.latency_ms", [], ["service"]);

    [Fact]
    public void Each_statistic_has_an_arm_for_every_kind_of_series()
    {
        Assert.Equal(
            "(histogram_quantile(0.95, sum by (service) (rate({\"identity.verify.latency_ms\"}[5m])))"
            + " or histogram_quantile(0.95, sum by (service, le) (rate({\"identity.verify.latency_ms_bucket\"}[5m])))"
            + " or max by (service) (quantile_over_time(0.95, {\"identity.verify.latency_ms\"}[5m])))",
            Latency.P(0.95, Window));
        Assert.Equal(
            "(histogram_avg(sum by (service) (rate({\"identity.verify.latency_ms\"}[5m]))) or avg by (service) (avg_over_time({\"identity.verify.latency_ms\"}[5m])))",
            Latency.Avg(Window));
        Assert.Equal("(avg by (service) ({\"identity.verify.latency_ms\"}))", Latency.Last());
        Assert.Equal(
            "(histogram_count(sum by (service) (rate({\"identity.verify.latency_ms\"}[5m]))) or sum by (service) (rate({\"identity.verify.latency_ms\"}[5m])))",
            Latency.Rate(Window));
    }

    [Fact]
    public void Labels_are_matched_and_grouped_as_written()
    {
        var macros = new Macros("a \"b\"", [new("region", "no\"rth"), new("a.b", "c")], ["region", "service"]);
        Assert.Equal("(avg by (region, service) ({\"a \\\"b\\\"\", region=\"no\\\"rth\", \"a.b\"=\"c\"}))", macros.Last());
        Assert.Equal("(avg({\"a\"}))", new Macros("a", [], []).Last());
        Assert.DoesNotContain("le, le", new Macros("a", [], ["le"]).P(0.5, Window));
    }

    [Theory]
    [InlineData("county_api_ms")]
    [InlineData("name with \"quotes\", \\ and\nlines")]
    [InlineData("é😀")]
    public void Every_name_gives_promql(string name)
    {
        var macros = new Macros(name, [new("region", name), new(name, "x")], ["service"]);
        foreach (var text in new[] { macros.Avg(Window), macros.P(0.999, Window), macros.Last(), macros.Rate(Window), new Macros(name, [], []).P(0.5, Window) })
            Assert.Empty(PromParser.Parse(text).Errors);
    }

    [Theory]
    [InlineData("county_api_ms", "county_api_ms", Statistic.Mean, 0, "ms")]
    [InlineData("identity.verify.latency_ms.p95", "identity.verify.latency_ms", Statistic.Quantile, 0.95, "ms")]
    [InlineData("permit-svc.latency.p999", "permit-svc.latency", Statistic.Quantile, 0.999, "s")]
    [InlineData("cpu.percent", "cpu.percent", Statistic.Mean, 0, "%")]
    [InlineData("tax-bot.ok.last", "tax-bot.ok", Statistic.Last, 0, "")]
    [InlineData("permit-svc.latency.rate", "permit-svc.latency", Statistic.Rate, 0, "/s")]
    [InlineData("a_ms.avg", "a_ms", Statistic.Mean, 0, "ms")]
    [InlineData("\"vendor.rate\"", "vendor.rate", Statistic.Mean, 0, "")]
    [InlineData("p95", "p95", Statistic.Mean, 0, "")]
    public void A_last_segment_that_is_a_statistic_is_split_off(string text, string name, Statistic statistic, double quantile, string unit)
    {
        Assert.True(MetricPath.TryParse(text, out var path, out _));
        Assert.Equal((name, statistic, quantile, unit), (path.Name, path.Statistic, path.Quantile, path.Unit.Name));
    }

    [Theory]
    [InlineData("", PathFault.NoName)]
    [InlineData("a..b", PathFault.NoName)]
    [InlineData("9a", PathFault.NoName)]
    [InlineData("\"\"", PathFault.NoName)]
    [InlineData("\"a\"b\"", PathFault.NoName)]
    [InlineData("a{b=\"c\"}", PathFault.Matchers)]
    [InlineData("a.p5", PathFault.NoQuantile)]
    [InlineData("a.p100", PathFault.NoQuantile)]
    [InlineData("a.error_rate", PathFault.StatisticOfLater)]
    public void What_is_no_path_says_why(string text, PathFault fault)
    {
        Assert.False(MetricPath.TryParse(text, out _, out var said));
        Assert.Equal(fault, said);
    }
}
