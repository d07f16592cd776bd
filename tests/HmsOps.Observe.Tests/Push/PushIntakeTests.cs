using System.Text;
using HmsOps.Observe.Push;
using HmsOps.Series;
using HmsOps.Simulation.Time;

namespace HmsOps.Observe.Tests.Push;

public sealed class PushIntakeTests
{
    private readonly VirtualTime _time = VirtualTime.OnFridayAfternoon();
    private readonly Refusals _refusals = new();
    private readonly Sink _sink = new();

    [Fact]
    public void Chapter_Bs_timer_is_an_observation()
    {
        var answer = Send($$"""{"name": "county_api_ms", "ts": {{Now}}, "val": 1580, "id": "3f2a"}""");

        Assert.Equal((200, 1), (answer.Status, answer.Taken));
        var observed = Assert.Single(_sink.Observations);
        Assert.Equal(("county_api_ms", 1580.0, "3f2a"), (observed.Series.Name, observed.Value, observed.Id));
    }

    [Theory]
    [InlineData("""{"name": "tax-bot.ok", "val": 0}""", "sample tax-bot.ok 0")] // neither id nor type: a gauge
    [InlineData("""{"name": "m", "val": 2, "id": "a"}""", "observation m 2")]
    [InlineData("""{"name": "m", "val": 2, "id": "a", "type": "gauge"}""", "sample m 2")]
    [InlineData("""{"name": "m", "val": 2, "type": "observation"}""", "observation m 2")]
    [InlineData("""{"name": "m", "vals": [1, 2.5]}""", "observation m 1, observation m 2.5")]
    [InlineData("""[{"name": "a", "val": 1}, {"name": "b", "val": 2, "id": "x"}]""", "sample a 1, observation b 2")]
    [InlineData("{\"name\": \"a\", \"val\": 1}\n{\"name\": \"b\", \"val\": 2}\n", "sample a 1, sample b 2")]
    [InlineData("""{"name": "m", "val": 1, "labels": {"service": "county-court-api"}}""", """sample m{service="county-court-api"} 1""")]
    [InlineData("""{"name": "m", "val": 1, "unit": "ms", "later": {"deep": [1, {"er": 2}]}}""", "sample m 1")] // what later clients say
    public void One_object_a_list_or_one_a_line_is_taken(string body, string stored)
    {
        var answer = Send(body);

        Assert.Equal((200, 0), (answer.Status, answer.Refused.Count));
        Assert.Equal(stored, string.Join(", ", _sink.Stored));
    }

    [Theory]
    [InlineData("""{"val": 1}""", "no_name")]
    [InlineData("""{"name": "", "val": 1}""", "no_name")]
    [InlineData("""{"name": "m"}""", "no_value")]
    [InlineData("""{"name": "m", "vals": []}""", "no_value")]
    [InlineData("""{"name": 5, "val": 1}""", "wrong_type")]
    [InlineData("""{"name": "m", "val": "fast"}""", "wrong_type")]
    [InlineData("""{"name": "m", "val": null}""", "wrong_type")]
    [InlineData("""{"name": "m", "val": "NaN"}""", "not_finite")]
    [InlineData("""{"name": "m", "val": 1e999}""", "not_finite")]
    [InlineData("""{"name": "m", "val": 1, "type": "histogram"}""", "bad_type")]
    [InlineData("""{"name": "m", "inc": 1}""", "not_in_this_version")]
    [InlineData("""{"name": "m", "val": 1, "labels": {"__name__": "x"}}""", "bad_label")]
    [InlineData("""{"name": "m", "val": 1, "labels": {"a": "x", "a": "y"}}""", "duplicate_label")]
    [InlineData("""{"name": "m", "val": 1, "labels": ["x"]}""", "wrong_type")]
    [InlineData("""{"name": "m", "val": 1, "id": "a", "ts": 1000000000}""", "late")]
    [InlineData("[7]", "not_an_object")]
    public void What_is_wrong_with_an_item_is_named_and_counted(string body, string reason)
    {
        var answer = Send(body);

        Assert.Equal((422, 0, reason), (answer.Status, answer.Taken, answer.Refused[0].Reason));
        Assert.Equal([("metric", reason, 1L)], _refusals.All);
        Assert.Empty(_sink.Stored);
    }

    [Fact]
    public void A_bad_item_is_refused_by_its_place_and_the_others_are_taken()
    {
        var answer = Send("""[{"name": "a", "val": 1}, {"name": "b", "val": "NaN"}, {"name": "c", "val": 3}]""");

        Assert.Equal((200, 2), (answer.Status, answer.Taken));
        Assert.Equal(1, Assert.Single(answer.Refused).Index);
        Assert.Equal(["sample a 1", "sample c 3"], _sink.Stored);
    }

    [Theory]
    [InlineData("", "the body is empty")]
    [InlineData("{\"name\": \"m\", \"val\": NaN}", "line 1, byte 22: NaN and Infinity are not JSON")]
    [InlineData("{\"name\": \"a\", \"val\": 1}\n{\"name\": ", "line 2")]
    [InlineData("county_api_ms=5", "send one object, a list of objects")]
    public void What_is_no_JSON_is_said_with_its_place_and_nothing_of_it_is_taken(string body, string said)
    {
        var answer = Send(body);

        Assert.Equal((400, 0), (answer.Status, answer.Taken));
        Assert.Contains(said, answer.Error);
        Assert.Empty(_sink.Stored);
        Assert.Single(_refusals.All);
    }

    [Fact]
    public void Text_that_is_not_UTF_8_is_refused_and_not_thrown()
    {
        byte[] body = [.. "{\"name\": \""u8, 0xff, 0xfe, .. "\", \"val\": 1}"u8];

        Assert.Equal(400, Accept(body).Status);
    }

    [Theory]
    [InlineData(0, 200)]
    [InlineData(1, 413)]
    public void A_body_over_the_limit_is_refused_by_name(int over, int status)
    {
        var body = "{\"name\": \"m\", \"val\": 1}"u8.ToArray();
        var padded = new byte[1_000 + over];
        padded.AsSpan().Fill((byte)' ');
        body.CopyTo(padded, 0);

        var answer = Accept(padded, new PushLimits { BodyBytesMax = 1_000 });

        Assert.Equal(status, answer.Status);
    }

    [Theory]
    [InlineData(2, 200)]
    [InlineData(3, 413)]
    public void More_items_than_the_limit_are_refused_whole(int items, int status)
    {
        var body = string.Join('\n', Enumerable.Repeat("""{"name": "m", "val": 1}""", items));

        Assert.Equal(status, Accept(Encoding.UTF8.GetBytes(body), new PushLimits { ItemsMax = 2 }).Status);
    }

    [Theory]
    [InlineData(1_764_000_000.5, 1_764_000_000_500)] // seconds
    [InlineData(1_764_000_000_500, 1_764_000_000_500)] // milliseconds
    [InlineData(1_764_000_000_500_000, 1_764_000_000_500)] // microseconds
    [InlineData(1_764_000_000_500_000_000, 1_764_000_000_500)] // nanoseconds
    public void The_unit_of_a_time_is_told_by_its_size(double ts, long milliseconds)
    {
        Send($$"""{"name": "m", "val": 1, "ts": {{ts:R}}}""");

        Assert.Equal(milliseconds, Assert.Single(_sink.Times));
    }

    [Fact]
    public void A_store_that_is_read_only_is_said_as_503()
    {
        _sink.IsReadOnly = true;

        Assert.Equal(503, Send("""{"name": "m", "val": 1}""").Status);
    }

    [Fact]
    public void Bodies_with_any_byte_changed_never_throw()
    {
        var body = Encoding.UTF8.GetBytes("""[{"name": "county_api_ms", "ts": 1764000000, "val": 1.5e3, "id": "a\u0062", "labels": {"x": "y"}}]""");
        for (var i = 0; i < body.Length; i++)
        {
            foreach (var to in (byte[])[0, 0x22, 0x5c, 0x7b, 0x7d, 0x80, 0xff])
            {
                var changed = body.ToArray();
                changed[i] = to;
                Assert.InRange(Accept(changed).Status, 200, 499);
                Assert.InRange(Accept(changed[..i]).Status, 200, 499);
            }
        }
    }

    private long Now => _time.GetUtcNow().ToUnixTimeSeconds();

    private PushAnswer Send(string body) => Accept(Encoding.UTF8.GetBytes(body));

    private PushAnswer Accept(byte[] body, PushLimits? limits = null) =>
        _time.Run(() => new PushIntake(_sink, _refusals, limits ?? new PushLimits(), _time).AcceptAsync(body, CancellationToken.None));

    private sealed class Sink : ISeriesSink
    {
        public List<string> Stored { get; } = [];

        public List<Observation> Observations { get; } = [];

        public List<long> Times { get; } = [];

        public bool IsReadOnly { get; set; }

        public ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken)
        {
            if (IsReadOnly)
                return ValueTask.FromResult(new AppendResult(0, [.. Enumerable.Range(0, batch.Count).Select(i => new RefusedSample(i, "read_only", "the disk is full"))]));
            for (var i = 0; i < batch.Count; i++)
            {
                Stored.Add(FormattableString.Invariant($"sample {Named(LabelsOf(batch, i))} {batch.Values[i]}"));
                Times.Add(batch.Times[i]);
            }
            return ValueTask.FromResult(AppendResult.All(batch.Count));
        }

        public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken)
        {
            foreach (var o in batch.Items)
            {
                Stored.Add(FormattableString.Invariant($"observation {Named(o.Series)} {o.Value}"));
                Observations.Add(o);
            }
            return ValueTask.FromResult(AppendResult.All(batch.Items.Count));
        }

        private static Labels LabelsOf(SampleBatch batch, int sample)
        {
            Assert.True(Labels.TryFromBytes(batch.KeyOf(batch.SampleSeries[sample]), out var labels));
            return labels;
        }

        private static string Named(Labels labels) => labels.ToString().Replace("{\"tax-bot.ok\"}", "tax-bot.ok", StringComparison.Ordinal);
    }
}
