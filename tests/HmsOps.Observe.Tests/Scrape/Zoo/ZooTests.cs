using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using HmsOps.Observe.Scrape;
using HmsOps.Observe.Scrape.Fetching;
using HmsOps.Workspace.Scraping;
using Microsoft.Extensions.Logging.Abstractions;

namespace HmsOps.Observe.Tests.Scrape.Zoo;

/// <summary>
/// Targets that do what they should not, each scraped once by the real client over loopback, in real time that is bounded by the scrape's own timeout. None brings a sample, all say
/// why, none costs more memory than the limits allow, and a good target beside them is read as ever.
/// </summary>
public sealed class ZooTests
{
    private const string Waited = "within 700ms";

    // Those that never end are given little time; the others what a crowded machine takes, which they do not use.
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan LongWait = TimeSpan.FromMinutes(2);

    private static readonly ScrapeLimits Limits = new() { DecodedMax = 8 << 20, PackedMax = 1 << 20, MemoryMax = 32 << 20, LineBytesMax = 64 << 10 };

    private static Func<NetworkStream, string, CancellationToken, Task> Says(byte[] answer) => async (stream, _, stop) => await stream.WriteAsync(answer, stop);

    private static byte[] Gzip(Action<Stream> write)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.SmallestSize, leaveOpen: true))
            write(gzip);
        return bytes.ToArray();
    }

    private static byte[] Packed(byte[] body) => HostileServer.Answer("200 OK", "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", body);

    private static byte[] Proto(byte[] body) =>
        HostileServer.Answer("200 OK", "Content-Type: application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited\r\n", body);

    private static async Task EndlessAsync(NetworkStream stream, string headers, byte[] piece, CancellationToken stop)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{headers}\r\n"), stop);
        while (true)
            await stream.WriteAsync(piece, stop);
    }

    internal static Dictionary<string, (Func<NetworkStream, string, CancellationToken, Task> Script, string Says)> Animals { get; } = new()
    {
        ["endless body"] = ((s, _, stop) => EndlessAsync(s, "Content-Type: text/plain\r\n", Encoding.ASCII.GetBytes(new string('a', 65_000) + "\n"), stop), "limits.scrape.decoded"),
        ["endless head"] = (async (s, _, stop) =>
        {
            await s.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), stop);
            while (true)
                await s.WriteAsync(Encoding.ASCII.GetBytes($"X-{new string('x', 1_000)}: y\r\n"), stop);
        }, "it broke the line"),
        ["one byte, then silence"] = (async (s, _, stop) =>
        {
            await s.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\na"u8.ToArray(), stop);
            await Task.Delay(Timeout.Infinite, stop);
        }, "it did not answer in full within 700ms"),
        ["one byte at a time"] = (async (s, _, stop) =>
        {
            await s.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"u8.ToArray(), stop);
            while (true)
            {
                await s.WriteAsync("a"u8.ToArray(), stop);
                await Task.Delay(50, stop);
            }
        }, "it did not answer in full within 700ms"),
        ["silence"] = (async (_, _, stop) => await Task.Delay(Timeout.Infinite, stop), "it did not answer in full within 700ms"),
        ["gzip bomb"] = (Says(Packed(Gzip(to => to.Write(new byte[7 << 20])))), "unpacks to more than 100 times its size"),
        ["gzip that is none"] = (Says(Packed("a 1\n"u8.ToArray())), "gzip"),
        ["gzip cut off"] = (Says(Packed(Gzip(to => to.Write(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 9_000).Select(i => $"m{i * 7_919} {i}\n")))))[..8_000])), "it"),
        ["large and packed"] = (Says(Packed(Gzip(to =>
        {
            var noise = new byte[3 << 20];
            new Random(1).NextBytes(noise);
            to.Write(noise);
        }))), "limits.scrape.packed"),
        ["another packing"] = (Says(HostileServer.Answer("200 OK", "Content-Type: text/plain\r\nContent-Encoding: br\r\n", "a"u8)), "packed in a way nobody asked for"),
        ["a hundred thousand series"] = (Says(HostileServer.Text(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"m{{i=\"{i}\"}} 1\n")))), "limits.scrape.samples"),
        ["huge name"] = (Says(HostileServer.Text($"a{{{new string('n', 300)}=\"1\"}} 1\n")), "limits.labels.name"),
        ["huge value"] = (Says(HostileServer.Text($"a{{b=\"{new string('v', 5_000)}\"}} 1\n")), "limits.labels.value"),
        ["many labels"] = (Says(HostileServer.Text($"a{{{string.Join(',', Enumerable.Range(0, 100).Select(i => $"l{i}=\"1\""))}}} 1\n")), "limits.labels.count"),
        ["huge line"] = (Says(HostileServer.Text("# " + new string('x', 100_000) + "\n")), "limits.scrape.line"),
        ["redirect elsewhere"] = (Says(HostileServer.Answer("302 Found", "Location: http://169.254.169.254/latest/\r\n", [])), "it redirects to http://169.254.169.254, another place"),
        ["redirect in a circle"] = (Says(HostileServer.Answer("302 Found", "Location: /metrics\r\n", [])), "it redirects more than 3 times"),
        ["redirect to nowhere"] = (Says(HostileServer.Answer("302 Found", "", [])), "it redirects to nowhere"),
        ["a web page"] = (Says(HostileServer.Answer("200 OK", "Content-Type: text/html\r\n", "<html>"u8)), "its Content-Type is \"text/html\", which names no format"),
        ["no type"] = (Says(HostileServer.Answer("200 OK", "", "a 1\n"u8)), "its Content-Type is missing"),
        ["protobuf cut off"] = (Says(Proto([40, 10, 1, 97])), "the end of the body: it was cut off"),
        ["protobuf of lengths that lie"] = (Says(Proto([6, 10, 1, 97, 34, 127, 1])), "expected the fields of a metric family"),
        ["protobuf of noise"] = (Says(Proto([.. Enumerable.Range(0, 500).Select(i => (byte)(i * 131))])), "expected a name, help and unit in UTF-8"),
        ["OpenMetrics cut off"] = (Says(HostileServer.Answer("200 OK", "Content-Type: application/openmetrics-text; version=1.0.0\r\n", "a 1\n"u8)), "# EOF"),
        ["500"] = (Says(HostileServer.Answer("500 Internal Server Error", "", "a 1\n"u8)), "it answered 500"),
        ["bytes that are no UTF-8"] = (Says(HostileServer.Answer("200 OK", "Content-Type: text/plain\r\n", [.. "a{b=\""u8, 0xc3, 0x28, .. "\"} 1\n"u8])), "line 1, column 5: expected UTF-8"),
        ["a reset"] = ((s, _, _) =>
        {
            s.Socket.LingerState = new LingerOption(true, 0);
            s.Socket.Close();
            return Task.CompletedTask;
        }, "it broke the line"),
        ["no HTTP"] = (Says("SSH-2.0-OpenSSH_9.2\r\n"u8.ToArray()), "it broke the line"),
        ["shorter than it says"] = (Says("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 50\r\n\r\na 1\n"u8.ToArray()), "it broke the line"),
    };

    public static TheoryData<string> Names => [.. Animals.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_hostile_target_brings_nothing_and_says_why(string name)
    {
        var (script, says) = Animals[name];
        await using var hostile = new HostileServer(script);
        await using var good = new HostileServer(Says(HostileServer.Text("good 1\n")));
        using var fetch = new HttpFetch(Limits, (_, _) => Task.FromResult<string?>(null), _ => false, TimeProvider.System);
        var sink = new RecordingSink();

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var bad = await ScrapeOnceAsync(fetch, sink, "bad", hostile.Address, says.EndsWith(Waited, StringComparison.Ordinal) ? ShortWait : LongWait);
        var well = await ScrapeOnceAsync(fetch, sink, "well", good.Address, LongWait);

        Assert.Equal(TargetHealth.Down, bad.Health);
        Assert.Contains(says, bad.Error);
        Assert.True(bad.Error.Length < 400, bad.Error);
        Assert.Equal(TargetHealth.Up, well.Health);
        Assert.DoesNotContain(sink.Samples, s => s.Series.Contains("job=\"bad\"", StringComparison.Ordinal) && !s.Series.StartsWith("up{", StringComparison.Ordinal) && !s.Series.StartsWith("scrape_", StringComparison.Ordinal));
        Assert.Contains(sink.Samples, s => s.Series.StartsWith("up{", StringComparison.Ordinal) && s.Series.Contains("job=\"bad\"", StringComparison.Ordinal) && s.Value == "0");
        Assert.Equal(0, fetch.BytesInUse);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 128 << 20); // other tests run beside
    }

    public static TheoryData<string, byte[]> Odd => new()
    {
        { "an empty body", HostileServer.Text("") },
        { "HTTP/1.0 that closes", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\na 1\n"u8.ToArray() },
        { "times in 1601 and 3000", HostileServer.Text("a 1 -11644473600000\nb 1 32503680000000\n") },
        { "two values for one series", HostileServer.Text("a 1\na 2\n") },
    };

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task What_is_odd_and_allowed_is_read_as_Prometheus_reads_it(string name, byte[] answer)
    {
        Assert.NotEmpty(name);
        await using var server = new HostileServer(Says(answer));
        using var fetch = new HttpFetch(Limits, (_, _) => Task.FromResult<string?>(null), _ => false, TimeProvider.System);
        Assert.Equal(TargetHealth.Up, (await ScrapeOnceAsync(fetch, new RecordingSink(), "odd", server.Address, LongWait)).Health);
    }

    [Fact]
    public async Task Credentials_and_what_is_asked_for_are_in_the_request()
    {
        var asked = "";
        await using var server = new HostileServer(async (stream, request, stop) =>
        {
            asked = request;
            await stream.WriteAsync(HostileServer.Text("a 1\n"), stop);
        });
        using var fetch = new HttpFetch(Limits, (c, _) => Task.FromResult<string?>(c is Credential.Secret { Name: "pw" } ? "geheim" : null), _ => false, TimeProvider.System);
        var set = Assert.Single(ScrapeWorld.SetsOf($"name: a\nmetrics_url: http://{server.Address}/m?x=1\nscrape: {{basic_auth: {{username: u, password: '${{secret:pw}}'}}, params: {{y: [2, 3]}}}}\n"));
        using var outcome = ((FetchOutcome.Answered)await fetch.FetchAsync(TargetOf(set, server.Address), CancellationToken.None)).Body;

        Assert.StartsWith("GET /m?x=1&y=2&y=3 HTTP/1.1\r\n", asked);
        Assert.Contains($"Authorization: Basic {Convert.ToBase64String("u:geheim"u8)}\r\n", asked);
        Assert.Contains("Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5", asked);
        Assert.Contains("Accept-Encoding: gzip\r\n", asked);
        Assert.Contains("X-Prometheus-Scrape-Timeout-Seconds: 10\r\n", asked);
    }

    [Theory]
    [InlineData("169.254.169.254:80", "the cloud's metadata service")]
    [InlineData("127.0.0.1:9900", "the hub's own door")]
    public async Task No_target_leads_where_the_hub_does_not_go(string address, string why)
    {
        using var fetch = new HttpFetch(Limits, (_, _) => Task.FromResult<string?>(null), place => place.Port == 9900, TimeProvider.System);
        var failed = Assert.IsType<FetchOutcome.Failed>(await fetch.FetchAsync(TargetOf(new ScrapeSet { Job = "a", Citation = "" }, address), CancellationToken.None));
        Assert.Equal("egress_denied", failed.Code);
        Assert.Contains(why, failed.Reason);
    }

    private static async Task<ScrapeStatus> ScrapeOnceAsync(HttpFetch fetch, RecordingSink sink, string job, string address, TimeSpan timeout)
    {
        var target = TargetOf(new ScrapeSet { Job = job, Citation = job, Interval = TimeSpan.FromHours(1), Timeout = timeout }, address);
        var loop = new TargetScrape(target, fetch, sink, new Refusals(), Limits, new BatchPool(), TimeProvider.System, NullLogger.Instance);
        await loop.ScrapeAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None);
        return loop.Watched.Status;
    }

    private static ScrapeTarget TargetOf(ScrapeSet set, string address) =>
        ScrapeTarget.Of(set, [new("__address__", address)]).Target ?? throw new InvalidOperationException("the address is one");
}
