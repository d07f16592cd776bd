using System.IO.Pipelines;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Tests.Wire;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.RemoteWrite;

public sealed class RemoteWriteTests
{
    private const long T = Bodies.Time;

    private readonly RecordingSink _sink = new();
    private readonly Refusals _refusals = new();

    [Theory]
    [InlineData(WriteMessage.One)]
    [InlineData(WriteMessage.Two)]
    public async Task Samples_arrive_bit_for_bit(WriteMessage version)
    {
        double[] values = [0, -0.0, 1580, 0.1, double.MaxValue, double.Epsilon, double.NegativeInfinity, double.NaN, StaleMarker.Value];
        var sent = new Sent("__name__=up,job=permits") { Samples = [.. values.Select((value, i) => (value, T + i, 0L))] };

        var answer = await SendAsync(version, sent);

        Assert.Equal((204, 9, 0, 0), (answer.Status, answer.Samples, answer.Histograms, answer.Exemplars));
        Assert.Null(answer.Message);
        Assert.Equal(values.Select((value, i) => $"__name__=up,job=permits {RecordingSink.TextOf(value)} @{T + i}"), _sink.Stored);
    }

    [Fact]
    public async Task A_sample_keeps_its_start_and_a_time_before_1970()
    {
        await SendAsync(WriteMessage.Two, new Sent("__name__=a") { Samples = [(1, T, T - 5), (2, -7, 0)] });

        Assert.Equal([$"__name__=a 1 @{T} from {T - 5}", "__name__=a 2 @-7"], _sink.Stored);
    }

    [Theory]
    [InlineData(WriteMessage.One)]
    [InlineData(WriteMessage.Two)]
    public async Task Exemplars_and_metadata_come_along(WriteMessage version)
    {
        var answer = await SendAsync(version, new Sent("__name__=http_seconds_bucket,le=1")
        {
            Samples = [(5, T, 0)],
            Exemplars = [("span_id=2,trace_id=4bf9", 0.7, T - 3), ("", 0.8, T - 2)],
            Metadata = (3, "seconds", "How long answers take."),
        });

        Assert.Equal((204, 1, 2), (answer.Status, answer.Samples, answer.Exemplars));
        Assert.Contains($$"""exemplar __name__=http_seconds_bucket,le=1 {span_id="2", trace_id="4bf9"} 0.7 @{{T - 3}}""", _sink.Stored);
        Assert.Contains($"exemplar __name__=http_seconds_bucket,le=1 {{}} 0.8 @{T - 2}", _sink.Stored);
        // 1.0 names the family; 2.0 says it of a series, whose family is without the ending.
        var family = version == WriteMessage.One ? "http_seconds_bucket" : "http_seconds";
        Assert.Equal([new MetricMetadata(family, "histogram", "seconds", "How long answers take.")], _sink.Metadata);
    }

    [Fact]
    public async Task Metadata_said_of_each_series_of_a_metric_is_handed_on_once()
    {
        var series = Enumerable.Range(0, 50).Select(i => new Sent($"__name__=up,instance={i}") { Samples = [(1, T, 0)], Metadata = (2, "", "Is it up.") });

        await SendAsync(WriteMessage.Two, [.. series]);

        Assert.Equal([new MetricMetadata("up", "gauge", "", "Is it up.")], _sink.Metadata);
    }

    [Fact]
    public async Task What_a_store_does_not_keep_is_not_said_to_be_written()
    {
        _sink.KeepsExemplars = false;

        var answer = await SendAsync(WriteMessage.Two, new Sent("__name__=a") { Samples = [(1, T, 0)], Exemplars = [("trace_id=1", 1, T)] });

        Assert.Equal((204, 1, 0), (answer.Status, answer.Samples, answer.Exemplars));
        Assert.Equal([("write", "exemplar_not_kept", 1L)], _refusals.All);
    }

    [Fact]
    public async Task Labels_lie_where_they_lay_in_whatever_order_they_were_sent()
    {
        await SendAsync(WriteMessage.One, new Sent("job=permits,__name__=up") { Samples = [(1, T, 0)] });

        Assert.Equal([$"job=permits,__name__=up 1 @{T}"], _sink.Stored);
    }

    [Fact]
    public async Task Labels_with_other_fields_between_them_are_put_together()
    {
        var message = new ProtoWriter().Message(1, s => s
            .Message(2, p => p.Double(1, 7).Varint(2, T))
            .Message(1, l => l.Text(1, "job").Text(2, "permits"))
            .Varint(15, 3) // a field of a later version
            .Message(2, p => p.Varint(2, T + 1).Double(1, 8))
            .Message(1, l => l.Text(2, "up").Text(1, "__name__"))
            .Message(1, l => l.Text(1, "empty"))).ToArray();

        var answer = await SendAsync(message);

        Assert.Equal((204, 2), (answer.Status, answer.Samples));
        Assert.Equal([$"__name__=up,job=permits 7 @{T}", $"__name__=up,job=permits 8 @{T + 1}"], _sink.Stored);
    }

    [Theory]
    [InlineData("", "no_labels")]
    [InlineData("=x,__name__=a", "label_empty_name")]
    [InlineData("__name__=a,long=LONG-VALUE", "label_value")]
    [InlineData("__name__=a,LONG-NAME=1", "label_name")]
    [InlineData("__name__=a,b=12345678,c=12345678,d=12345678,e=12345678", "label_bytes")]
    [InlineData("__name__=a,b=1,c=1,d=1,e=1,f=1", "label_count")]
    public async Task A_series_that_is_wrong_costs_itself_and_is_named(string labels, string reason)
    {
        labels = labels.Replace("LONG-VALUE", new string('x', 17), StringComparison.Ordinal).Replace("LONG-NAME", new string('x', 13), StringComparison.Ordinal);
        var limits = new WriteLimits { Labels = new LabelLimits { CountMax = 5, NameBytesMax = 12, ValueBytesMax = 16, BytesMax = 40 } };
        foreach (var version in Enum.GetValues<WriteMessage>())
        {
            _sink.Stored.Clear();
            var before = CountOf(reason);

            var answer = await SendAsync(version, limits, new Sent("__name__=good") { Samples = [(1, T, 0)] }, new Sent(labels) { Samples = [(1, T, 0), (2, T + 1, 0)] });

            Assert.Equal((400, 1), (answer.Status, answer.Samples));
            Assert.StartsWith($"2 refused, 1 stored: 2 {reason}: ", answer.Message, StringComparison.Ordinal);
            Assert.Equal([$"__name__=good 1 @{T}"], _sink.Stored);
            Assert.Equal(before + 2, CountOf(reason));
        }
    }

    [Theory]
    [InlineData(WriteMessage.One)]
    [InlineData(WriteMessage.Two)]
    public async Task At_the_limits_of_labels_all_is_taken(WriteMessage version)
    {
        var limits = new WriteLimits { Labels = new LabelLimits { CountMax = 3, NameBytesMax = 12, ValueBytesMax = 16, BytesMax = 40 } };
        var answer = await SendAsync(version, limits, new Sent($"__name__=a,{new string('n', 12)}={new string('v', 16)},z=12") { Samples = [(1, T, 0)] });

        Assert.Equal((204, 1), (answer.Status, answer.Samples));
    }

    [Theory]
    [InlineData(64, 204)]
    [InlineData(65, 400)]
    [InlineData(10_000, 400)]
    public async Task Ten_thousand_labels_are_refused_as_too_many(int labels, int status)
    {
        var sent = new Sent(string.Join(',', Enumerable.Range(0, labels).Select(i => $"l{i:00000}={i}"))) { Samples = [(1, T, 0)] };

        Assert.Equal(status, (await SendAsync(WriteMessage.One, sent)).Status);
        Assert.Equal(status, (await SendAsync(WriteMessage.Two, sent)).Status);
    }

    [Theory]
    [InlineData("ff")]
    [InlineData("c080")] // a zero, written too long
    [InlineData("eda080")] // half a surrogate pair
    public async Task Labels_that_are_not_UTF_8_are_refused(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        var one = new ProtoWriter().Message(1, s => s.Message(1, l => l.Text(1, "__name__").Block(2, bytes)).Message(2, p => p.Double(1, 1).Varint(2, T))).ToArray();
        var two = new ProtoWriter().Text(4, "").Text(4, "__name__").Block(4, bytes)
            .Message(5, s => s.Packed(1, [1, 2]).Message(2, p => p.Double(1, 1).Varint(2, T))).ToArray();

        Assert.Contains("label_utf8", (await SendAsync(one)).Message);
        Assert.Contains("label_utf8", (await SendAsync(two, Two)).Message);
        Assert.Empty(_sink.Stored);
    }

    [Fact]
    public async Task Names_in_any_script_are_taken()
    {
        await SendAsync(WriteMessage.One, new Sent("__name__=tax-bot.ok,città=Zürich") { Samples = [(1, T, 0)] });
        await SendAsync(WriteMessage.Two, new Sent("__name__=税.ok") { Samples = [(1, T, 0)] });

        Assert.Equal([$"__name__=tax-bot.ok,città=Zürich 1 @{T}", $"__name__=税.ok 1 @{T}"], _sink.Stored);
    }

    [Fact]
    public async Task What_the_store_refuses_is_said_and_the_rest_is_written()
    {
        _sink.Refuses = (series, time) => time < T ? "late" : series.EndsWith("=b", StringComparison.Ordinal) ? "out_of_order" : null;

        var answer = await SendAsync(
            WriteMessage.Two, new Sent("__name__=a") { Samples = [(1, T - 1, 0), (2, T, 0)] }, new Sent("__name__=b") { Samples = [(3, T, 0)], Histograms = [Histogram] },
            new Sent("__name__=c") { Histograms = [Histogram] });

        Assert.Equal((400, 1, 1), (answer.Status, answer.Samples, answer.Histograms));
        Assert.Equal("3 refused, 2 stored: 2 out_of_order: __name__=b: refused as out_of_order; 1 late: __name__=a: refused as late", answer.Message);
        Assert.Equal([("write", "late", 1L), ("write", "out_of_order", 2L)], _refusals.All);
    }

    [Fact]
    public async Task A_store_that_cannot_write_now_is_asked_again_later()
    {
        _sink.Refuses = (_, _) => "read_only";

        var answer = await SendAsync(WriteMessage.One, new Sent("__name__=a") { Samples = [(1, T, 0)] });

        Assert.Equal((503, 10, 0), (answer.Status, answer.RetryAfter, answer.Samples));
    }

    [Theory]
    [InlineData("application/x-protobuf", "snappy", "0.1.0", 204)]
    [InlineData("application/x-protobuf", "snappy", null, 204)]
    [InlineData("Application/X-Protobuf; proto=prometheus.WriteRequest", "Snappy", "2.0.0", 204)]
    [InlineData("application/x-protobuf;proto=\"prometheus.WriteRequest\"", "snappy", "1.0", 204)]
    [InlineData("application/x-protobuf;proto=prometheus.WriteRequests", "snappy", "0.1.0", 415)]
    [InlineData("application/x-protobuf;proto=", "snappy", "0.1.0", 415)]
    [InlineData("application/json", "snappy", "0.1.0", 415)]
    [InlineData("", "snappy", "0.1.0", 415)]
    [InlineData(null, "snappy", "0.1.0", 415)]
    [InlineData("application/x-protobuf", "gzip", "0.1.0", 415)]
    [InlineData("application/x-protobuf", "zstd", "0.1.0", 415)]
    [InlineData("application/x-protobuf", "snappy, gzip", "0.1.0", 415)]
    [InlineData("application/x-protobuf", null, "0.1.0", 415)]
    [InlineData("application/x-protobuf", "snappy", "3.0.0", 400)]
    [InlineData("application/x-protobuf", "snappy", "new", 400)]
    public async Task What_is_sent_is_told_by_its_headers(string? type, string? encoding, string? version, int status)
    {
        var answer = await SendAsync(WriteMessages.One(new Sent("__name__=a") { Samples = [(1, T, 0)] }), new WriteRequestHead(type, encoding, version));

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 204 ? 1 : 0, _sink.Stored.Count);
    }

    [Fact]
    public async Task A_message_of_the_other_version_is_empty()
    {
        var two = await SendAsync(WriteMessages.Two(new Sent("__name__=a") { Samples = [(1, T, 0)] }));
        var one = await SendAsync(WriteMessages.One(new Sent("__name__=a") { Samples = [(1, T, 0)] }), Two);

        Assert.Equal((204, 0, 204, 0), (two.Status, two.Samples, one.Status, one.Samples));
    }

    [Theory]
    [InlineData(0, 204)]
    [InlineData(1, 413)]
    public async Task A_body_at_its_limit_is_taken_and_a_byte_more_is_not(int more, int status)
    {
        var packed = Bodies.Pack(Bodies.Fleet(100, 4));
        var limits = new WriteLimits { PackedBytesMax = packed.Length - more };

        Assert.Equal(status, (await AcceptAsync(packed, One, limits)).Status);
        Assert.Equal(status, (await AcceptAsync(packed, One with { ContentLength = packed.Length }, limits)).Status);
        Assert.Equal(more == 0 ? [] : [("write", "packed_limit", 2L)], _refusals.All);
    }

    [Theory]
    [InlineData(0, 204)]
    [InlineData(1, 413)]
    public async Task A_body_that_unpacks_to_its_limit_is_taken_and_a_byte_more_is_not(int more, int status)
    {
        var body = Bodies.Fleet(100, 4);

        Assert.Equal(status, (await AcceptAsync(Bodies.Pack(body), One, new WriteLimits { DecodedBytesMax = body.Length - more })).Status);
    }

    [Theory]
    [InlineData(50, 204)]
    [InlineData(51, 413)]
    public async Task Series_are_counted(int series, int status)
    {
        var sent = Enumerable.Range(0, series).Select(i => new Sent($"__name__=a,i={i}") { Samples = [(1, T, 0)] }).ToArray();
        var limits = new WriteLimits { SeriesMax = 50 };

        Assert.Equal(status, (await SendAsync(WriteMessage.One, limits, sent)).Status);
        Assert.Equal(status, (await SendAsync(WriteMessage.Two, limits, sent)).Status);
        Assert.Equal(status == 204 ? 100 : 0, _sink.Stored.Count);
    }

    [Theory]
    [InlineData(50, 204)]
    [InlineData(51, 413)]
    public async Task Samples_are_counted(int samples, int status)
    {
        var sent = new Sent("__name__=a") { Samples = [.. Enumerable.Range(0, samples).Select(i => (1.0, T + i, 0L))] };
        var limits = new WriteLimits { SamplesMax = 50 };

        Assert.Equal(status, (await SendAsync(WriteMessage.One, limits, sent)).Status);
        Assert.Equal(status, (await SendAsync(WriteMessage.Two, limits, sent)).Status);
    }

    [Fact]
    public async Task A_declared_length_of_4_GiB_costs_nothing()
    {
        byte[] bomb = [0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61];
        var intake = Intake(new WriteLimits());
        await AcceptAsync(intake, Bodies.Pack([]), One);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var answer = await AcceptAsync(intake, bomb, One);

        Assert.Equal((413, "decoded_limit"), (answer.Status, _refusals.All[^1].Reason));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public async Task A_body_that_promises_a_hundred_times_itself_is_a_bomb()
    {
        byte[] bomb = [0x80, 0x80, 0x80, 0x08, .. new byte[100]]; // 16 MiB out of 104 bytes

        var answer = await AcceptAsync(bomb, One, new WriteLimits());

        Assert.Equal((413, "ratio"), (answer.Status, _refusals.All[^1].Reason));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not snappy at all")]
    [InlineData("\u0005\u0010hel")]
    public async Task A_body_that_is_not_snappy_is_refused(string body)
    {
        var answer = await AcceptAsync(System.Text.Encoding.UTF8.GetBytes(body), One, new WriteLimits());

        Assert.Equal((400, "not_snappy"), (answer.Status, _refusals.All[^1].Reason));
    }

    [Fact]
    public async Task A_door_whose_memory_is_used_up_says_come_again()
    {
        var limits = new WriteLimits { PackedBytesMax = 1 << 20, DecodedBytesMax = 1 << 20, MemoryBytesMax = 1 };
        var intake = Intake(limits);
        var pipes = Enumerable.Range(0, 40).Select(_ => new Pipe()).ToList();
        var waiting = pipes.ConvertAll(pipe => intake.AcceptAsync(One, pipe.Reader, CancellationToken.None));
        foreach (var pipe in pipes)
            await pipe.Writer.WriteAsync(new byte[200_000]); // and no end: each holds what it has sent
        foreach (var pipe in pipes)
            await pipe.Writer.CompleteAsync();
        var answers = await Task.WhenAll(waiting);

        Assert.Contains(answers, answer => answer is { Status: 503, RetryAfter: 1 });
        Assert.Equal(0, intake.BytesHeld);
    }

    [Fact]
    public async Task An_endless_body_ends_at_the_limit()
    {
        var pipe = new Pipe();
        var limits = new WriteLimits { PackedBytesMax = 1 << 20 };
        var answer = Intake(limits).AcceptAsync(One, pipe.Reader, CancellationToken.None);
        var sent = 0;
        while (!answer.IsCompleted)
        {
            await Task.WhenAny(answer, pipe.Writer.WriteAsync(new byte[10_000]).AsTask()); // once the door is shut nobody makes room in the pipe
            sent += 10_000;
            Assert.InRange(sent, 0, 2 << 20);
        }

        Assert.Equal(413, (await answer).Status);
    }

    [Fact]
    public async Task Who_hangs_up_leaves_nothing_behind()
    {
        var pipe = new Pipe();
        using var gone = new CancellationTokenSource();
        var intake = Intake(new WriteLimits());
        var answer = intake.AcceptAsync(One, pipe.Reader, gone.Token);
        await pipe.Writer.WriteAsync(new byte[100]);
        gone.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Equal(0, intake.BytesHeld);
    }

    private static WriteRequestHead One { get; } = new("application/x-protobuf", "snappy", "0.1.0");

    private static WriteRequestHead Two { get; } = new("application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", "2.0.0");

    private static void Histogram(ProtoWriter h) => h.Varint(1, 1).Double(3, 2).Message(11, s => s.Varint(2, 1)).PackedSigned(12, [1]).Varint(15, T);

    private long CountOf(string reason) => _refusals.All.FirstOrDefault(r => r.Reason == reason).Count;

    private RemoteWriteIntake Intake(WriteLimits limits) => new(_sink, _refusals, limits);

    private Task<WriteAnswer> SendAsync(WriteMessage version, params Sent[] series) => SendAsync(version, new WriteLimits(), series);

    private Task<WriteAnswer> SendAsync(WriteMessage version, WriteLimits limits, params Sent[] series) =>
        version == WriteMessage.One ? AcceptAsync(Bodies.Pack(WriteMessages.One(series)), One, limits) : AcceptAsync(Bodies.Pack(WriteMessages.Two(series)), Two, limits);

    private Task<WriteAnswer> SendAsync(byte[] message, WriteRequestHead? head = null) => AcceptAsync(Bodies.Pack(message), head ?? One, new WriteLimits());

    private Task<WriteAnswer> AcceptAsync(byte[] packed, WriteRequestHead head, WriteLimits limits) => AcceptAsync(Intake(limits), packed, head);

    private static Task<WriteAnswer> AcceptAsync(RemoteWriteIntake intake, byte[] packed, WriteRequestHead head) =>
        intake.AcceptAsync(head, PipeReader.Create(new MemoryStream(packed)), CancellationToken.None);
}
