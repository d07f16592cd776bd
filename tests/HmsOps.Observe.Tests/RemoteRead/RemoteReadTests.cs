using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using HmsOps.Observe.History;
using HmsOps.Observe.RemoteRead;
using HmsOps.Observe.Tests.Prometheus;
using HmsOps.Observe.Wire;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb;
using Message = HmsOps.Observe.Tests.Wire.ProtoWriter;

namespace HmsOps.Observe.Tests.RemoteRead;

public sealed class RemoteReadTests
{
    private static readonly MetricStore Empty = MetricStore.Open(new SimulatedDisk(new Random(3)), new MetricStoreOptions { Folder = "metrics" }, new VirtualTime(StoredSeries.Noon));
    private static readonly long End = StoredSeries.End;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_one_hub_has_another_fetches_in_slices_whole(bool streamed)
    {
        var (store, lines) = StoredSeries.OfEveryKind();
        using var history = From(new RemoteReadOutlet(store, new Refusals(), new ReadLimits()), streamed, TimeSpan.FromMinutes(17));
        var fetched = await LinesAsync(history);

        Assert.Equal(lines.Order(StringComparer.Ordinal), fetched.Order(StringComparer.Ordinal));
        Assert.True(lines.Count > 15_000);
        Assert.Equal((lines.Count, 1.0, 0L), (history.Progress.Samples, history.Progress.Done, history.Damage.Count));
    }

    [Fact]
    public async Task A_stream_of_Prometheus_is_read_to_the_bit()
    {
        var bytes = await File.ReadAllBytesAsync(Golden.Path("histograms.stream"));
        using var history = From(_ => Answer(bytes, RemoteReadOutlet.StreamedType), 1_795_000_000_000, 1_796_000_000_000);

        Assert.Equal(Golden.Histograms(), await LinesAsync(history));
        Assert.Equal(2, history.Progress.Series);
    }

    [Fact]
    public async Task An_error_that_a_store_wrote_behind_its_frames_is_no_end()
    {
        var bytes = await File.ReadAllBytesAsync(Golden.Path("broken.stream"));
        using var history = From(_ => Answer(bytes, RemoteReadOutlet.StreamedType), 1_795_000_000_000, 1_796_000_000_000);

        Assert.Contains("in the midst of a frame", (await Assert.ThrowsAsync<HistoryDamagedException>(() => LinesAsync(history))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_is_cut_off_or_changed_is_never_taken_for_a_whole_one()
    {
        var whole = await File.ReadAllBytesAsync(Golden.Path("histograms.stream"));
        var dice = new Random(41);
        var (good, bad) = (0, 0);
        for (var round = 0; round < 500; round++)
        {
            var bytes = Exposition.Mutation.Of([.. whole], dice);
            using var history = From(_ => Answer(bytes, RemoteReadOutlet.StreamedType), 1_795_000_000_000, 1_796_000_000_000);
            try
            {
                await LinesAsync(history);
                good++;
            }
            catch (HistoryDamagedException e)
            {
                Assert.Contains("http://other.example/", e.File, StringComparison.Ordinal);
                bad++;
            }
        }
        Assert.True(bad > 450, $"{good} good, {bad} bad"); // good: cut between two frames
    }

    [Theory]
    [InlineData(500, "application/json", "answered 500")]
    [InlineData(200, "text/html", "is this the address of its read door")]
    public async Task A_store_that_refuses_is_named_with_what_it_said(int status, string type, string said)
    {
        using var history = From(_ => Answer("no such luck"u8.ToArray(), type, (HttpStatusCode)status), 0, 1);

        Assert.Contains(said, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => LinesAsync(history))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Matchers_of_all_four_kinds_hold_and_times_are_inclusive()
    {
        var (store, lines) = StoredSeries.OfEveryKind();
        var outlet = new RemoteReadOutlet(store, new Refusals(), new ReadLimits());
        var wanted = lines.Where(line => line.Contains(", n=\"3\"}", StringComparison.Ordinal) && long.Parse(line[(line.IndexOf('@') + 1)..]) is var t && t >= End - 3_585_000 && t <= End - 3_000_000).ToList();
        using var narrow = new RemoteReadHistory(new HttpClient(new Handler(Through(outlet, true))), new RemoteReadPlan
        {
            Address = new Uri("http://other.example/api/v1/read"),
            From = End - 3_585_000,
            To = End - 3_000_000,
            Matchers = [new("__name__", MatchOp.Equal, "f"), new("n", MatchOp.Regex, "[345]"), new("n", MatchOp.NotEqual, "4"), new("n", MatchOp.NotRegex, "5|6")],
        }, TimeProvider.System);

        Assert.Equal(wanted, await LinesAsync(narrow));
        Assert.Equal(40, wanted.Count);
    }

    [Fact]
    public async Task Frames_have_at_most_a_mebibyte_and_a_long_series_takes_several()
    {
        var (store, _) = StoredSeries.OfEveryKind(bits: 150_000);
        var outlet = new RemoteReadOutlet(store, new Refusals(), new ReadLimits());
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await outlet.StreamAsync(new ReadRequest([new Selection([new("__name__", MatchOp.Equal, "long")], 0, End)], IsStreamed: true), pipe.Writer, CancellationToken.None);
        await pipe.Writer.CompleteAsync();
        Assert.True(pipe.Reader.TryRead(out var read));
        ReadOnlySpan<byte> rest = read.Buffer.ToArray();
        var frames = 0;
        while (!rest.IsEmpty)
        {
            Assert.True(Varint.TryRead(ref rest, out var length));
            Assert.InRange(length, 1UL, 1UL << 20);
            rest = rest[(4 + (int)length)..];
            frames++;
        }

        Assert.Equal(2, frames);
        Assert.Equal(0, outlet.BytesHeld);
    }

    [Fact]
    public async Task Questions_that_cannot_be_answered_are_refused_with_what_is_wrong()
    {
        var limits = new ReadLimits { QueriesMax = 2, MatchersMax = 2, PackedBytesMax = 4_000, DecodedBytesMax = 8_000 };
        await RefusedAsync(400, "not_snappy", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], limits, packed: true);
        await RefusedAsync(413, "decoded_limit", new byte[9_000], limits);
        await RefusedAsync(413, "packed_limit", RandomBytes(5_000), limits, packed: true);
        await RefusedAsync(400, "malformed", [0x0a, 0x05, 0x01], limits);
        await RefusedAsync(400, "malformed", new Message().Message(1, q => q.Message(3, m => m.Varint(1, 4).Text(2, "a"))).ToArray(), limits);
        await RefusedAsync(400, "malformed", new Message().Message(1, q => q.Message(3, m => m.Varint(1, 0))).ToArray(), limits);
        await RefusedAsync(400, "malformed", new Message().Message(1, q => q.Block(4, [0x0b])).ToArray(), limits);
        await RefusedAsync(400, "pattern", new Message().Message(1, q => q.Message(3, m => m.Varint(1, 2).Text(2, "a").Text(3, "("))).ToArray(), limits);
        await RefusedAsync(413, "query_limit", new Message().Message(1, _ => { }).Message(1, _ => { }).Message(1, _ => { }).ToArray(), limits);
        await RefusedAsync(413, "matcher_limit", new Message().Message(1, q => q.Message(3, m => m.Text(2, "a")).Message(3, m => m.Text(2, "a")).Message(3, m => m.Text(2, "a"))).ToArray(), limits);
    }

    [Fact]
    public async Task Hints_are_read_over_and_the_first_form_that_is_known_is_answered()
    {
        var body = new Message().Message(1, q => q.Varint(1, 5).Varint(2, 9).Message(3, m => m.Varint(1, 3).Text(2, "a").Text(3, "b")).Message(4, h => h.Text(2, "rate").Varint(7, 300_000)));
        var read = await ReadAsync(body.Varint(2, 7).Varint(2, 1).Varint(2, 0).ToArray(), new ReadLimits());

        Assert.Equal((true, 5L, 9L, "a!~\"b\""), (read.Request!.IsStreamed, read.Request.Queries[0].From, read.Request.Queries[0].To, read.Request.Queries[0].Matchers[0].ToString()));
        Assert.False((await ReadAsync(new Message().Packed(2, 0, 1).ToArray(), new ReadLimits())).Request!.IsStreamed);
    }

    [Fact]
    public async Task Mutated_questions_are_read_or_refused_and_never_more()
    {
        var dice = new Random(42);
        using var writer = new MessageWriter(1 << 20, new ByteBudget(1 << 22));
        ReadQuestion.Write(writer, [new("__name__", MatchOp.Equal, "up"), new("job", MatchOp.Regex, "a|b.*")], 0, End);
        var (good, bad) = (0, 0);
        for (var round = 0; round < 5_000; round++)
        {
            var (request, refusal) = await ReadAsync(Exposition.Mutation.Of(writer.Bytes.ToArray(), dice), new ReadLimits());
            Assert.True(request is null != refusal is null);
            good += request is null ? 0 : 1;
            bad += request is null ? 1 : 0;
        }
        Assert.True(good > 500 && bad > 500, $"{good} good, {bad} bad");
    }

    [Fact]
    public void An_answer_over_its_limit_is_refused_with_the_remedy_and_given_back()
    {
        var (store, _) = StoredSeries.OfEveryKind();
        var all = new ReadRequest([new Selection([new("__name__", MatchOp.Regex, ".+")], 0, End)], IsStreamed: false);
        var small = new RemoteReadOutlet(store, new Refusals(), new ReadLimits { AnswerBytesMax = 10_000 });
        var few = new RemoteReadOutlet(store, new Refusals(), new ReadLimits { SamplesMax = 100 });
        var poor = new RemoteReadOutlet(store, new Refusals(), new ReadLimits { MemoryBytesMax = 1_000 });

        Assert.Null(small.Answer(all, CancellationToken.None, out var tooLarge));
        Assert.Null(few.Answer(all, CancellationToken.None, out var tooMany));
        Assert.Null(poor.Answer(all, CancellationToken.None, out var busy));
        Assert.Equal(("answer_limit", "sample_limit", "busy"), (tooLarge!.Reason, tooMany!.Reason, busy!.Reason));
        Assert.Equal((422, 422, 503), (tooLarge.Status, tooMany.Status, busy.Status));
        Assert.Equal((0, 0, 0), (small.BytesHeld, few.BytesHeld, poor.BytesHeld));
    }

    private static async Task RefusedAsync(int status, string reason, byte[] body, ReadLimits limits, bool packed = false)
    {
        var refusals = new Refusals();
        var (request, refusal) = await ReadAsync(body, limits, packed, refusals);

        Assert.Null(request);
        Assert.Equal((status, reason), (refusal!.Status, refusal.Reason));
        Assert.NotEmpty(refusal.Sentence);
        Assert.Equal([(RemoteReadOutlet.Door, reason, 1L)], refusals.All);
    }

    private static Task<(ReadRequest? Request, ReadRefusal? Refusal)> ReadAsync(byte[] body, ReadLimits limits, bool packed = false, Refusals? refusals = null) =>
        new RemoteReadOutlet(Empty, refusals ?? new Refusals(), limits)
            .ReadAsync(PipeReader.Create(new MemoryStream(packed ? body : Tests.Wire.Bodies.Pack(body))), CancellationToken.None);

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(4).NextBytes(bytes);
        return bytes;
    }

    private static RemoteReadHistory From(RemoteReadOutlet outlet, bool streamed, TimeSpan slice) => new(
        new HttpClient(new Handler(Through(outlet, streamed))),
        new RemoteReadPlan { Address = new Uri("http://other.example/api/v1/read"), From = End - 5_000_000, To = End, Slice = slice }, TimeProvider.System);

    private static RemoteReadHistory From(Func<byte[], HttpResponseMessage> answer, long from, long to) => new(
        new HttpClient(new Handler(answer)),
        new RemoteReadPlan { Address = new Uri("http://other.example/api/v1/read"), From = from, To = to, Slice = TimeSpan.FromDays(365) }, TimeProvider.System);

    private static Func<byte[], HttpResponseMessage> Through(RemoteReadOutlet outlet, bool streamed) => body =>
    {
        var (request, refusal) = outlet.ReadAsync(PipeReader.Create(new MemoryStream(body)), CancellationToken.None).GetAwaiter().GetResult();
        Assert.Null(refusal);
        Assert.True(request!.IsStreamed);
        if (!streamed)
        {
            using var answer = outlet.Answer(request, CancellationToken.None, out _);
            return Answer(answer!.Bytes.ToArray(), RemoteReadOutlet.SampledType);
        }
        var stream = new MemoryStream();
        var writer = PipeWriter.Create(stream);
        outlet.StreamAsync(request, writer, CancellationToken.None).GetAwaiter().GetResult();
        writer.Complete();
        return Answer(stream.ToArray(), RemoteReadOutlet.StreamedType);
    };

    private static HttpResponseMessage Answer(byte[] bytes, string type, HttpStatusCode status = HttpStatusCode.OK)
    {
        var answer = new HttpResponseMessage(status) { Content = new ByteArrayContent(bytes) };
        answer.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return answer;
    }

    private static async Task<List<string>> LinesAsync(RemoteReadHistory history)
    {
        var lines = new List<string>();
        await foreach (var batch in history.ReadAsync(CancellationToken.None))
        {
            Assert.InRange(batch.Count, 1, 4_000);
            lines.AddRange(Golden.Lines(batch));
        }
        return lines;
    }

    private sealed class Handler(Func<byte[], HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answer(await request.Content!.ReadAsByteArrayAsync(cancellationToken)); // every request has one
    }
}
