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
    public async Task A_mistake_in_the_expression_is_wrong_usage()
    {
        var ended = await Checkout.OpsAsync("query", "sum(raet(x[5m]))");
        Assert.Equal((2, "hms-ops: 1:5: found 'raet', which is no function of PromQL; did you mean rate?\n  sum(raet(x[5m]))\n      ^^^^\n"), (ended.Code, ended.Errors));
    }

    private static async Task<string> AllFormsAsync(string[] moment, string[] range, string[] source)
    {
        var said = "";
        foreach (var question in (string[][])[moment, [.. moment, "--format", "json"], [.. range, "--format", "csv"], [.. range, "--format", "json"], [.. range, "--format", "chart"]])
        {
            var ended = await Checkout.OpsAsync(["query", .. question, .. source]);
            Assert.True(ended.Code == 0 && ended.Errors.Length == 0, $"hms-ops query {string.Join(' ', question)}: {ended.Code}\n{ended.Output}\n{ended.Errors}");
            said += ended.Output;
        }
        return said;
    }
}
