using System.Net;
using System.Net.Sockets;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Doors;

/// <summary>What is wrong is answered where it came in, by name, and shown where people look.</summary>
public sealed class BadInputTests
{
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PageWithin = TimeSpan.FromSeconds(60); // a page that failed is tried again later and later

    [Fact]
    public async Task Bad_input_at_each_door_is_answered_named_and_shown()
    {
        using var lab = LabFolder.OfTheCountyCourt();
        lab.Write("roster.yaml", $"channels:\n  smtp:\n    host: 127.0.0.1\n    port: {ClosedPort()}\n    from: ops@opm.gov\n");
        File.Delete(Path.Combine(lab.Workspace, "cd", "rollback_docket_rule.sh"));
        await using var hub = await RunningHub.StartAsync(lab);

        await AssertMetricDoorAsync(hub);
        await AssertBrokenFileAsync(hub, lab);
        await AssertMissingScriptAsync(hub);
        await AssertDeadMailServerAsync(hub, lab);
    }

    [Fact]
    public async Task What_cannot_start_or_be_reached_says_why_with_its_own_exit_code()
    {
        using var lab = LabFolder.OfTheCountyCourt();
        using var other = LabFolder.OfTheCountyCourt();
        await using var hub = await RunningHub.StartAsync(lab);

        await AssertRefusedAsync(1, $"pid {hub.Pid}", "serve", "--workspace", lab.Workspace, "--data", lab.Data, "--listen", "127.0.0.1:0");
        await AssertRefusedAsync(1, $"{hub.Address.Port}", "serve", "--workspace", other.Workspace, "--data", other.Data, "--listen", $"127.0.0.1:{hub.Address.Port}");
        await AssertRefusedAsync(2, "--nonsense", "serve", "--nonsense");
        await AssertRefusedAsync(3, "E100", "serve", "--workspace", other.Workspace, "--data", other.Data, "--listen", "0.0.0.0:9900");
        await AssertRefusedAsync(4, "no hub answers", "ledger", "tail", "--hub", $"http://127.0.0.1:{ClosedPort()}");
    }

    private static async Task AssertMetricDoorAsync(RunningHub hub)
    {
        await AssertAnswerAsync(hub, """{"name": "county_api_ms", """, 400, "not JSON");
        await AssertAnswerAsync(hub, """{"name": "county_api_ms", "val": NaN}""", 400, "not JSON");
        await AssertTooLargeAsync(hub, asksFirst: true); // as curl does with a body of that size
        await AssertTooLargeAsync(hub, asksFirst: false); // as most clients do
    }

    private static async Task AssertTooLargeAsync(RunningHub hub, bool asksFirst)
    {
        using var large = new HttpRequestMessage(HttpMethod.Post, new Uri(hub.Address, "/metric")) { Content = new ByteArrayContent(new byte[10 << 20]) };
        large.Headers.ExpectContinue = asksFirst;
        using var answer = await hub.Http.SendAsync(large);
        var said = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("1048576 bytes (limits.metric.body)", said);
    }

    private static async Task AssertAnswerAsync(RunningHub hub, string body, int status, string words)
    {
        var answer = await hub.PostAsync("/metric", body);
        Assert.True(answer.Status == status && answer.Body.Contains(words, StringComparison.Ordinal), $"{body}: {answer.Status} {answer.Body}");
        Assert.Contains("not_json", (await hub.GetAsync("/hub")).Body);
    }

    private static async Task AssertBrokenFileAsync(RunningHub hub, LabFolder lab)
    {
        var good = lab.Read("alerts/county_api.yml");
        lab.Write("alerts/county_api.yml", "metric: county_api_ms\nthreshold: [1000\nwindow: 3m\n");
        await hub.UntilAsync("/workspace", page => page.Contains("alerts/county_api.yml:2:12", StringComparison.Ordinal), SeenWithin);
        await hub.UntilAsync("/hub", page => page.Contains("alerts/county_api.yml:2:12", StringComparison.Ordinal), SeenWithin);
        var workspace = await hub.JsonAsync("/api/ops/v1/workspace");
        Assert.Equal(1, workspace.GetProperty("rules").GetArrayLength());
        Assert.Equal(1_000, workspace.GetProperty("rules")[0].GetProperty("threshold").GetDouble());
        Assert.Equal(200, (await hub.PostAsync("/metric", """{"name": "county_api_ms", "val": 112, "id": "meanwhile"}""")).Status);

        lab.Write("alerts/county_api.yml", good);
        await hub.UntilAsync("/workspace", page => !page.Contains("E001", StringComparison.Ordinal), SeenWithin);
    }

    private static async Task AssertMissingScriptAsync(RunningHub hub)
    {
        Assert.Equal(200, (await hub.PostAsync("/metric", """{"name": "county_api_ms", "val": 9000, "id": "slow"}""")).Status);
        const string why = "there is no rollback_docket_rule.sh";
        await hub.UntilAsync("/api/ops/v1/incidents", body => body.Contains(why, StringComparison.Ordinal), SeenWithin);
        var incident = (await hub.JsonAsync("/api/ops/v1/incidents")).GetProperty("incidents")[0];
        Assert.Equal("refused", incident.GetProperty("acts")[0].GetProperty("state").GetString());
        Assert.Contains(why, (await hub.GetAsync($"/incidents/{incident.GetProperty("id").GetString()}")).Body, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(why, (await hub.GetAsync("/board/county_api_ms")).Body, StringComparison.OrdinalIgnoreCase); // there it begins a sentence
    }

    private static async Task AssertDeadMailServerAsync(RunningHub hub, LabFolder lab)
    {
        await hub.UntilAsync("/hub", page => page.Contains("paging: undelivered", StringComparison.Ordinal), SeenWithin);
        await using var hook = new WebhookListener();
        lab.Write("roster.yaml", lab.Read("roster.yaml") + $"  webhook:\n    url: {hook.Url}\n");
        var receivers = new[] { await ReceiverAsync(hook), await ReceiverAsync(hook) };
        Assert.Equal(["oncall@opm.gov", "pager_duty"], receivers.Order(StringComparer.Ordinal));
        await hub.UntilAsync("/hub", page => !page.Contains("paging: undelivered", StringComparison.Ordinal), SeenWithin);
    }

    private static async Task<string?> ReceiverAsync(WebhookListener hook) => (await hook.NextAsync(PageWithin)).GetProperty("to").GetString();

    private static async Task AssertRefusedAsync(int code, string words, params string[] arguments)
    {
        var ended = await Checkout.OpsAsync(arguments);
        Assert.True(
            ended.Code == code && ended.Errors.Contains(words, StringComparison.Ordinal),
            $"{string.Join(' ', arguments)}: exit code {ended.Code} instead of {code}, or no '{words}' in:\n{ended.Output}{ended.Errors}");
    }

    /// <summary>A port where nobody listens: it was ours a moment ago.</summary>
    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
