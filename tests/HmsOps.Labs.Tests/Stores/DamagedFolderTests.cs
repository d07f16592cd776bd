using System.Globalization;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Stores;

/// <summary>The real program on a folder whose files lost a bit or an end: it starts, says which and what that costs, and serves the rest.</summary>
public sealed class DamagedFolderTests
{
    private const long StepMs = 60_000;
    private const int BatchMinutes = 120;

    private static readonly long Began = DateTimeOffset.UtcNow.AddDays(-20).ToUnixTimeMilliseconds() / 86_400_000 * 86_400_000;

    [Fact]
    public async Task A_hub_names_what_is_damaged_says_what_is_lost_and_serves_the_rest()
    {
        using var lab = new LabFolder();
        await PlayAsync(lab, hours: 2, then: hub => CompactAsync(hub)); // a block
        await PlayAsync(lab, hours: 26, then: hub => CompactAsync(hub)); // another day's, and a checkpoint at the stop
        await PlayAsync(lab, hours: 50, then: _ => Task.CompletedTask); // a second checkpoint
        await using (var hub = await StartAsync(lab))
        {
            await SendAsync(hub, hours: 74); // in the log alone; what came before it is sealed meanwhile
            await hub.UntilAsync("/api/ops/v1/store", body => body.Contains("\"blocks\":3", StringComparison.Ordinal), TimeSpan.FromSeconds(20));
            await hub.KillAsync();
        }

        var (blocks, checkpoints) = (Files(lab, "blocks", "*.block"), Files(lab, "checkpoints", "*"));
        Assert.Equal((3, 2), (blocks.Length, checkpoints.Length));
        var log = Assert.Single(Files(lab, ".", "0*"));
        Flip(blocks[0], fromEnd: 40); // the footer
        Flip(blocks[1], fromEnd: new FileInfo(blocks[1]).Length - 40); // the first page of chunks
        Truncate(checkpoints[^1]);
        Flip(log, fromEnd: new FileInfo(log).Length - Used(log) + 200); // the last frame but one or so

        var verified = await Checkout.OpsAsync("store", "verify", "--data", lab.Data);
        Assert.Equal(1, verified.Code);
        foreach (var path in (string[])[blocks[0], blocks[1], checkpoints[^1], log])
            Assert.Contains(Path.GetFileName(path), verified.Output + verified.Errors, StringComparison.Ordinal);

        await using (var hub = await StartAsync(lab))
        {
            var said = string.Join('\n', hub.Log.All);
            Assert.Contains($"It is put aside as {blocks[0]}.damaged.", said, StringComparison.Ordinal);
            Assert.Contains($"{blocks[0]} is not served. It held 120 samples of 1 series, ", said, StringComparison.Ordinal);
            Assert.Contains($"Checkpoint {checkpoints[^1]} was passed over: ", said, StringComparison.Ordinal);
            Assert.Contains(Path.GetFileName(log), said, StringComparison.Ordinal);
            Assert.Contains(" lacks 1 items, ", said, StringComparison.Ordinal);

            var metrics = (await hub.GetAsync("/metrics")).Body;
            Assert.Equal(1 + LeanedOf(said), NumberOf(metrics, "hms_tsdb_lost_items"));
            Assert.True(NumberOf(metrics, "hms_tsdb_recovery_findings") >= 4, metrics);

            var answer = await hub.JsonAsync($"/api/v1/query?query=count_over_time(m_v[10d])&time={(Began / 1_000) + (9 * 86_400)}");
            var warning = Assert.Single(answer.GetProperty("warnings").EnumerateArray()).GetString();
            Assert.Contains("page 0 is damaged", warning, StringComparison.Ordinal);
            Assert.Contains("m_v lacks ", warning, StringComparison.Ordinal);
            var count = answer.GetProperty("data").GetProperty("result")[0].GetProperty("value")[1].GetString();
            Assert.Equal((2 * BatchMinutes) - 1 - LeanedOf(said), int.Parse(count!, CultureInfo.InvariantCulture)); // the checkpoint's and the log's, without the item in the bad frame and what leaned on it
            await SendAsync(hub, hours: 98);
            await hub.StopAsync();
        }
        await using var again = await StartAsync(lab);
        Assert.Contains($"{blocks[0]} is not served.", string.Join('\n', again.Log.All), StringComparison.Ordinal);
        Assert.Equal(BatchMinutes, (await StoredSeries.OfAsync(again, "m_v", Began + (98 * 3_600_000L), Began + (101 * 3_600_000L))).Single().Samples.Count);
    }

    private static Task<RunningHub> StartAsync(LabFolder lab) => RunningHub.StartAsync(lab, "--late-window", "100y", "--otlp-grpc", "off");

    private static async Task PlayAsync(LabFolder lab, int hours, Func<RunningHub, Task> then)
    {
        await using var hub = await StartAsync(lab);
        await SendAsync(hub, hours);
        await then(hub);
        await hub.StopAsync();
    }

    // A sample a minute, each in a frame of its own: as a service that is asked once a minute.
    private static async Task SendAsync(RunningHub hub, int hours)
    {
        for (var minute = 0; minute < BatchMinutes; minute++)
        {
            using var body = new StringContent(string.Create(CultureInfo.InvariantCulture, $"m v={minute * 0.1:R} {Began + (hours * 3_600_000L) + (minute * StepMs)}"), Encoding.UTF8);
            using var answer = await hub.Http.PostAsync(new Uri("/api/v2/write?precision=ms", UriKind.Relative), body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    private static async Task CompactAsync(RunningHub hub)
    {
        var (status, body) = await hub.PostAsync("/api/ops/v1/store/compact", "");
        Assert.True(status == 200, body);
    }

    private static string[] Files(LabFolder lab, string folder, string pattern) =>
        [.. Directory.GetFiles(Path.GetFullPath(Path.Combine(lab.Data, "metrics", folder)), pattern).Order(StringComparer.Ordinal)];

    private static void Flip(string path, long fromEnd)
    {
        using var file = File.Open(path, FileMode.Open);
        file.Seek(-fromEnd, SeekOrigin.End);
        var changed = (byte)(file.ReadByte() ^ 4);
        file.Seek(-fromEnd, SeekOrigin.End);
        file.WriteByte(changed);
    }

    private static void Truncate(string path)
    {
        using var file = File.Open(path, FileMode.Open);
        file.SetLength(file.Length / 2);
    }

    private static long Used(string path) => File.ReadAllBytes(path).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;

    private static long NumberOf(string metrics, string name) =>
        long.Parse(metrics.Split('\n').Single(line => line.StartsWith(name + ' ', StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);

    // "… more items of the log of … lean on ones that are missing"
    private static long LeanedOf(string said) => said.Split('\n').Where(line => line.Contains(" lean on ones that are missing", StringComparison.Ordinal))
        .Select(line => long.Parse(line[(line.IndexOf("opening: ", StringComparison.Ordinal) + 9)..].Split(' ')[0], CultureInfo.InvariantCulture)).SingleOrDefault();
}
