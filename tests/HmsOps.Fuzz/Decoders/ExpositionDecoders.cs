using System.Text;
using HmsOps.Fuzz.Harness;
using HmsOps.Observe.Exposition;
using HmsOps.Observe.Scrape.Discovery;
using HmsOps.Observe.Tests.Wire;
using HmsOps.Series;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>What targets answer: expositions in their three formats, the header that says which, and the lists that name the targets.</summary>
static class ExpositionDecoders
{
    const int LineMax = 1024;

    static readonly string[] Words =
    [
        "# TYPE ", "# HELP ", "# UNIT ", "# EOF\n", "\n", " ", "{", "}", "=\"", "\"", ",", "\\", "\\n", "_total", "_bucket", "_created", "_sum", "_count", "le=\"+Inf\"", "quantile=\"0.5\"", " # {", "counter", "gauge",
        "histogram", "gaugehistogram", "stateset", "NaN", "+Inf", "-Inf", "1e999", "0x1p3", "1795190400.123", "-1", "ü", "\r", "{\"a.b\"", "untyped",
    ];

    public static IReadOnlyList<Decoder> All =>
    [
        new("exposition-text", input => ReadText(input, isOpen: false)) { Seeds = TextSeeds, Words = Words, AllocationPerByte = 600, AllocationBase = 128 << 10, Share = 250 },
        new("openmetrics", input => ReadText(input, isOpen: true)) { Seeds = OpenSeeds, Words = Words, AllocationPerByte = 600, AllocationBase = 128 << 10, Share = 250 },
        new("exposition-protobuf", ReadProtobuf) { Seeds = ProtobufSeeds, AllocationPerByte = 2000, AllocationBase = 256 << 10, Share = 200 },
        new("exposition-number", ReadNumber) { Seeds = NumberSeeds, Words = ["NaN", "+Inf", "-inf", "infinity", "e", "E", "-", "+", ".", "0x", "_"], InputBytesMax = 64, Share = 500 },
        new("content-type", ReadContentType) { Seeds = ContentTypeSeeds, Words = [";", "=", "\"", "proto", "encoding=delimited", "application/", "text/plain", "q=0.5", ","], InputBytesMax = 256, Share = 300 },
        new("targets-json", ReadTargetsJson) { Seeds = TargetsJsonSeeds, Words = ["{", "}", "[", "]", ",", ":", "\"targets\"", "\"labels\"", "\"a:1\"", "null", "1", "\"\\ud800\""], AllocationPerByte = 800, Share = 40 },
        new("targets-yaml", ReadTargetsYaml) { Seeds = TargetsYamlSeeds, Words = WorkspaceDecoders.YamlWords, AllocationBase = 512 << 10, AllocationPerByte = 8000, Share = 15 },
    ];

    static Reading ReadText(ReadOnlyMemory<byte> input, bool isOpen)
    {
        var sum = new Sum();
        var flaw = TextExposition<Taker>.Read(input.Span, isOpen, LineMax, new Taker(sum));
        return Told(flaw, sum);
    }

    static Reading ReadProtobuf(ReadOnlyMemory<byte> input)
    {
        var (one, both) = (new Sum(), new Sum());
        var flaw = ProtobufExposition<Taker>.Read(input.Span, classicToo: false, new Taker(one));
        var flawToo = ProtobufExposition<Taker>.Read(input.Span, classicToo: true, new Taker(both));
        Unless(flaw is not null || flawToo is not null || both.Samples >= one.Samples, "with classic series there are fewer");
        return Told(flaw, one);
    }

    static Reading Told(ExpositionFlaw? flaw, Sum sum)
    {
        Unless(flaw is null || flaw.Message.Length > 0, "it is refused without a word");
        return flaw is null ? Reading.Accepted($"{sum.Samples} samples, {sum.Histograms} histograms, {sum.Exemplars} exemplars, {sum.Said} words", sum.Digest) : new Reading(false, flaw.Message, sum.Digest.Value);
    }

    // What labels carry is read back as the same number.
    static Reading ReadNumber(ReadOnlyMemory<byte> input)
    {
        _ = ExpositionNumber.TryReadMilliseconds(input.Span, out _);
        _ = ExpositionNumber.TryReadSeconds(input.Span, out _);
        if (!ExpositionNumber.TryRead(input.Span, out var number))
            return Reading.Refused("no number");
        var text = NumberText.InLabel(number);
        Unless(ExpositionNumber.TryRead(Encoding.ASCII.GetBytes(text), out var again), $"{text} does not read back");
        Unless(BitConverter.DoubleToInt64Bits(again) == BitConverter.DoubleToInt64Bits(number) || number == 0, $"{text} reads back as {again:R}, not {number:R}");
        var digest = new Digest();
        digest.Add(number);
        return Reading.Accepted(text.Contains('e') ? "number with exponent" : double.IsFinite(number) ? "number" : text, digest);
    }

    static Reading ReadContentType(ReadOnlyMemory<byte> input) =>
        ContentFormat.Of(Encoding.UTF8.GetString(input.Span)) is { } format ? Reading.Accepted(format.ToString()) : Reading.Refused("none of the formats");

    static Reading ReadTargetsJson(ReadOnlyMemory<byte> input) => ReadTargets(() => TargetListReader.ReadJson("targets.json", input));

    static Reading ReadTargetsYaml(ReadOnlyMemory<byte> input) => ReadTargets(() => TargetListReader.ReadYaml("targets.yaml", input));

    static Reading ReadTargets(Func<List<TargetGroup>> read)
    {
        try
        {
            var groups = read();
            var digest = new Digest();
            foreach (var group in groups)
            {
                foreach (var address in group.Addresses)
                    digest.Add(address);
                foreach (var (name, value) in group.Labels)
                {
                    digest.Add(name);
                    digest.Add(value);
                }
            }
            return Reading.Accepted($"{groups.Count} groups, {groups.Sum(group => group.Addresses.Count)} targets", digest);
        }
        catch (DiscoveryException e)
        {
            return Reading.Refused(e.Message);
        }
    }

    sealed class Sum
    {
        public Digest Digest;

        public int Samples { get; set; }

        public int Histograms { get; set; }

        public int Exemplars { get; set; }

        public int Said { get; set; }

        public LabelDraft Labels { get; } = new();
    }

    readonly struct Taker(Sum sum) : IExpositionTaker
    {
        public TakeFault? Sample(in SeriesKey key, double value, long? time, long start)
        {
            if (Series(key) is { } fault)
                return fault;
            sum.Samples++;
            sum.Digest.Add(value);
            sum.Digest.Add(time ?? -1);
            sum.Digest.Add(start);
            return null;
        }

        public TakeFault? Histogram(in SeriesKey key, NativeHistogram histogram, long? time, long start)
        {
            if (Series(key) is { } fault)
                return fault;
            sum.Histograms++;
            ChunkDecoders.Add(ref sum.Digest, histogram);
            sum.Digest.Add(time ?? -1);
            sum.Digest.Add(start);
            for (var i = 1; i < histogram.Positive.Count; i++)
                Unless(histogram.Positive[i].Index > histogram.Positive[i - 1].Index, "buckets do not ascend");
            return null;
        }

        public void Exemplar(Labels labels, double value, long? time)
        {
            sum.Exemplars++;
            sum.Digest.Add(labels.Bytes);
            sum.Digest.Add(value);
            sum.Digest.Add(time ?? -1);
        }

        public void Describe(ReadOnlySpan<byte> family, FamilyWord word, ReadOnlySpan<byte> text, bool isEscaped)
        {
            sum.Said++;
            sum.Digest.Add(family);
            sum.Digest.Add(isEscaped ? SeriesText.Unescape(text) : Encoding.UTF8.GetString(text));
        }

        TakeFault? Series(in SeriesKey key)
        {
            sum.Labels.Clear();
            if (SeriesText.Read(key, sum.Labels) is { } fault)
            {
                Unless(fault.Offset <= key.Text.Length, $"a fault at {fault.Offset} of {key.Text.Length} bytes");
                return fault;
            }
            sum.Digest.Add(sum.Labels.Build().Bytes);
            return null;
        }
    }

    static IEnumerable<(string, byte[])> TextSeeds() =>
    [
        ("plain", [.. """
            # HELP http_requests_total All of them, "escaped" \\ and \n.
            # TYPE http_requests_total counter
            http_requests_total{code="200",path="/a b\\c\"d\n"} 1027 1795190400000
            http_requests_total { code = "500" , } 3
            # TYPE latency histogram
            latency_bucket{le="0.1"} 1
            latency_bucket{le="+Inf"} 3
            latency_sum 12.5e-1
            latency_count 3
            # TYPE q summary
            q{quantile="0.99"} NaN
            {"tax-bot.ok",zone="ü"} +Inf

            """u8]),
    ];

    static IEnumerable<(string, byte[])> OpenSeeds() =>
    [
        ("plain", [.. """
            # HELP http_requests All of them.
            # TYPE http_requests counter
            # UNIT latency_seconds seconds
            http_requests_total{code="200"} 1027 1795190400.123 # {trace_id="4bf92f"} 0.5 1795190399.5
            http_requests_created{code="200"} 1795190000.0
            # TYPE latency_seconds histogram
            latency_seconds_bucket{le="0.1"} 1 # {} 0.05
            latency_seconds_bucket{le="+Inf"} 3
            latency_seconds_sum 12.5
            latency_seconds_count 3
            # TYPE s stateset
            s{s="a"} 1
            {"tax-bot.ok",zone="ü"} -Inf
            # EOF

            """u8]),
    ];

    static IEnumerable<(string, byte[])> ProtobufSeeds()
    {
        yield return ("families",
        [
            .. Delimited(f => f.Text(1, "a").Text(2, "A help").Varint(3, 1).Text(5, "s").Message(4, m => m.Message(1, l => l.Text(1, "x").Text(2, "1")).Message(2, g => g.Double(1, 2.5)).Varint(6, 99))),
            .. Delimited(f => f.Text(1, "tax-bot.ok").Varint(3, 0).Message(4, m => m.Message(3, c => c.Double(1, 7).Message(2, e => e.Message(1, l => l.Text(1, "trace_id").Text(2, "x")).Double(2, 1)).Message(3, t => t.Varint(1, 1_700_000_000))))),
            .. Delimited(f => f.Text(1, "s").Varint(3, 2).Message(4, m => m.Message(4, q => q.Varint(1, 3).Double(2, 6).Message(3, v => v.Double(1, 0.5).Double(2, 2))))),
            .. Delimited(f => f.Text(1, "h").Varint(3, 4).Message(4, m => m.Message(7, h => h.Varint(1, 5).Double(2, 10).Message(3, b => b.Varint(1, 2).Double(2, 1))))),
        ]);
        yield return ("native", Delimited(f => f.Text(1, "n").Varint(3, 4).Message(4, m => m.Message(7, h => h
            .Varint(1, 6).Double(2, 12.5).Raw(5 << 3).Raw(Varint.ZigZag(1)).Double(6, 0.001).Varint(7, 1)
            .Message(12, s => s.Raw(1 << 3).Raw(Varint.ZigZag(-1)).Varint(2, 2)).Message(12, s => s.Raw(1 << 3).Raw(Varint.ZigZag(1)).Varint(2, 1)).PackedSigned(13, 1, 1, -1)
            .Message(9, s => s.Raw(1 << 3).Raw(0).Varint(2, 1)).PackedSigned(10, 1).Message(3, b => b.Varint(1, 4).Double(2, 1)).Message(15, t => t.Varint(1, 1_700_000_000))))));
    }

    static byte[] Delimited(Action<ProtoWriter> family)
    {
        var message = new ProtoWriter();
        family(message);
        var bytes = message.ToArray();
        return [.. new ProtoWriter().Raw((ulong)bytes.Length).ToArray(), .. bytes];
    }

    static IEnumerable<(string, byte[])> NumberSeeds() =>
        ((string[])["0", "-1.5", "1795190400.123", "1e21", "123456789012345678", "9007199254740993", "0.1", "+Inf", "nan", "4.9e-324", "1.7976931348623157e308", "1e15"]).Select((text, i) => ($"{i:00}", Encoding.ASCII.GetBytes(text)));

    static IEnumerable<(string, byte[])> ContentTypeSeeds() =>
    [
        ("protobuf", [.. "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"u8]),
        ("openmetrics", [.. "application/openmetrics-text; version=1.0.0; charset=utf-8"u8]),
        ("text", [.. "text/plain; version=0.0.4; charset=utf-8; escaping=\"values\""u8]),
    ];

    static IEnumerable<(string, byte[])> TargetsJsonSeeds() => [("list", [.. """[{"targets": ["a:9100", "b:9100"], "labels": {"env": "prod"}}, {"targets": [], "labels": null}]"""u8])];

    static IEnumerable<(string, byte[])> TargetsYamlSeeds() => [("list", [.. "- targets: [a:9100, 'b:9100']\n  labels:\n    env: prod\n- targets:\n  - c:1\n"u8])];
}
