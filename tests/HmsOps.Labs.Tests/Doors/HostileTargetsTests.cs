using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Doors;

/// <summary>Targets that answer as no exporter does, beside one that behaves: each scrape fails with its reason where people look, and the one that behaves is scraped all the while.</summary>
public sealed class HostileTargetsTests
{
    private const long MemoryMaxKb = (256 + 256) << 10; // limits.scrape.memory, and what a hub takes that does nothing
    private const string Text = "text/plain; version=0.0.4";
    private const string Protobuf = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Each_hostile_target_is_down_with_its_reason_and_the_others_are_not()
    {
        using var lab = new LabFolder();
        var targets = new List<(string Name, OneByOne Server, string? Error, string? Warning)>
        {
            ("endless", new(EndlessAsync), "limits.scrape.decoded", null),
            ("slow", new(SlowAsync), "did not answer in full within 5s", null),
            ("bomb", Whole(Text, HostileBodies.GzipBomb(), "gzip"), "more than 100 times its size", null),
            ("many-labels", new(ManyLabelsAsync), "limits.scrape.decoded", null),
            ("many-series", Whole(Text, Lines(Enumerable.Range(0, 100_000).Select(i => $"m{{i=\"{i}\"}} 1"))), "limits.scrape.samples", null),
            ("no-protobuf", Whole(Protobuf, [0xff, 0xff, 0xff, 0x0f, 1, 2, 3]), "cannot be read at byte 0", null),
            ("label-twice", Whole(Text, Lines(["m{a=\"1\",a=\"2\"} 1"])), "line 1", null),
            ("year-1601", Whole(Text, Lines([$"m 1 {HostileBodies.Ms(HostileBodies.Year1601)}", "n 1"])), null, "behind the store"),
            ("year-3000", Whole(Text, Lines([$"m 1 {HostileBodies.Ms(HostileBodies.Year3000)}", "n 1"])), null, "ahead of the store"),
            ("honest", Whole(Text, Lines(["m 1", "n 2"])), null, null),
        };
        try
        {
            foreach (var target in targets)
                lab.Write($"services/{target.Name}.yaml", $"name: {target.Name}\nmetrics_url: http://127.0.0.1:{target.Server.Port}/metrics\ninterval: 5s\n");
            await using var hub = await RunningHub.StartAsync(lab, "--otlp-grpc", "off");
            var wrong = new StringBuilder();
            foreach (var (name, _, error, warning) in targets)
            {
                await hub.UntilAsync("/api/v1/targets", body => Of(body, name) is var target && target.Health != "unknown" && (warning is null || target.Warning.Length > 0), SeenWithin);
                var (health, lastError, lastWarning) = Of((await hub.GetAsync("/api/v1/targets")).Body, name);
                if (health != (error is null ? "up" : "down") || (error is null) != (lastError.Length == 0) || !lastError.Contains(error ?? "", StringComparison.Ordinal)
                    || !lastWarning.Contains(warning ?? "", StringComparison.Ordinal))
                {
                    wrong.AppendLine(CultureInfo.InvariantCulture, $"{name}: {health}, '{lastError}', '{lastWarning}'");
                }
                await hub.UntilAsync($"/api/v1/query?query={Uri.EscapeDataString($"up{{job=\"{name}\"}} == {(error is null ? 1 : 0)}")}", body => body.Contains("\"value\"", StringComparison.Ordinal), SeenWithin);
            }
            await hub.UntilAsync($"/api/v1/query?query={Uri.EscapeDataString("count_over_time(m{job=\"honest\"}[5m]) > 3 and min_over_time(up{job=\"honest\"}[5m]) == 1")}", body => body.Contains("\"value\"", StringComparison.Ordinal), SeenWithin);
            Assert.True(wrong.Length == 0, wrong.ToString());
            foreach (var name in (string[])["year-1601", "year-3000"])
            {
                Assert.Equal("1", await CountAsync(hub, $"count(n{{job=\"{name}\"}})")); // the line beside it is taken
                Assert.Null(await CountAsync(hub, $"count(last_over_time(m{{job=\"{name}\"}}[100y]))"));
            }
            var peak = await HostileSendersTests.PeakKbAsync(hub);
            Assert.True(peak < MemoryMaxKb, $"the hub held {peak} kB, more than {MemoryMaxKb}");
            Assert.Equal(0, (await hub.StopAsync()).Code);
        }
        finally
        {
            foreach (var target in targets)
                await target.Server.DisposeAsync();
        }
    }

    private static byte[] Lines(IEnumerable<string> lines) => Encoding.ASCII.GetBytes(string.Join('\n', lines) + "\n");

    private static OneByOne Whole(string type, byte[] body, string? encoding = null) => new((stream, over) => ServeAsync(stream, type, encoding, async () => await stream.WriteAsync(body, over), over));

    private static Task EndlessAsync(NetworkStream stream, CancellationToken over) => ServeAsync(stream, Text, null, async () =>
    {
        var lines = Lines(Enumerable.Range(0, 2_000).Select(i => $"# a remark that says nothing, line {i}"));
        for (var sent = 0L; sent < 1L << 30; sent += lines.Length)
            await stream.WriteAsync(lines, over);
    }, over);

    private static Task SlowAsync(NetworkStream stream, CancellationToken over) => ServeAsync(stream, Text, null, async () =>
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
            await stream.WriteAsync("m"u8.ToArray(), over);
        while (await timer.WaitForNextTickAsync(over));
    }, over);

    private static Task ManyLabelsAsync(NetworkStream stream, CancellationToken over) => ServeAsync(stream, Text, null, async () =>
    {
        await stream.WriteAsync("m{"u8.ToArray(), over);
        for (var i = 0; i < HostileBodies.TenMillion; i += 10_000)
            await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(i, 10_000).Select(n => string.Create(CultureInfo.InvariantCulture, $"l{n}=\"v\",")))), over);
        await stream.WriteAsync("} 1\n"u8.ToArray(), over);
    }, over);

    // Reads what is asked, to the end of its head; answers without a length, so that the connection's end is the body's.
    private static async Task ServeAsync(NetworkStream stream, string type, string? encoding, Func<Task> body, CancellationToken over)
    {
        try
        {
            var (asked, buffer) = (new StringBuilder(), new byte[4096]);
            while (!asked.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer, over) is > 0 and var read)
                asked.Append(Encoding.ASCII.GetString(buffer, 0, read));
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: {type}\r\n{(encoding is null ? "" : $"Content-Encoding: {encoding}\r\n")}\r\n"), over);
            await body();
        }
        catch (IOException)
        {
            // The hub has heard enough.
        }
    }

    private static (string Health, string Error, string Warning) Of(string body, string name)
    {
        using var json = JsonDocument.Parse(body);
        foreach (var target in json.RootElement.GetProperty("data").GetProperty("activeTargets").EnumerateArray())
        {
            if (target.GetProperty("labels").GetProperty("job").GetString() == name)
                return (target.GetProperty("health").GetString() ?? "", target.GetProperty("lastError").GetString() ?? "", target.TryGetProperty("lastWarning", out var warning) ? warning.GetString() ?? "" : "");
        }
        return ("unknown", "", "");
    }

    private static async Task<string?> CountAsync(RunningHub hub, string query)
    {
        var result = (await hub.JsonAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}")).GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 0 ? null : result[0].GetProperty("value")[1].GetString();
    }
}
