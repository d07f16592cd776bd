using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Doors;

/// <summary>
/// All that is hostile at all doors of one running hub, side by side, while a sender that behaves goes on: each is refused by name, the hub's memory stays bounded, and the one that
/// behaves notices nothing.
/// </summary>
public sealed class HostileSendersTests
{
    // What the doors may hold together (limits.write, influx and otlp .memory), and what a hub takes that does nothing.
    private const long MemoryMaxKb = (256 + 128 + 320 + 320) << 10;
    private const long EndlessMax = 256L << 20; // a hub that took so much of one body has no limit
    private const string Write1 = "application/x-protobuf";
    private const string Write2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
    private const string Influx = "text/plain";
    private const string Json = "application/json";

    private static readonly byte[] NoProtobuf = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x3a];

    [Fact]
    public async Task Whoever_is_hostile_is_refused_by_name_and_whoever_behaves_is_served()
    {
        using var lab = new LabFolder();
        await using var hub = await RunningHub.StartAsync(lab, "--otlp-grpc", "127.0.0.1:0");
        await using var honest = new HonestSender(hub);
        var grpc = await GrpcAddressAsync(hub);

        var failures = await Task.WhenAll([.. Slow(hub).Concat(Endless(hub)), OneByOneAsync(hub, grpc)]);

        Assert.True(failures.All(failure => failure.Length == 0), string.Join("\n", failures.Where(failure => failure.Length > 0)));
        var sent = await honest.FinishAsync();
        Assert.True(sent > 100, $"{sent} samples in all that time");
        Assert.Equal(sent, (await StoredSeries.OfAsync(hub, "honest_v", 0, long.MaxValue / 2)).Sum(series => series.Samples.Count));
        var peak = await PeakKbAsync(hub);
        Assert.True(peak < MemoryMaxKb, $"the hub held {peak} kB, more than {MemoryMaxKb}");
        Assert.Equal(0, (await hub.StopAsync()).Code);
    }

    private static IEnumerable<Task<string>> Endless(RunningHub hub)
    {
        var zeros = new byte[64 << 10];
        var lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("endless v=1 1\n", 4_000)));
        foreach (var (path, headers, piece, said) in ((string, string, byte[], string)[])
        [
            ("/api/v1/write", $"Content-Type: {Write1}\r\nContent-Encoding: snappy\r\n", zeros, "limits.write.packed"),
            ("/api/v1/write", $"Content-Type: {Write2}\r\nContent-Encoding: snappy\r\n", zeros, "limits.write.packed"),
            ("/v1/metrics", $"Content-Type: {Write1}\r\n", zeros, "limits.otlp.packed"),
            ("/v1/metrics", $"Content-Type: {Json}\r\n", zeros, "limits.otlp.packed"),
            ("/metric", $"Content-Type: {Json}\r\n", zeros, "limits.metric.body"),
            ("/write", "", lines, "limits.influx.packed"),
            ("/api/v2/write", "", lines, "limits.influx.packed"),
        ])
        {
            yield return AnswerAsync($"endless body at {path}, {headers.TrimEnd()}", 413, said, RawSender.EndlessAsync(hub, path, headers, piece, EndlessMax));
        }
    }

    private static IEnumerable<Task<string>> Slow(RunningHub hub)
    {
        foreach (var (path, headers) in ((string, string)[])
        [
            ("/api/v1/write", $"Content-Type: {Write1}\r\nContent-Encoding: snappy\r\n"), ("/v1/metrics", $"Content-Type: {Write1}\r\n"), ("/v1/metrics", $"Content-Type: {Json}\r\n"),
            ("/metric", $"Content-Type: {Json}\r\n"), ("/write", ""), ("/api/v2/write", ""),
        ])
        {
            yield return AnswerAsync($"a byte a second at {path}, {headers.TrimEnd()}", 408, "", RawSender.SlowAsync(hub, path, headers));
        }
    }

    private static async Task<string> AnswerAsync(string what, int status, string said, Task<string> answering)
    {
        var answer = await answering;
        return answer.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal) && answer.Contains(said, StringComparison.Ordinal) ? "" : $"{what}: {answer}";
    }

    // Large ones one after another, each whole in the test's memory once.
    private static async Task<string> OneByOneAsync(RunningHub hub, Uri grpc)
    {
        var wrong = new StringBuilder();
        foreach (var attack in Attacks())
        {
            var (status, body) = attack.Path.Length == 0 ? await CallAsync(grpc, attack) : await PostAsync(hub, attack);
            if (status != attack.Status || !body.Contains(attack.Said, StringComparison.Ordinal))
                wrong.Append(CultureInfo.InvariantCulture, $"{attack.Name}: {status} {body[..Math.Min(body.Length, 400)]}, expected {attack.Status} {attack.Said}\n");
        }
        return wrong.ToString();
    }

    private static IEnumerable<Attack> Attacks() => Labels().Concat(Bombs()).Concat(Malformed()).Concat(Twice()).Concat(Times());

    private static IEnumerable<Attack> Labels()
    {
        // 10 M labels take 60 MB, 60 times what is sent; 4 M fit the limit of 32 MiB.
        var label = HostileBodies.Label1("a", "b");
        yield return new("10 M labels", "/api/v1/write", Write1, "snappy", Wire.SnapRepeat(label, HostileBodies.TenMillion), 413, "limits.write.decoded");
        yield return new("3 M labels of one series", "/api/v1/write", Write1, "snappy", Wire.Snap(HostileBodies.Write1(HostileBodies.Repeat(label, 800_000), Now)), 400, "label_count");
        yield return new("10 M references", "/api/v1/write", Write2, "snappy", Wire.SnapRepeat([1, 2], HostileBodies.TenMillion), 400, "no field begins here");
        yield return new("7 M references of one series", "/api/v1/write", Write2, "snappy", Wire.Snap(HostileBodies.Write2(["", "a", "b"], HostileBodies.Repeat([1, 2], 3_500_000), Now)), 400, "label_count");
        var attribute = HostileBodies.Attribute("a", "b");
        yield return new("10 M attributes", "/v1/metrics", Write1, "gzip", HostileBodies.Gzip(HostileBodies.Otlp(HostileBodies.Repeat(attribute, HostileBodies.TenMillion), NowNs)), 413, "limits.otlp.decoded");
        yield return new("700 k attributes of one point", "/v1/metrics", Write1, "", HostileBodies.Otlp(HostileBodies.Repeat(attribute, 700_000), NowNs), 200, "label_count");
        const string json = """{"key":"a","value":{"stringValue":"b"}}""";
        yield return new("150 k attributes of one point", "/v1/metrics", Json, "", HostileBodies.OtlpJson(string.Join(',', Enumerable.Repeat(json, 150_000)), $"{NowNs}"), 200, "label_count");
        yield return new("700 k attributes by gRPC", "", "", "", HostileBodies.Otlp(HostileBodies.Repeat(attribute, 700_000), NowNs), 0, "label_count");
        yield return new("10 M attributes by gRPC", "", "", "", HostileBodies.Otlp(HostileBodies.Repeat(attribute, HostileBodies.TenMillion), NowNs), 8, "limits.otlp.packed");
        var tags = Encoding.ASCII.GetBytes($"hostile{string.Concat(Enumerable.Range(0, 100_000).Select(i => $",t{i}=v"))} v=1\n");
        foreach (var path in (string[])["/write", "/api/v2/write"])
        {
            yield return new("10 M tags", path, Influx, "gzip", HostileBodies.Gzip([.. "hostile"u8, .. HostileBodies.Repeat(",a=b"u8.ToArray(), HostileBodies.TenMillion), .. " v=1\n"u8]), 413, "");
            yield return new("100 k tags of one line", path, Influx, "", tags, 400, "limits.labels.count");
        }
        yield return new("60 k labels", "/metric", Json, "", Encoding.ASCII.GetBytes($$$"""{"name":"hostile","val":1,"labels":{{{{string.Join(',', Enumerable.Range(0, 60_000).Select(i => $"\"l{i}\":\"v\""))}}}}}"""), 422, "label_limit");
    }

    private static IEnumerable<Attack> Bombs()
    {
        var (gzip, snappy) = (HostileBodies.GzipBomb(), Wire.SnapOf(0x20, 1 << 30));
        yield return new("a snappy bomb", "/api/v1/write", Write1, "snappy", snappy, 413, "limits.write.packed");
        yield return new("a snappy bomb", "/api/v1/write", Write2, "snappy", snappy, 413, "limits.write.packed");
        yield return new("a small snappy bomb", "/api/v1/write", Write1, "snappy", Wire.SnapOf(0xff, 30 << 20), 400, "cannot be read"); // 21 to 1: snappy can do no better
        yield return new("a gzip bomb", "/v1/metrics", Write1, "gzip", gzip, 413, "");
        yield return new("a gzip bomb", "/v1/metrics", Json, "gzip", gzip, 413, "");
        yield return new("a gzip bomb", "/write", Influx, "gzip", gzip, 413, "");
        yield return new("a gzip bomb", "/api/v2/write", Influx, "gzip", gzip, 413, "");
        yield return new("a gzip bomb by gRPC", "", "", "gzip", gzip, 8, "");
    }

    private static IEnumerable<Attack> Malformed()
    {
        yield return new("no protobuf", "/api/v1/write", Write1, "snappy", Wire.Snap(NoProtobuf), 400, "cannot be read at byte 0");
        yield return new("no protobuf", "/api/v1/write", Write2, "snappy", Wire.Snap(NoProtobuf), 400, "cannot be read at byte 0");
        yield return new("no snappy", "/api/v1/write", Write1, "snappy", NoProtobuf, 400, "not in snappy's block format");
        yield return new("no protobuf", "/v1/metrics", Write1, "", NoProtobuf, 400, "cannot be read");
        yield return new("no JSON", "/v1/metrics", Json, "", "{\"resourceMetrics\":[{"u8.ToArray(), 400, "no request in JSON");
        yield return new("no gzip", "/v1/metrics", Write1, "gzip", NoProtobuf, 400, "gzip");
        yield return new("no protobuf by gRPC", "", "", "", NoProtobuf, 3, "cannot be read");
        yield return new("no JSON", "/metric", Json, "", NoProtobuf, 400, "not JSON");
        yield return new("no line", "/write", Influx, "", NoProtobuf, 400, "line 1");
        yield return new("no line", "/api/v2/write", Influx, "", NoProtobuf, 400, "line 1");
    }

    private static IEnumerable<Attack> Twice()
    {
        byte[] labels = [.. HostileBodies.Label1("__name__", "hostile"), .. HostileBodies.Label1("a", "1"), .. HostileBodies.Label1("a", "2")];
        yield return new("a label twice", "/api/v1/write", Write1, "snappy", Wire.Snap(HostileBodies.Write1(labels, Now)), 400, "duplicate_label");
        yield return new("a label twice", "/api/v1/write", Write2, "snappy", Wire.Snap(HostileBodies.Write2(["", "__name__", "hostile", "a", "1", "2"], [1, 2, 3, 4, 3, 5], Now)), 400, "duplicate_label");
        byte[] attributes = [.. HostileBodies.Attribute("a", "1"), .. HostileBodies.Attribute("a", "2")];
        yield return new("an attribute twice", "/v1/metrics", Write1, "", HostileBodies.Otlp(attributes, NowNs), 200, "attribute_twice");
        yield return new("an attribute twice", "/v1/metrics", Json, "", HostileBodies.OtlpJson("""{"key":"a","value":{"stringValue":"1"}},{"key":"a","value":{"stringValue":"2"}}""", $"{NowNs}"), 200, "attribute_twice");
        yield return new("an attribute twice by gRPC", "", "", "", HostileBodies.Otlp(attributes, NowNs), 0, "attribute_twice");
        yield return new("a tag twice", "/write", Influx, "", "hostile,a=1,a=2 v=1"u8.ToArray(), 400, "twice");
        yield return new("a tag twice", "/api/v2/write", Influx, "", "hostile,a=1,a=2 v=1"u8.ToArray(), 400, "twice");
        yield return new("a label twice", "/metric", Json, "", """{"name":"hostile","val":1,"labels":{"a":"1","a":"2"}}"""u8.ToArray(), 422, "duplicate_label");
    }

    private static IEnumerable<Attack> Times()
    {
        foreach (var (time, reason, words) in ((DateTimeOffset, string, string)[])[(HostileBodies.Year1601, "late", "behind the store"), (HostileBodies.Year3000, "ahead", "ahead of the store")])
        {
            var (ms, named) = (time.ToUnixTimeMilliseconds(), HostileBodies.Label1("__name__", "hostile"));
            yield return new($"the year {time.Year}", "/api/v1/write", Write1, "snappy", Wire.Snap(HostileBodies.Write1(named, ms)), 400, reason);
            yield return new($"the year {time.Year}", "/api/v1/write", Write2, "snappy", Wire.Snap(HostileBodies.Write2(["", "__name__", "hostile"], [1, 2], ms)), 400, reason);
            yield return new($"the year {time.Year}", "/write?precision=ms", Influx, "", Encoding.ASCII.GetBytes($"hostile v=1 {ms}"), 400, words);
            yield return new($"the year {time.Year}", "/api/v2/write?precision=ms", Influx, "", Encoding.ASCII.GetBytes($"hostile v=1 {ms}"), 400, words);
            yield return new($"the year {time.Year}", "/metric", Json, "", Encoding.ASCII.GetBytes($$"""{"name":"hostile","val":1,"ts":{{ms / 1_000}}}"""), 422, reason);
        }
        // Nanoseconds since 1970 without a sign reach no further back than that, and to 2554; past 2262 they fit no number with one.
        yield return new("the year 1970", "/v1/metrics", Write1, "", HostileBodies.Otlp([], 1), 200, "late");
        yield return new("the year 2554", "/v1/metrics", Write1, "", HostileBodies.Otlp([], ulong.MaxValue), 200, "no_time");
        yield return new("the year 2554 by gRPC", "", "", "", HostileBodies.Otlp([], ulong.MaxValue), 0, "no_time");
        yield return new("the year 3000 in JSON", "/v1/metrics", Json, "", HostileBodies.OtlpJson("", "32503680000000000000"), 400, "timeUnixNano");
        yield return new("the year 1601 in JSON", "/v1/metrics", Json, "", HostileBodies.OtlpJson("", "-11644473600000000000"), 400, "timeUnixNano");
    }

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    private static ulong NowNs => (ulong)Now * 1_000_000;

    private static async Task<(int Status, string Body)> PostAsync(RunningHub hub, Attack attack)
    {
        using var content = new ByteArrayContent(attack.Body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(attack.Type);
        if (attack.Encoding.Length > 0)
            content.Headers.ContentEncoding.Add(attack.Encoding);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };
        using var answer = await http.PostAsync(new Uri(hub.Address, attack.Path), content);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    // By hand: a message is a byte for its encoding, its length, and itself.
    private static async Task<(int Status, string Body)> CallAsync(Uri grpc, Attack attack)
    {
        byte[] head = [(byte)(attack.Encoding.Length > 0 ? 1 : 0), 0, 0, 0, 0];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), attack.Body.Length);
        using var call = new HttpRequestMessage(HttpMethod.Post, new Uri(grpc, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([.. head, .. attack.Body]),
        };
        call.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        call.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (attack.Encoding.Length > 0)
            call.Headers.Add("grpc-encoding", attack.Encoding);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };
        using var answer = await http.SendAsync(call);
        var body = await answer.Content.ReadAsStringAsync();
        return (int.Parse(Trailer(answer, "grpc-status"), CultureInfo.InvariantCulture), Uri.UnescapeDataString(Trailer(answer, "grpc-message")) + body);
    }

    private static string Trailer(HttpResponseMessage answer, string name) =>
        answer.TrailingHeaders.TryGetValues(name, out var values) || answer.Headers.TryGetValues(name, out values) ? string.Concat(values) : "";

    private static async Task<Uri> GrpcAddressAsync(RunningHub hub)
    {
        const string said = "OTLP over gRPC is listened for on ";
        var line = await hub.Log.FirstAsync(line => line.Contains(said, StringComparison.Ordinal), TimeSpan.FromSeconds(20), said);
        return new Uri($"http://{line[(line.IndexOf(said, StringComparison.Ordinal) + said.Length)..]}");
    }

    internal static async Task<long> PeakKbAsync(RunningHub hub)
    {
        var line = (await File.ReadAllLinesAsync($"/proc/{hub.Pid}/status")).Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>One request, and what has to be answered.</summary>
    /// <param name="Name">What it is.</param>
    /// <param name="Path">Where it goes; empty: the door of gRPC.</param>
    /// <param name="Type">Its content type.</param>
    /// <param name="Encoding">Its encoding; empty: none.</param>
    /// <param name="Body">Its bytes.</param>
    /// <param name="Status">What is answered: HTTP's status, or gRPC's.</param>
    /// <param name="Said">A word of the answer.</param>
    private sealed record Attack(string Name, string Path, string Type, string Encoding, byte[] Body, int Status, string Said)
    {
        public override string ToString() => Name;
    }
}
