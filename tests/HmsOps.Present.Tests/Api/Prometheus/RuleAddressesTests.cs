using System.Text.Json;
using HmsOps.Present.Tests.Stage;

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

    private static async Task<JsonElement> DataAsync(TestHub hub, string address)
    {
        using var answer = await hub.Client.GetAsync(address);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("data");
    }
}
