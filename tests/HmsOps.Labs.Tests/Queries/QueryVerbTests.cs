using System.Text.Json;
using System.Text.RegularExpressions;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Queries;

/// <summary><c>hms-ops query</c> of a running hub by its address and by its folder, and of that folder once the hub has stopped.</summary>
public sealed class QueryVerbTests
{
    [Fact]
    public async Task A_hub_its_folder_and_the_folder_it_leaves_behind_answer_alike()
    {
        using var lab = new LabFolder();
        var now = DateTimeOffset.UtcNow;
        var at = now.ToUnixTimeSeconds().ToString();
        string[] moment = ["sum by (office) (permits_open)", "--at", at];
        string[] range = ["permits_open", "--from", now.AddMinutes(-5).ToUnixTimeSeconds().ToString(), "--to", at];
        var said = new List<string>();
        await using (var hub = await RunningHub.StartAsync(lab))
        {
            var (status, body) = await hub.PostAsync($"/write?precision=s", $"permits_open,office=fairfax value=41 {now.AddMinutes(-1).ToUnixTimeSeconds()}\npermits_open,office=loudoun value=12 {now.AddMinutes(-1).ToUnixTimeSeconds()}\n");
            Assert.True(status == 204, $"{status} {body}");
            foreach (var source in (string[][])[["--hub", hub.Url], ["--data", lab.Data]])
                said.Add(await AllFormsAsync(moment, range, source));
            await hub.StopAsync();
        }
        said.Add(await AllFormsAsync(moment, range, ["--data", lab.Data]));

        Assert.StartsWith("office   value\nfairfax     41\nloudoun     12\n", said[0], StringComparison.Ordinal);
        Assert.All(said, one => Assert.Equal(said[0], one));
    }

    [Fact]
    public async Task A_hub_and_the_folder_it_leaves_behind_explain_alike()
    {
        using var lab = new LabFolder();
        var at = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        string[] question = ["sum by (office) (permits_open) / 2", "--at", $"{at}"];
        var plans = new List<string>();
        var trees = new List<string>();
        await using (var hub = await RunningHub.StartAsync(lab))
        {
            var (status, body) = await hub.PostAsync("/write?precision=s", $"permits_open,office=fairfax value=41 {at - 60}\npermits_open,office=loudoun value=12 {at - 60}\n");
            Assert.True(status == 204, $"{status} {body}");
            foreach (var source in (string[][])[["--hub", hub.Url], ["--data", lab.Data]])
                await ExplainAsync(source);
            await hub.StopAsync();
        }
        await ExplainAsync(["--data", lab.Data]);

        Assert.All(plans, plan => Assert.Equal(plans[0], plan));
        Assert.StartsWith("sum by (office) (permits_open) / 2\n│ each series with a number, step by step\n└─ sum by (office) (permits_open)\n", plans[0], StringComparison.Ordinal);
        Assert.All(trees, tree => Assert.Equal(Figureless(trees[0]), Figureless(tree)));
        Assert.Matches(@"(?m)^ +time +series +samples +memory$", trees[0]);
        Assert.Matches(@"(?m)^└─ sum by \(office\) \(permits_open\) +\S+ \S+ +2 +2 +\d+ B$", trees[0]);

        async Task ExplainAsync(string[] source)
        {
            plans.Add(await SayAsync([.. question, "--explain", "plan", .. source]));
            trees.Add(await SayAsync([.. question, "--explain", .. source]));
            using var json = JsonDocument.Parse(await SayAsync([.. question, "--explain", "run", "--json", .. source]));
            var data = json.RootElement.GetProperty("data");
            Assert.Equal((2, 2), (data.GetProperty("result").GetArrayLength(), data.GetProperty("explain").GetProperty("series").GetInt32()));
        }

        // How long it took is never the same, and how wide its column is neither.
        static string Figureless(string tree) => Regex.Replace(Regex.Replace(tree, @"[\d.,]+ (s|ms|µs)\b", "T"), " +", " ");
    }

    [Fact]
    public async Task A_mistake_in_the_expression_is_wrong_usage()
    {
        var ended = await Checkout.OpsAsync("query", "sum(raet(x[5m]))");
        Assert.Equal((2, "hms-ops: 1:5: found 'raet', which is no function of PromQL; did you mean rate?\n  sum(raet(x[5m]))\n      ^^^^\n"), (ended.Code, ended.Errors));
    }

    private static async Task<string> AllFormsAsync(string[] moment, string[] range, string[] source)
    {
        var said = "";
        foreach (var question in (string[][])[moment, [.. moment, "--format", "json"], [.. range, "--format", "csv"], [.. range, "--format", "json"], [.. range, "--format", "chart"]])
            said += await SayAsync([.. question, .. source]);
        return said;
    }

    private static async Task<string> SayAsync(params string[] arguments)
    {
        var ended = await Checkout.OpsAsync(["query", .. arguments]);
        Assert.True(ended.Code == 0 && ended.Errors.Length == 0, $"hms-ops query {string.Join(' ', arguments)}: {ended.Code}\n{ended.Output}\n{ended.Errors}");
        return ended.Output;
    }
}
