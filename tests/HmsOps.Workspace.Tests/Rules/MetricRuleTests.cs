using HmsOps.Workspace.Rules;

namespace HmsOps.Workspace.Tests.Rules;

public sealed class MetricRuleTests
{
    [Theory]
    [InlineData("3m", "30s")]
    [InlineData("10m", "1m40s")]
    [InlineData("1m", "15s")]
    [InlineData("100s", "17s")] // whole seconds, never less than a sixth
    [InlineData("10s", "10s")] // never longer than the window itself
    [InlineData("2 min", "20s")]
    public void It_is_over_by_the_last_sixth_of_the_window(string window, string resolve)
    {
        var rule = Read($"metric: a_ms\nthreshold: 1\nwindow: {window}\n");
        Assert.Contains($"[{resolve}]", rule.Resolve!.Text);
        Assert.Equal(window, rule.Window);
        Assert.True(rule.IsOver(1));
        Assert.False(rule.IsOver(1.1));
        Assert.False(rule.IsOver(double.NaN));
    }

    [Fact]
    public void A_written_end_has_a_bound_of_its_own()
    {
        var rule = Read("metric: a_ms.p95\nthreshold: 1000\nresolve: a_ms.p50 < 0.5s over 1m\n");
        Assert.Equal(new ResolveBound(Comparison.Less, 500), rule.ResolveBound);
        Assert.StartsWith("(histogram_quantile(0.5, sum by (service) (rate({\"a_ms\"}[1m])))", rule.Resolve!.Text);
        Assert.StartsWith("(histogram_quantile(0.95, sum by (service) (rate({\"a_ms\"}[3m])))", rule.Value.Text);
        Assert.True(rule.IsOver(499));
        Assert.False(rule.IsOver(600)); // inside the rule's own bound, and not over all the same
    }

    [Fact]
    public void The_newest_value_has_no_window_and_ends_by_itself()
    {
        var rule = Read("metric: tax-bot.ok.last\nthreshold: 0\nop: ==\n");
        Assert.Equal("(avg by (service) ({\"tax-bot.ok\"})) == 0", rule.PromQL);
        Assert.Null(rule.Resolve);
        Assert.Null(rule.Window);
    }

    [Fact]
    public void Every_key_is_read()
    {
        var rule = Read(
            """
            metric: heap_bytes
            threshold: 1 000 MiB   # a comment
            op: '<='
            window: 1h 30m
            name: heap
            severity: Critical
            action: rollback:heap-fix
            runbook: https://wiki.opm.gov/heap
            notify: webhook
            for: 2 min
            keepFiringFor: 1m
            on_no_data: ok
            by: [service, region]
            where: {region: north, "code.owner": no}
            x-note: ours
            """);
        Assert.Equal("(histogram_avg(sum by (service, region) (rate({\"heap_bytes\", region=\"north\", \"code.owner\"=\"no\"}[1h30m]))) or avg by (service, region) (avg_over_time({\"heap_bytes\", region=\"north\", \"code.owner\"=\"no\"}[1h30m]))) <= 1048576000", rule.PromQL);
        Assert.Equal(("heap", "critical", "1h 30m", "B"), (rule.Name, rule.Severity, rule.Window, rule.Unit));
        Assert.Equal(("rollback_heap-fix", "https://wiki.opm.gov/heap"), (rule.Action!.Script, rule.Runbook));
        Assert.Equal(["webhook"], rule.Notify);
        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(1), OnNoData.Ok), (rule.For, rule.KeepFiringFor, rule.OnNoData));
    }

    [Theory]
    [InlineData("kind: rules\n")]
    [InlineData("---\n")]
    [InlineData("%YAML 1.2\n---\n")]
    [InlineData("\uFEFF")]
    [InlineData("# a comment\r\n\r\n")]
    public void What_may_stand_before_a_rule_changes_nothing(string head) =>
        Assert.Equal(1000, Read(head + "metric: a_ms\nthreshold: 1000\n", "anywhere/at/all.yaml").Threshold);

    private static Rule Read(string text, string path = "alerts/a.yml")
    {
        var version = WorkspaceReader.Read(WorkspaceSnapshot.Of((path, text)), previous: null);
        Assert.DoesNotContain(version.Diagnostics, each => each.Severity == Severity.Error);
        return Assert.Single(version.Rules);
    }
}
