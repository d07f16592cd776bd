using System.Net;
using HmsOps.Observe.Cluster.Sending;
using HmsOps.Series;
using HmsOps.Simulation.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace HmsOps.Observe.Tests.Cluster.Sending;

public sealed class ClusterSenderTests : IDisposable
{
    private const long T = 1_795_190_400_000; // Friday, 20 November 2026, 16:00 UTC

    private readonly VirtualTime _time = VirtualTime.OnFridayAfternoon();
    private readonly WaitingSamples _queue = new();
    private readonly Refusals _refusals = new();
    private readonly TakingCluster _cluster;
    private SendPlan _plan = new() { Address = new Uri("http://cluster.example:8428/api/v1/write") };

    public ClusterSenderTests() => _cluster = new TakingCluster(_time);

    public void Dispose() => _cluster.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Everything_arrives_to_the_bit_and_in_order(bool oneOnly)
    {
        _cluster.KnowsOneOnly = oneOnly;
        double[] values = [0, -0.0, 0.1, double.MaxValue, double.Epsilon, double.NegativeInfinity, double.NaN, StaleMarker.Value];
        var exponential = new NativeHistogram
        {
            Schema = 2,
            ZeroThreshold = 1e-128,
            ZeroCount = 3,
            Count = 12,
            Sum = 7.5,
            Positive = [new(-3, 2), new(-2, 4), new(5, 1)],
            Negative = [new(0, 2)],
            Reset = CounterResetHint.NoReset,
        };
        var custom = new NativeHistogram { Schema = -53, ZeroThreshold = 0, ZeroCount = 0, Count = 1.5, Sum = 2.25, IsFloat = true, Positive = [new(0, 0.5), new(2, 1)], Negative = [], Bounds = [0.1, 1, 10] };
        _queue.Add(batch =>
        {
            var (up, latency) = (batch.AddSeries(Labels.From(("__name__", "up"), ("job", "pérmits"))), batch.AddSeries(Labels.From(("__name__", "latency_seconds"))));
            for (var i = 0; i < values.Length; i++)
            {
                batch.Add(up, T + i, values[i]);
                batch.Add(latency, T + i, i % 2 == 0 ? exponential : custom, start: T - 60_000);
            }
            batch.Exemplars.Add(new Exemplar(latency, Labels.From(("trace_id", "4bf9")), T - 3, 0.7));
            batch.Metadata.Add(new MetricMetadata("up", "gauge", "", "Is it up."));
        });
        _queue.Add(batch => batch.Add(Labels.From(("__name__", "up"), ("job", "pérmits")), T + 100, 1));

        var standing = Send();

        Assert.Equal([.. values.Select((value, i) => $"__name__=up,job=pérmits {Wire.RecordingSink.TextOf(value)} @{T + i}"), $"__name__=up,job=pérmits 1 @{T + 100}"],
            _cluster.Sink.Stored.Where(line => line.StartsWith("__name__=up", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(0, values.Length).Select(i => (T + i, Shown(i % 2 == 0 ? exponential : custom))), _cluster.Sink.Histograms.Select(h => (h.Time, Shown(h.Histogram))));
        Assert.Contains($$"""exemplar __name__=latency_seconds {trace_id="4bf9"} 0.7 @{{T - 3}}""", _cluster.Sink.Stored);
        Assert.Equal([new MetricMetadata("up", "gauge", "", "Is it up.")], _cluster.Sink.Metadata.Distinct());
        Assert.Equal([1, 2], _queue.DoneUpTo);
        Assert.Equal((oneOnly ? "1.0" : "2.0", 0, null), (standing.Version, standing.Refused, standing.Failure));
        Assert.Equal(oneOnly ? ["2.0.0", "0.1.0", "0.1.0"] : ["2.0.0", "2.0.0"], _cluster.Requests.Select(request => request.Version));
    }

    [Fact]
    public void A_start_arrives_where_the_message_has_room_for_it()
    {
        _queue.Add(batch => batch.Add(batch.AddSeries(Labels.From(("__name__", "a"))), T, 1, start: T - 5));

        Send();

        Assert.Equal([$"__name__=a 1 @{T} from {T - 5}"], _cluster.Sink.Stored);
    }

    [Fact]
    public void A_cluster_that_says_it_does_not_read_two_gets_one()
    {
        _cluster.Trouble(1, HttpStatusCode.UnsupportedMediaType, "what is this");
        AddSamples(3);

        Send();

        Assert.Equal(["2.0.0", "0.1.0"], _cluster.Requests.Select(request => request.Version));
        Assert.Equal(3, _cluster.Sink.Stored.Count);
    }

    [Fact]
    public void What_a_cluster_cannot_take_now_waits_ever_longer_and_arrives_once()
    {
        _cluster.Trouble(8, HttpStatusCode.ServiceUnavailable, "starting");
        AddSamples(3);
        AddSamples(2, from: 3);

        var standing = Send();

        Assert.Equal(Enumerable.Range(0, 5).Select(Line), _cluster.Sink.Stored);
        Assert.Equal((8, 5, null), (standing.Retries, standing.Sent, standing.Failure));
        var pauses = _cluster.Requests.Zip(_cluster.Requests.Skip(1), (a, b) => (b.At - a.At).TotalSeconds).Take(8).ToList();
        for (var i = 0; i < pauses.Count; i++)
            Assert.InRange(pauses[i], Math.Min(15, 0.2 * Math.Pow(2, i)) / 2, Math.Min(15, 0.2 * Math.Pow(2, i)) + 0.01);
    }

    [Fact]
    public void A_pause_that_is_asked_for_is_kept()
    {
        _cluster.Trouble(1, HttpStatusCode.TooManyRequests, retryAfter: TimeSpan.FromSeconds(60));
        AddSamples(1);

        Send();

        Assert.InRange((_cluster.Requests[1].At - _cluster.Requests[0].At).TotalSeconds, 30, 60.1);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "credentials")]
    [InlineData(HttpStatusCode.NotFound, "/api/v1/write")]
    [InlineData(HttpStatusCode.MovedPermanently, "/api/v1/write")]
    public void What_a_person_has_to_change_is_said_and_nothing_is_lost(HttpStatusCode status, string hint)
    {
        _cluster.Trouble(3, status, "no");
        AddSamples(2);
        string? said = null;

        Send(async sender =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), _time);
            said = sender.Standing.Failure;
        });

        Assert.Contains($"{(int)status}: no", said, StringComparison.Ordinal);
        Assert.Contains(hint, said, StringComparison.Ordinal);
        Assert.Equal(2, _cluster.Sink.Stored.Count);
        Assert.True(_cluster.Requests[1].At - _cluster.Requests[0].At >= TimeSpan.FromSeconds(7.5));
    }

    [Fact]
    public void A_cluster_that_comes_back_is_asked_anew_what_it_reads()
    {
        _cluster.KnowsOneOnly = true;
        AddSamples(1);
        AddSamples(1, from: 1);
        _cluster.Troubles.Enqueue(null); // 2.0, unread
        _cluster.Troubles.Enqueue(null); // 1.0
        _cluster.Troubles.Enqueue(_ =>
        {
            _cluster.KnowsOneOnly = false;
            throw new HttpRequestException("connection refused");
        });

        var standing = Send();

        Assert.Equal(["2.0.0", "0.1.0", "0.1.0", "2.0.0"], _cluster.Requests.Select(request => request.Version));
        Assert.Equal([Line(0), Line(1)], _cluster.Sink.Stored);
        Assert.Equal("2.0", standing.Version);
    }

    [Fact]
    public void Silence_is_no_answer()
    {
        _cluster.Troubles.Enqueue(async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return new HttpResponseMessage();
        });
        AddSamples(1);

        Send();

        Assert.Equal([Line(0)], _cluster.Sink.Stored);
        Assert.True(_cluster.Requests[1].At - _cluster.Requests[0].At >= TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Of_a_request_that_is_refused_whole_the_good_samples_arrive_in_order()
    {
        _cluster.KnowsOneOnly = _cluster.TakesWhole = true;
        _cluster.Sink.Refuses = (_, time) => (time - T) % 97 == 13 ? "out_of_order" : null;
        AddSamples(1_000);

        var standing = Send();

        Assert.Equal(Enumerable.Range(0, 1_000).Where(i => i % 97 != 13).Select(Line), _cluster.Sink.Stored);
        Assert.Equal((11, 989), (standing.Refused, standing.Sent));
        Assert.Contains(("remote", "cluster", 11L), _refusals.All);
        Assert.Contains("out_of_order", standing.LastRefusal, StringComparison.Ordinal);
        Assert.Contains("the first a at 1795", standing.LastRefusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cluster_that_refuses_nearly_everything_does_not_hold_up_the_rest()
    {
        _cluster.KnowsOneOnly = _cluster.TakesWhole = true;
        _cluster.Sink.Refuses = (_, time) => time < T + 5_000 ? "too_old" : null;
        AddSamples(5_000);
        AddSamples(10, from: 5_000);

        var standing = Send();

        Assert.Equal(Enumerable.Range(5_000, 10).Select(Line), _cluster.Sink.Stored);
        Assert.Equal((5_000, 10), (standing.Refused, standing.Sent));
        Assert.InRange(_cluster.Requests.Count, 100, 250);
    }

    [Fact]
    public void A_cluster_that_takes_what_is_good_and_counts_it_is_believed()
    {
        _cluster.Sink.Refuses = (_, time) => (time - T) % 10 == 3 ? "out_of_order" : null;
        AddSamples(100);

        var standing = Send();

        Assert.Equal((10, 90), (standing.Refused, standing.Sent));
        Assert.Single(_cluster.Requests);
        Assert.Equal(90, _cluster.Sink.Stored.Count);
    }

    [Fact]
    public void Something_bad_beside_the_samples_costs_no_sample()
    {
        _cluster.KnowsOneOnly = true;
        _queue.Add(batch =>
        {
            batch.Add(Labels.From(("__name__", "a")), T, 0);
            batch.Add(Labels.From(("__name__", "a")), T + 1, 1);
            batch.Exemplars.Add(new Exemplar(0, Labels.From(("trace_id", "1")), T, 1));
        });
        _cluster.Troubles.Enqueue(null);
        _cluster.Trouble(1, HttpStatusCode.BadRequest, "exemplars are off");
        _cluster.Troubles.Enqueue(null);
        _cluster.Troubles.Enqueue(null);
        _cluster.Trouble(1, HttpStatusCode.BadRequest, "exemplars are off");

        var standing = Send();

        Assert.Equal([Line(0), Line(1)], _cluster.Sink.Stored);
        Assert.Equal((1, 2), (standing.Refused, standing.Sent));
    }

    [Fact]
    public void A_request_larger_than_it_may_be_goes_in_parts()
    {
        _plan = _plan with { BytesMax = 64 << 10 };
        _queue.Add(batch =>
        {
            for (var i = 0; i < 5_000; i++)
                batch.Add(Labels.From(("__name__", "a"), ("i", $"{i}")), T + i, i);
        });

        var standing = Send();

        Assert.InRange(_cluster.Requests.Count, 3, 8);
        Assert.Equal((5_000, 0), (standing.Sent, standing.Refused));
        Assert.Equal(Enumerable.Range(0, 5_000).Select(i => $"__name__=a,i={i} {i} @{T + i}"), _cluster.Sink.Stored);
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(6, 0)]
    public void The_answer_to_what_is_under_way_at_a_stop_is_waited_for_a_little(int seconds, int done)
    {
        AddSamples(1);
        AddSamples(1, from: 1);
        _cluster.Troubles.Enqueue(async token =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1 + seconds), _time, token);
            var answer = new HttpResponseMessage(HttpStatusCode.OK);
            answer.Headers.Add("X-Prometheus-Remote-Write-Samples-Written", "1");
            return answer;
        });
        var began = _time.GetUtcNow();

        Send(_ => Task.Delay(TimeSpan.FromSeconds(1), _time), settle: TimeSpan.Zero);

        Assert.Equal(done, _queue.DoneUpTo.Count);
        Assert.InRange((_time.GetUtcNow() - began).TotalSeconds, 1, 6.1);
        Assert.Single(_cluster.Requests);
    }

    private static string Shown(NativeHistogram h) =>
        $"{h.Schema} {h.ZeroThreshold:R} {h.ZeroCount:R} {h.Count:R} {h.Sum:R} {h.IsFloat} {h.Reset} [{string.Join(' ', h.Positive)}] [{string.Join(' ', h.Negative)}] [{string.Join(' ', h.Bounds)}]";

    private static string Line(int i) => $"__name__=a {i} @{T + i}";

    private void AddSamples(int count, int from = 0) => _queue.Add(batch =>
    {
        var series = batch.AddSeries(Labels.From(("__name__", "a")));
        for (var i = from; i < from + count; i++)
            batch.Add(series, T + i, i);
    });

    private SendStanding Send(Func<ClusterSender, Task>? meanwhile = null, TimeSpan? settle = null)
    {
        using var http = new HttpMessageInvoker(_cluster, disposeHandler: false);
        using var sender = new ClusterSender(_queue, _plan, http, metric => metric == "up" ? new MetricMetadata("up", "gauge", "", "Is it up.") : null, _refusals, _time, new Random(1), NullLogger.Instance);
        _time.Run(async () =>
        {
            using var stopping = new CancellationTokenSource();
            var running = sender.RunAsync(stopping.Token);
            if (meanwhile is not null)
                await meanwhile(sender);
            await Task.Delay(settle ?? TimeSpan.FromMinutes(5), _time);
            stopping.Cancel();
            await running;
        });
        return sender.Standing;
    }
}
