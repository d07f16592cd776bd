using System.Globalization;
using System.Text.Json;
using HmsOps.Decide.Rules;
using HmsOps.Present.Tests.Stage;
using HmsOps.Workspace;
using HmsOps.Workspace.Rules;

namespace HmsOps.Present.Tests.Api.Prometheus;

/// <summary>Rules and alerts as Prometheus' clients list them, while the county court's alert fires and when it is over.</summary>
public sealed class RuleAddressesTests
{
    [Fact]
    public async Task A_rule_that_fires_is_listed_with_its_alert()
    {
        await using var hub = await TestHub.StartAsync(CountyCourt.Firing.Sources());
        var groups = (await DataAsync(hub, "/api/v1/rules")).GetProperty("groups");
        var rule = Assert.Single(Assert.Single(groups.EnumerateArray()).GetProperty("rules").EnumerateArray());
        Assert.Equal(("alerting", "firing"), (rule.GetProperty("type").GetString(), rule.GetProperty("state").GetString()));
        Assert.Contains("county_api_ms", rule.GetProperty("query").GetString(), StringComparison.Ordinal);
        Assert.Equal("firing", Assert.Single(rule.GetProperty("alerts").EnumerateArray()).GetProperty("state").GetString());
        Assert.Equal("firing", Assert.Single((await DataAsync(hub, "/api/v1/alerts")).GetProperty("alerts").EnumerateArray()).GetProperty("state").GetString());
        Assert.Empty((await DataAsync(hub, "/api/v1/rules?type=record")).GetProperty("groups").EnumerateArray());
        Assert.Empty((await DataAsync(hub, "/api/v1/rules?rule_name[]=another")).GetProperty("groups").EnumerateArray());
    }

    [Fact]
    public async Task A_rule_that_is_calm_is_inactive()
    {
        await using var hub = await TestHub.StartAsync(CountyCourt.Over.Sources());
        var groups = (await DataAsync(hub, "/api/v1/rules")).GetProperty("groups");
        Assert.Equal("inactive", groups[0].GetProperty("rules")[0].GetProperty("state").GetString());
        Assert.Empty((await DataAsync(hub, "/api/v1/alerts")).GetProperty("alerts").EnumerateArray());
        Assert.Equal("""{"activeAlertmanagers":[],"droppedAlertmanagers":[]}""", (await DataAsync(hub, "/api/v1/alertmanagers")).GetRawText());
    }

    [Fact]
    public async Task A_group_says_when_it_was_looked_at_and_what_that_took()
    {
        RuleStanding standing = new(CountyCourt.At(16, 7, 30), 1_580, Error: null, TimeSpan.FromMilliseconds(12));
        await using var hub = await TestHub.StartAsync(CountyCourt.Firing.Sources(sources => sources with { RuleStanding = _ => standing }));
        var group = Assert.Single((await DataAsync(hub, "/api/v1/rules")).GetProperty("groups").EnumerateArray());
        Assert.Equal(["name", "file", "rules", "interval", "limit", "evaluationTime", "lastEvaluation"], group.EnumerateObject().Select(field => field.Name));
        Assert.Equal((0.012, "2026-11-20T16:07:30.000Z"), (group.GetProperty("evaluationTime").GetDouble(), group.GetProperty("lastEvaluation").GetString()));
        var rule = group.GetProperty("rules")[0];
        Assert.Equal(
            ["state", "name", "query", "duration", "keepFiringFor", "labels", "annotations", "alerts", "health", "lastEvaluation", "evaluationTime", "type"],
            rule.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("ok", 0.012), (rule.GetProperty("health").GetString(), rule.GetProperty("evaluationTime").GetDouble()));
        var alert = rule.GetProperty("alerts")[0];
        Assert.Equal(["labels", "annotations", "state", "activeAt", "value"], alert.EnumerateObject().Select(field => field.Name));
        Assert.True(double.Parse(alert.GetProperty("value").GetString()!, CultureInfo.InvariantCulture) > 1_000); // what it fired with
    }

    [Theory]
    [InlineData("type=ALERT", "a.yml:1 b.yml:2 c.yml:1")]
    [InlineData("type=record", "")]
    [InlineData("match[]={severity=\"critical\"}", "b.yml:1")]
    [InlineData("match[]={severity=\"critical\"}&match[]={severity=~\"high\"}", "a.yml:1 b.yml:2 c.yml:1")]
    [InlineData("file[]=b.yml&rule_name[]=two", "b.yml:1")]
    [InlineData("rule_group[]=a.yml&rule_group[]=c.yml", "a.yml:1 c.yml:1")]
    [InlineData("group_limit=9", "a.yml:1 b.yml:2 c.yml:1")]
    public async Task Rules_are_chosen(string asked, string groups)
    {
        await using var hub = await TestHub.StartAsync(ThreeFiles());
        Assert.Equal(groups, Told((await DataAsync(hub, $"/api/v1/rules?{asked}")).GetProperty("groups")));
    }

    [Fact]
    public async Task Groups_are_handed_out_page_by_page()
    {
        await using var hub = await TestHub.StartAsync(ThreeFiles());
        var pages = new List<string>();
        for (var token = ""; ;)
        {
            var data = await DataAsync(hub, $"/api/v1/rules?group_limit=1&rule_name[]=two&rule_name[]=three&group_next_token={token}");
            pages.Add(Told(data.GetProperty("groups")));
            if (!data.TryGetProperty("groupNextToken", out var next))
                break;
            token = next.GetString();
            Assert.Equal(64, token?.Length);
        }
        Assert.Equal(["b.yml:2", "c.yml:1"], pages);
    }

    [Fact]
    public async Task Alerts_are_left_out_where_they_are_not_wanted()
    {
        await using var hub = await TestHub.StartAsync(CountyCourt.Firing.Sources());
        var rule = (await DataAsync(hub, "/api/v1/rules?exclude_alerts=true")).GetProperty("groups")[0].GetProperty("rules")[0];
        Assert.Equal(("firing", 0), (rule.GetProperty("state").GetString(), rule.GetProperty("alerts").GetArrayLength()));
    }

    private static PresentSources ThreeFiles()
    {
        var rule = CountyCourt.Workspace.Rules[0];
        Rule[] rules =
        [
            rule with { Id = "1", Name = "one", Source = new SourceSpan("a.yml", 1, 1) },
            rule with { Id = "2", Name = "two", Source = new SourceSpan("b.yml", 1, 1) },
            rule with { Id = "3", Name = "three", Severity = "critical", Source = new SourceSpan("b.yml", 9, 1) },
            rule with { Id = "4", Name = "three", Source = new SourceSpan("c.yml", 1, 1) },
        ];
        return CountyCourt.Over.Sources(sources => sources with { Workspace = () => CountyCourt.Workspace with { Rules = rules } });
    }

    private static string Told(JsonElement groups) => string.Join(' ', groups.EnumerateArray().Select(group => $"{group.GetProperty("file").GetString()}:{group.GetProperty("rules").GetArrayLength()}"));

    private static async Task<JsonElement> DataAsync(TestHub hub, string address)
    {
        using var answer = await hub.Client.GetAsync(address);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("data");
    }
}
