using HmsOps.Fuzz.Harness;
using HmsOps.Observe;
using HmsOps.Observe.Influx;
using HmsOps.Observe.Otlp;
using HmsOps.Observe.Push;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Tests.RemoteWrite;
using HmsOps.Observe.Wire;
using HmsOps.Series;
using HmsOps.Simulation.Time;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;
using static HmsOps.Observe.Tests.Otlp.Request;

namespace HmsOps.Fuzz.Decoders;

/// <summary>What is pushed at the doors: remote write 1 and 2, OTLP in both forms, Influx lines, the hub's own JSON.</summary>
static class MetricDoorDecoders
{
    static readonly DateTimeOffset Arrival = DateTimeOffset.FromUnixTimeMilliseconds(SeedSamples.Time);

    public static IReadOnlyList<Decoder> All =>
    [
        new("remote-write-1", input => ReadWrite(input, WriteMessage.One)) { Seeds = WriteOneSeeds, AllocationBase = 512 << 10, AllocationPerByte = 2000, Share = 200 },
        new("remote-write-2", input => ReadWrite(input, WriteMessage.Two)) { Seeds = WriteTwoSeeds, AllocationBase = 512 << 10, AllocationPerByte = 2000, Share = 200 },
        new("otlp-protobuf", ReadOtlp) { Seeds = OtlpSeeds, AllocationBase = 1 << 20, AllocationPerByte = 8000, Share = 80 },
        new("otlp-json", ReadOtlpJson) { Seeds = OtlpJsonSeeds, Words = OtlpWords, InputBytesMax = 8192, AllocationBase = 1 << 20, AllocationPerByte = 8000, Share = 40 },
        new("influx", ReadInflux)
        {
            Seeds = InfluxSeeds,
            Words = [",", " ", "=", "\\", "\\ ", "\\,", "\"", "\n", "\r\n", "i", "u", "true", "f", "1e309", "-", "NaN", "#", "\t", "value=", "=1i", "\"te\nxt\"", "9223372036854775807", "ü"],
            AllocationBase = 1 << 20, AllocationPerByte = 4000, Share = 40,
        },
        new("push", ReadPush)
        {
            Seeds = PushSeeds,
            Words = ["{", "}", "[", "]", ",", ":", "\n", "\"name\"", "\"val\"", "\"vals\"", "\"ts\"", "\"id\"", "\"type\"", "\"labels\"", "\"gauge\"", "\"observation\"", "1e999", "-0", "null", "\"\\ud800\"", "\"__x\"", "NaN"],
            AllocationBase = 256 << 10, AllocationPerByte = 2000, Share = 80,
        },
    ];

    static readonly string[] OtlpWords =
    [
        "{", "}", "[", "]", ",", ":", "\"resourceMetrics\"", "\"scopeMetrics\"", "\"metrics\"", "\"dataPoints\"", "\"asDouble\"", "\"asInt\"", "\"NaN\"", "\"Infinity\"", "\"18446744073709551615\"", "1e999", "null",
        "\"attributes\"", "\"arrayValue\":{\"values\":[", "\"kvlistValue\"", "\"bytesValue\":\"AA==\"", "\"explicitBounds\"", "\"bucketCounts\"", "\"exponentialHistogram\"", "\"scale\"", "\"traceId\"", "\"\\ud800\"", "-1", "0.5",
    ];

    static Reading ReadWrite(ReadOnlyMemory<byte> input, WriteMessage message)
    {
        var decoder = new WriteDecoder(new WriteLimits());
        if (!decoder.TryDecode(input, message))
        {
            Unless(decoder.Fault is { Status: 400 or 413 }, "nothing is taken, and nobody says why");
            return Reading.Refused(decoder.Fault!.Sentence); // not null: the line above
        }
        var digest = new Digest();
        Add(ref digest, decoder.Batch);
        digest.Add((ulong)decoder.Refused.Items);
        _ = decoder.Refused.ToString();
        return Reading.Accepted($"{decoder.Batch.SeriesCount} series, {decoder.Batch.Count} samples, {decoder.Histograms} histograms, {decoder.Batch.Exemplars.Count} exemplars, {decoder.Refused}", digest);
    }

    static Reading ReadOtlp(ReadOnlyMemory<byte> input)
    {
        var memory = new SeriesMemory(1 << 20);
        var decoder = new MetricsDecoder(new OtlpLimits());
        if (!decoder.TryDecode(input, memory, SeedSamples.Time))
        {
            Unless(decoder.Fault is { Verdict: OtlpVerdict.Malformed or OtlpVerdict.TooLarge }, "nothing is taken, and nobody says why");
            return Reading.Refused(decoder.Fault!.Message); // not null: the line above
        }
        var first = SumOf(decoder);
        var outcome = $"{decoder.Points} points, {decoder.RejectedPoints} rejected, {decoder.Batch.Count} samples, {decoder.Observations.Items.Count} observations, {decoder.Refused}";
        Unless(decoder.RejectedPoints <= decoder.Points, $"{decoder.RejectedPoints} of {decoder.Points} points are rejected");
        Unless(decoder.TryDecode(input, memory, SeedSamples.Time), "the same request is refused the second time");
        Unless(SumOf(decoder).Value == first.Value, "a request whose series are known is read as another one");
        return Reading.Accepted(outcome, first);
    }

    static Digest SumOf(MetricsDecoder decoder)
    {
        var digest = new Digest();
        Add(ref digest, decoder.Batch);
        foreach (var item in decoder.Observations.Items)
        {
            digest.Add(item.Series.Bytes);
            digest.Add((ulong)item.Kind);
            if (item.Histogram is { } histogram)
                ChunkDecoders.Add(ref digest, histogram);
            else
                digest.Add(item.Value);
        }
        digest.Add(decoder.RejectedPoints);
        digest.Add(decoder.Refused.ToString());
        return digest;
    }

    static Reading ReadOtlpJson(ReadOnlyMemory<byte> input)
    {
        var limits = new OtlpLimits();
        var budget = new ByteBudget(64 << 20);
        using var binary = new Observe.Wire.MessageWriter(8 << 20, budget);
        try
        {
            if (!JsonRequest.TryWrite(input.Span, binary))
                return Reading.Refused(binary.IsBusy ? "no room" : "too large");
        }
        catch (System.Text.Json.JsonException e)
        {
            return Reading.Refused(e.Message);
        }
        catch (InvalidOperationException) // as its summary says
        {
            return Reading.Refused("a text that is not UTF-8");
        }
        return ReadOtlp(binary.Bytes);
    }

    static Reading ReadInflux(ReadOnlyMemory<byte> input)
    {
        var limits = new InfluxLimits { LineBytesMax = 1024 };
        var (whole, outcome) = Lines(input.ToArray(), limits, input.Length);
        foreach (var part in (int[])[1, 7, 64])
        {
            var (parted, said) = Lines(input.ToArray(), limits, Math.Max(part, 1));
            Unless(parted.Value == whole.Value, $"read {part} bytes at a time it is something else: {outcome}; {said}");
        }
        return new Reading(!outcome.StartsWith("0 samples", StringComparison.Ordinal), outcome, whole.Value);
    }

    // As the door reads a body that comes piece by piece: what is left of one stands before the next.
    static (Digest, string) Lines(byte[] input, InfluxLimits limits, int piece)
    {
        var reader = new InfluxReader(limits);
        reader.Begin(InfluxPrecision.Nanoseconds, Arrival);
        var sink = new SummingSink();
        var (from, to) = (0, Math.Min(piece, input.Length));
        while (true)
        {
            var isLast = to == input.Length;
            var read = reader.Read(input.AsSpan(from, to - from), isLast);
            var storing = reader.StoreAsync(sink);
            Unless(storing.IsCompletedSuccessfully, "it waits for nothing");
            from += read;
            if (isLast && from == to)
                break;
            Unless(!isLast || read > 0, "the end of the body is never read");
            to = Math.Min(to + piece, input.Length);
        }
        var digest = sink.Digest;
        digest.Add(reader.Taken);
        digest.Add(reader.Texts);
        digest.Add(reader.Lines);
        digest.Add(reader.Refused.ToString());
        return (digest, $"{reader.Taken} samples, {reader.Texts} texts, {reader.Refused}");
    }

    static Reading ReadPush(ReadOnlyMemory<byte> input)
    {
        var sink = new SummingSink();
        var intake = new PushIntake(sink, new Refusals(), new PushLimits { ItemsMax = 100 }, new VirtualTime(Arrival));
        var task = intake.AcceptAsync(input, CancellationToken.None);
        Unless(task.IsCompleted, "it waits for nothing");
        var answer = task.GetAwaiter().GetResult();
        Unless(answer.Status is 200 or 400 or 413 or 422, $"it answers {answer.Status}");
        Unless(answer.Status != 400 || answer.Error is not null, "nothing is taken, and nobody says why");
        return new Reading(answer.Status == 200, answer.Error ?? $"{answer.Taken} taken, {string.Join(' ', answer.Refused.Select(refused => refused.Reason))}", sink.Digest.Value);
    }

    public static void Add(ref Digest digest, SampleBatch batch)
    {
        for (var i = 0; i < batch.SeriesCount; i++)
        {
            ReadOnlySpan<byte> key = batch.KeyOf(i).Span;
            while (!key.IsEmpty)
            {
                Unless(LabelBytes.TryRead(ref key, out var name, out var value), "a key holds what LabelBytes cannot read");
                digest.Add(name);
                digest.Add(value);
            }
        }
        for (var i = 0; i < batch.Count; i++)
        {
            Unless((uint)batch.SampleSeries[i] < (uint)batch.SeriesCount, "a sample is of no series");
            digest.Add((long)batch.SampleSeries[i]);
            digest.Add(batch.Times[i]);
            digest.Add(batch.Starts.IsEmpty ? 0 : batch.Starts[i]);
            if (!batch.Histograms.IsEmpty && batch.Histograms[i] is { } histogram)
                ChunkDecoders.Add(ref digest, histogram);
            else
                digest.Add(batch.Values[i]);
        }
        foreach (var exemplar in batch.Exemplars)
        {
            Unless((uint)exemplar.Series < (uint)batch.SeriesCount, "an exemplar is of no series");
            digest.Add(exemplar.Labels.Bytes);
            digest.Add(exemplar.Value);
            digest.Add(exemplar.Time);
        }
        foreach (var said in batch.Metadata)
            digest.Add($"{said.Metric} {said.Type} {said.Unit} {said.Help}");
    }

    static readonly Sent[] SentSeries =
    [
        new("__name__=up,instance=a:9100,job=node") { Samples = { (1, SeedSamples.Time, 0), (0, SeedSamples.Time + 15_000, SeedSamples.Time) }, Metadata = (2, "", "Is it there?") },
        new("__name__=http_requests_total,code=200,job=permit-svc")
        {
            Samples = { (1234.5, SeedSamples.Time, 0) },
            Exemplars = { ("trace_id=4bf92f", 0.25, SeedSamples.Time) },
            Metadata = (1, "s", "All of them."),
        },
        new("__name__=latency_seconds,job=permit-svc")
        {
            Histograms =
            {
                h => h.Varint(1, 10).Double(3, 12.5).Raw((4 << 3) | 0).Raw(Varint.ZigZag(3)).Double(5, 1e-128).Varint(6, 2)
                    .Message(11, s => s.Raw(1 << 3).Raw(Varint.ZigZag(-1)).Varint(2, 2)).PackedSigned(12, 3, 1).Varint(15, (ulong)SeedSamples.Time),
                h => h.Double(2, 4.5).Double(3, 1).Raw((4 << 3) | 0).Raw(Varint.ZigZag(-53)).Message(11, s => s.Raw(1 << 3).Raw(0).Varint(2, 2))
                    .PackedDoubles(13, 2, 2.5).Varint(15, (ulong)SeedSamples.Time).PackedDoubles(16, 0.1, 1),
            },
        },
    ];

    static IEnumerable<(string, byte[])> WriteOneSeeds() => [("all", WriteMessages.One(SentSeries)), ("one", WriteMessages.One(SentSeries[0]))];

    static IEnumerable<(string, byte[])> WriteTwoSeeds() => [("all", WriteMessages.Two(SentSeries)), ("one", WriteMessages.Two(SentSeries[0]))];

    static Observe.Tests.Otlp.Message Everything => With(
        Resource(("service.name", "permit-svc"), ("service.instance.id", "i"), ("list", new object[] { 1, "a", new (string, object)[] { ("k", 2.5) } })),
        Scope("lib", "1", ("x", true)),
        Gauge("g", "By", Number(1.5, ("a", "b")), Integer(7)),
        Sum("c", "1", Cumulative, true, Integer(41).Children("exemplars", 5, new Observe.Tests.Otlp.Message().Double("asDouble", 3, 2).Hex("traceId", 5, "4bf92f3577b34da6a3ce929d0e0e4736"))),
        Sum("d", "", Delta, true, Integer(2)),
        Histogram("h", "s", Cumulative, Classic(6, 1.25, [0.005, 2.5], [1, 2, 3])),
        Histogram("hd", "s", Delta, Classic(6, 1.25, [0.005, 2.5], [1, 2, 3])),
        Exponential("e", "s", Cumulative, Native(3, 9, 4, 1, (-2, [1, 0, 2]), (4, [5]))),
        Summary("q", "", Quantiles(4, 17, (0, 1), (0.99, 9.5))));

    static Observe.Tests.Otlp.Message Little => With(Resource(("service.name", "a")), Scope(""), Gauge("g", "By", Number(1.5, ("a", "b"))));

    static IEnumerable<(string, byte[])> OtlpSeeds() => [("everything", Everything.Protobuf()), ("little", Little.Protobuf())];

    static IEnumerable<(string, byte[])> OtlpJsonSeeds() => [("everything", Everything.JsonBytes()), ("little", Little.JsonBytes())];

    static IEnumerable<(string, byte[])> InfluxSeeds() =>
    [
        ("telegraf", [.. """
            cpu,cpu=cpu-total,host=permit-01 usage_user=12.5,usage_idle=80.25,usage_iowait=0 1795190400000000000
            mem,host=permit-01 used=1234567i,total=8000000u,ok=true,text="half full" 1795190400000000000
            disk,path=/var/lib\ x,device=sda\,1 free=5i

            """u8]),
        ("odd", [.. "# a comment\nm value=1 1\r\n\n  m,a=b f=\"te\nxt\",g=-1e-3,h=f 1795190400000000000\nm\\ n,t\\=u=v\\,w x\\=y=2\nbroken\n,x=1 y=2\nm x=1e999\n"u8]),
    ];

    static IEnumerable<(string, byte[])> PushSeeds() =>
    [
        ("one", [.. """{"name": "county_api_ms", "val": 112, "id": "a-1"}"""u8]),
        ("list", [.. """[{"name":"a","val":1.5,"ts":1795190400,"labels":{"env":"prod"}},{"name":"b","vals":[1,2,3],"id":"x"},{"name":"c","val":2,"type":"counter"},{"val":"x"},3]"""u8]),
        ("lines", [.. "{\"name\":\"a\",\"val\":1}\n{\"name\":\"b\",\"val\":2,\"type\":\"gauge\",\"labels\":{\"ü\":\"𝄞\"}}\n"u8]),
    ];

    /// <summary>A store that takes all it is given, and sums it up. Answers at once.</summary>
    sealed class SummingSink : ISeriesSink
    {
        Digest _digest;

        public Digest Digest => _digest;

        ValueTask<AppendResult> ISeriesSink.AppendAsync(SampleBatch batch, CancellationToken cancellationToken)
        {
            // Sample by sample, for how they are put together is not the same when a body comes in pieces.
            for (var i = 0; i < batch.Count; i++)
            {
                _digest.Add(batch.KeyOf(batch.SampleSeries[i]).Span);
                _digest.Add(batch.Times[i]);
                _digest.Add(batch.Values[i]);
            }
            return ValueTask.FromResult(AppendResult.All(batch.Count));
        }

        ValueTask<AppendResult> ISeriesSink.ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken)
        {
            foreach (var item in batch.Items)
            {
                _digest.Add(item.Series.Bytes);
                _digest.Add(item.Value);
                _digest.Add(item.Id);
            }
            return ValueTask.FromResult(AppendResult.All(batch.Items.Count));
        }
    }
}
