using HmsOps.Workspace.Rules;

namespace HmsOps.Workspace.Tests.Chapters;

/// <summary>The chapter's rule, byte for byte as it is printed.</summary>
public sealed class CountyCourtTests
{
    private static readonly string Printed = Repository.Read("tests/HmsOps.Workspace.Tests/Chapters/b.yml");

    [Fact]
    public void The_printed_rule_compiles_to_the_mean_over_three_minutes()
    {
        var rule = Assert.Single(Read(Printed).Rules);

        const string Mean = "(histogram_avg(sum by (service) (rate({\"county_api_ms\"}[3m]))) or avg by (service) (avg_over_time({\"county_api_ms\"}[3m])))";
        Assert.Equal(Mean, rule.Value.Text);
        Assert.Equal(Mean + " > 1000", rule.PromQL);
        Assert.Equal(Mean.Replace("3m", "30s"), rule.Resolve!.Text);
        Assert.Null(rule.ResolveBound);
        Assert.Equal((Comparison.Greater, 1000, "ms", "3m"), (rule.Op, rule.Threshold, rule.Unit, rule.Window));
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromSeconds(30), OnNoData.Keep), (rule.For, rule.KeepFiringFor, rule.OnNoData));
        Assert.Equal(("county_api_ms", "county_api_ms", "high"), (rule.Name, rule.Metric, rule.Severity));
        Assert.Equal(new RuleAction("ROLLBACK:DOCKET_RULE", "rollback_docket_rule"), rule.Action);
        Assert.Equal(["oncall@opm.gov", "pager_duty"], rule.Notify);
        Assert.Equal(new SourceSpan("alerts/county_api.yml", 2, 1), rule.Source);
        Assert.Equal(Printed[Printed.IndexOf("metric:", StringComparison.Ordinal)..].TrimEnd(), rule.Text);
        Assert.Matches(@"\A[0-9a-f]{16}\z", rule.Id);
        Assert.Matches(@"\Aalerts/county_api\.yml#county_api_ms@[0-9a-f]{6}\z", rule.Citation);
    }

    [Fact]
    public void In_an_empty_workspace_it_watches_and_says_what_is_missing()
    {
        var version = Read(Printed);

        Assert.Equal(FileState.InForce, Assert.Single(version.Files).State);
        Assert.Equal(
            [
                "alerts/county_api.yml:5:9: E050 there is no script 'rollback_docket_rule' for ROLLBACK:DOCKET_RULE; the rule watches and pages, and the act is refused.",
                "alerts/county_api.yml:6:10: W208 there is no page 'wiki/slow-county-api'.",
                "alerts/county_api.yml:7:9: W218 no mail server is configured, so oncall@opm.gov cannot be reached.",
                "alerts/county_api.yml:7:9: W218 'pager_duty' has no channel in this version; pages to it take the other channels.",
            ],
            version.Diagnostics.Select(each => each.ToString()));
        Assert.All(version.Diagnostics, each => Assert.Equal(Severity.Warning, each.Severity));
    }

    [Fact]
    public void With_script_page_and_mail_beside_it_only_the_pager_is_missing()
    {
        var version = WorkspaceReader.Read(
            WorkspaceSnapshot.Of(
                ("alerts/county_api.yml", Printed),
                ("cd/rollback_docket_rule.sh", "#!/bin/sh\n"),
                ("wiki/slow-county-api.md", "# Slow county API\n"),
                ("roster.yaml", "channels: {smtp: {host: mail.opm.gov, from: ops@opm.gov}}\n")),
            previous: null);

        Assert.Equal("W218", Assert.Single(version.Diagnostics).Code);
        Assert.Equal("wiki/slow-county-api.md", Assert.Single(version.Rules).Runbook);
        Assert.Equal("cd/rollback_docket_rule.sh", version.Scripts["rollback_docket_rule"].Path);
        Assert.Equal(new Paging.SmtpChannel("mail.opm.gov", 587, "ops@opm.gov", null, null), version.Channels.Smtp);
    }

    [Theory]
    [InlineData("rules:\n", "  ")] // in a list, any depth of indentation
    [InlineData("x-note: y\nrules:\n", "")]
    public void It_reads_the_same_under_rules(string head, string indent)
    {
        var lines = Printed.TrimEnd().Split('\n').Skip(1).ToList();
        var listed = head + string.Join('\n', lines.Select((line, i) => indent + (i == 0 ? "- " : "  ") + line)) + "\n";

        var alone = Assert.Single(Read(Printed).Rules);
        var inList = Assert.Single(Read(listed).Rules);

        Assert.Equal(alone.PromQL, inList.PromQL);
        Assert.Equal(alone.Id, inList.Id);
        Assert.Equal(alone.Notify, inList.Notify);
        Assert.Equal(alone.Action, inList.Action);
    }

    [Fact]
    public void The_committed_copy_is_the_chapters_block()
    {
        var missions = Path.Combine(Repository.Root, "../shared/mission");
        var chapter = Directory.Exists(missions) ? Directory.GetFiles(missions, "b-*.md").SingleOrDefault() : null;
        if (chapter is null)
            return; // outside the house the chapter is not at hand; the copy alone is tested
        Assert.Contains($"```yaml\n{Printed}```", File.ReadAllText(chapter));
    }

    private static WorkspaceVersion Read(string text) =>
        WorkspaceReader.Read(WorkspaceSnapshot.Of(("alerts/county_api.yml", text)), previous: null);
}
