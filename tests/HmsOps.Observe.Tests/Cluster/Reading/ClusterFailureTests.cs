using System.Net;
using System.Text;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.Observe.Tests.Exposition;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Cluster.Reading;

public sealed class ClusterFailureTests
{
    private static readonly Selection Up = new([new("__name__", MatchOp.Equal, "up")], 1_000, 61_500);

    [Theory]
    [InlineData(503, "busy", typeof(ClusterUnavailableException), "answered 503")]
    [InlineData(401, "who are you", typeof(ClusterUnavailableException), "credentials")]
    [InlineData(422, "too many series", typeof(ClusterRefusedException), "too many series")]
    [InlineData(400, "parse error", typeof(ClusterRefusedException), "parse error")]
    [InlineData(200, "<html>", typeof(ClusterUnavailableException), "cannot be read")]
    [InlineData(200, "{}", typeof(ClusterUnavailableException), "holds no data")]
    [InlineData(200, """{"status":"error","data":{"result":[]}}""", typeof(ClusterUnavailableException), "holds no data")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,"2"]]}]}}""", typeof(ClusterUnavailableException), "before the labels")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,2]]}]}}""", typeof(ClusterUnavailableException), "no pair")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"x"]]}]}}""", typeof(ClusterUnavailableException), "is no number")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"":"b"}}]}}""", typeof(ClusterUnavailableException), "has no name")]
    [InlineData(200, """{"status":"success","data":{"resultType":"vector","result":[]}}""", typeof(ClusterUnavailableException), "vector")]
    public void What_is_no_answer_is_told_with_address_question_and_remedy(int status, string body, Type kind, string said)
    {
        var cluster = new StubCluster();
        cluster.Answers["query"] = _ => StubCluster.Json(body, (HttpStatusCode)status);
        var failure = Assert.Throws(kind, () => Walked.Lines(cluster.Source(), Up));

        Assert.Contains(StubCluster.Address, failure.Message, StringComparison.Ordinal);
        Assert.Contains("{__name__=\"up\"} from 1970-01-01T00:00:01Z to 1970-01-01T00:01:01Z", failure.Message, StringComparison.Ordinal);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_answers_are_read_or_refused_and_nothing_else()
    {
        var whole = Encoding.UTF8.GetBytes(StubCluster.Matrix("""{"__name__":"up","job":"a\"b"} 2:1 3:2.5""", """{"__name__":"up","job":"c"} 2:1e9 3:NaN"""));
        var dice = new Random(43);
        var (good, bad) = (0, 0);
        for (var round = 0; round < 1_000; round++)
        {
            var bytes = round < whole.Length ? whole[..round] : Mutation.Of([.. whole], dice);
            var cluster = new StubCluster();
            cluster.Answers["query"] = _ => StubCluster.Bytes(bytes, "application/json");
            try
            {
                Walked.Lines(cluster.Source(), Up);
                good++;
            }
            catch (ClusterUnavailableException)
            {
                bad++;
            }
            Assert.True(round >= whole.Length || good == 0, $"cut off at {round} it was taken for whole");
        }
        Assert.True(good > 20 && bad > 500, $"{good} good, {bad} bad");
    }

    [Fact]
    public void A_question_ends_with_its_token_and_leaves_nothing_behind()
    {
        var cluster = new StubCluster();
        var body = new SilentBody("""{"status":"success","data":{"resultType":"matrix","result":["""u8.ToArray());
        cluster.Answers["query"] = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) };
        using var stopping = new CancellationTokenSource();
        body.WhenWaiting = stopping.Cancel;
        var source = cluster.Source();
        using (var cursor = source.Select(Up, new QueryBudget(10), stopping.Token))
            Assert.ThrowsAny<OperationCanceledException>(() => cursor.MoveNext());

        Assert.True(body.IsDisposed);
        Assert.Null(source.Outage.Failure); // who asked went away, not the cluster
    }

    [Fact]
    public void A_walk_that_is_left_ends_its_answer()
    {
        var cluster = new StubCluster();
        using var waits = new ManualResetEventSlim();
        var body = new SilentBody(Encoding.UTF8.GetBytes(StubCluster.Matrix("""{"__name__":"up"} 2:1""")[..^4])) { WhenWaiting = waits.Set };
        cluster.Answers["query"] = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) };
        cluster.Source().Select(Up, new QueryBudget(10), CancellationToken.None).Dispose();

        Assert.True(body.IsDisposed || !waits.IsSet); // it may not even have begun
    }

    [Fact]
    public void Silence_is_a_failure_after_its_time()
    {
        var cluster = new StubCluster();
        var body = new SilentBody([]) { WhenWaiting = () => cluster.Time.Advance(TimeSpan.FromSeconds(30)) };
        cluster.Answers["query"] = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) };

        Assert.Contains("came within 30 s", Assert.Throws<ClusterUnavailableException>(() => Walked.Lines(cluster.Source(), Up)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void After_a_failure_the_cluster_is_left_alone_for_ten_seconds()
    {
        var cluster = new StubCluster();
        var fails = true;
        cluster.Answers["query"] = _ => fails ? throw new HttpRequestException("connection refused") : StubCluster.Json(StubCluster.Matrix());
        var source = cluster.Source();

        Assert.Contains("connection refused", Assert.Throws<ClusterUnavailableException>(() => Walked.Lines(source, Up)).Message, StringComparison.Ordinal);
        cluster.Time.Advance(TimeSpan.FromSeconds(9.5));
        Assert.Contains("asked again in 1 s", Assert.Throws<ClusterUnavailableException>(() => Walked.Lines(source, Up)).Message, StringComparison.Ordinal);
        Assert.Single(cluster.Asked);
        Assert.Equal(1, source.Outage.Failures);
        cluster.Time.Advance(TimeSpan.FromSeconds(0.6));
        fails = false;
        Assert.Empty(Walked.Lines(source, Up));
        Assert.Null(source.Outage.Failure);
    }

    [Fact]
    public void A_refusal_of_one_question_keeps_no_other_from_being_asked()
    {
        var cluster = new StubCluster();
        cluster.Answers["query"] = _ => StubCluster.Json("too much", HttpStatusCode.UnprocessableEntity);
        var source = cluster.Source();
        Assert.Throws<ClusterRefusedException>(() => Walked.Lines(source, Up));
        Assert.Throws<ClusterRefusedException>(() => Walked.Lines(source, Up));

        Assert.Equal(2, cluster.Asked.Count);
    }

    [Fact]
    public void A_list_that_is_too_long_is_refused_and_no_failure_of_the_cluster()
    {
        var cluster = new StubCluster();
        var word = $"\"{new string('x', 1 << 20)}\"";
        cluster.Answers["labels"] = _ => StubCluster.Json($"{{\"status\":\"success\",\"stats\":[{string.Join(',', Enumerable.Repeat(word, 65))}],\"data\":[]}}");
        var source = cluster.Source();

        Assert.Contains("Narrow what is asked for", Assert.Throws<ClusterRefusedException>(() => source.LabelNames(Up, CancellationToken.None)).Message, StringComparison.Ordinal);
        Assert.Null(source.Outage.Failure);
    }

    [Fact]
    public void A_byte_a_second_is_no_answer()
    {
        var cluster = new StubCluster();
        var body = new SilentBody(Encoding.UTF8.GetBytes(StubCluster.Matrix([.. Enumerable.Range(0, 100).Select(n => $$"""{"__name__":"up","n":"{{n}}"} 2:1""")])))
        {
            BytesAtOnce = 1,
            WhenRead = () => cluster.Time.Advance(TimeSpan.FromSeconds(1)),
        };
        cluster.Answers["query"] = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) };
        var began = cluster.Time.GetUtcNow();

        Assert.Contains("came within 30 s", Assert.Throws<ClusterUnavailableException>(() => Walked.Lines(cluster.Source(), Up)).Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(30), cluster.Time.GetUtcNow() - began);
        Assert.True(body.IsDisposed);
    }

    [Fact]
    public void An_answer_that_breaks_off_after_some_series_ends_the_walk_and_says_so()
    {
        var cluster = new StubCluster();
        var whole = Encoding.UTF8.GetBytes(StubCluster.Matrix([.. Enumerable.Range(0, 9).Select(n => $$"""{"__name__":"up","n":"{{n}}"}""" + string.Concat(Enumerable.Range(1_000, 3_000).Select(i => $" 2.{i}:1")))]));
        cluster.Answers["query"] = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new SilentBody(whole[..(whole.Length / 2)]) { Breaks = new IOException("connection reset by peer") }) };
        var source = cluster.Source();
        using var cursor = source.Select(Up with { InAnyOrder = true }, new QueryBudget(1_000_000), CancellationToken.None);
        var walked = 0;
        var failure = Assert.Throws<ClusterUnavailableException>(() =>
        {
            while (cursor.MoveNext())
                walked++;
        });

        Assert.InRange(walked, 1, 4);
        Assert.Contains("broke off", failure.Message, StringComparison.Ordinal);
        Assert.Contains("connection reset by peer", failure.Message, StringComparison.Ordinal);
        Assert.True(source.Outage.IsLeftAlone);
    }

    [Fact]
    public void What_is_more_than_the_query_may_hold_is_not_read_on()
    {
        var cluster = new StubCluster();
        var body = new SilentBody(Encoding.UTF8.GetBytes(StubCluster.Matrix([.. Enumerable.Range(0, 200).Select(n => $$"""{"__name__":"up","n":"{{n}}"}""" + string.Concat(Enumerable.Range(1_000, 1_000).Select(i => $" 2.{i}:1")))])));
        cluster.Answers["query"] = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) };
        var source = cluster.Source();
        using (var cursor = source.Select(Up with { InAnyOrder = true }, new QueryBudget(5_500), CancellationToken.None))
        {
            for (var i = 0; i < 5; i++)
                Assert.True(cursor.MoveNext());
            Assert.Contains("more than 5500 samples", Assert.Throws<QueryBudgetException>(() => cursor.MoveNext()).Message, StringComparison.Ordinal);
        }

        Assert.True(body.IsDisposed);
        Assert.InRange(body.BytesRead, 1, body.Bytes / 3);
        Assert.Null(source.Outage.Failure);
    }
}
