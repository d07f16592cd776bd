using System.Net;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.PromQL;

namespace HmsOps.Observe.Tests.Cluster.Reading;

public sealed class ClusterAnswersTests
{
    private const string Prometheus = """{"version":"3.14.0","revision":"1ab2","branch":"HEAD","goVersion":"go1.26"}""";
    private const string Hub = """{"application":"HMS-OPS","version":"3.14.0","revision":"","goVersion":""}""";
    private const string OneVector = """[{"metric":{"job":"a"},"value":[100,"1.5"]}]""";
    private const long At = 100_000;

    private static readonly SentSpan Everything = new(long.MinValue, long.MaxValue);

    [Theory]
    [InlineData("sum by (job) (rate(up[5m]))", Prometheus, true)]
    [InlineData("sum by (job) (rate(up[5m]))", Hub, true)]
    [InlineData("up", """{"version":"3.0.0","revision":"1ab2","goVersion":"go1.23"}""", true)]
    [InlineData("sum(up)", """{"version":"3.0.1","revision":"1ab2","goVersion":"go1.23"}""", false)] // sums of 3.0 are not today's
    [InlineData("up", """{"version":"2.53.4","revision":"1ab2","goVersion":"go1.22"}""", false)]
    [InlineData("up", """{"version":"4.0.0","revision":"1ab2","goVersion":"go1.30"}""", false)] // nobody knows
    [InlineData("up", """{"version":"3.14.0","revision":"1ab2"}""", false)] // somebody else's buildinfo
    [InlineData("up", """{"version":"3.0.2","application":"Grafana Mimir","revision":"1ab2","goVersion":"go1.26"}""", false)]
    [InlineData("up", """{"version":"0.41.0","revision":"1ab2","goVersion":"go1.26"}""", false)] // Thanos
    [InlineData("avg_over_time(up[5m])", """{"version":"3.4.2","revision":"1ab2","goVersion":"go1.24"}""", false)]
    [InlineData("avg_over_time(up[5m])", """{"version":"3.5.0","revision":"1ab2","goVersion":"go1.24"}""", true)]
    [InlineData("mad_over_time(up[5m])", Prometheus, false)] // behind a flag there
    [InlineData("mad_over_time(up[5m])", Hub, true)]
    [InlineData("limitk(2, up)", Prometheus, false)]
    [InlineData("sum by (__name__) (rate({job=\"a\"}[5m]))", Prometheus, false)] // names go at the end only here
    [InlineData("sum by (__name__) (rate({job=\"a\"}[5m]))", Hub, true)]
    [InlineData("up{job=~\"(?i)A\"}", """{"version":"3.13.0","revision":"1ab2","goVersion":"go1.26"}""", false)]
    [InlineData("max_over_time(up[5m:])", Hub, false)] // its step is a setting
    [InlineData("max_over_time(up[5m:1m])", Prometheus, true)]
    [InlineData("rate(up[5m] smoothed)", Hub, false)]
    public void An_expression_is_pushed_where_the_cluster_says_what_the_engine_says(string expression, string build, bool isPushed)
    {
        var cluster = Cluster(build, StubCluster.Result("vector", OneVector));
        var answers = Answers(cluster);

        Assert.Equal(isPushed, answers.Instant(Parsed(expression), At, PromLimits.Default, CancellationToken.None) is not null);
        Assert.Equal(isPushed ? 1 : 0, answers.Pushed);
        Assert.Equal(isPushed ? 1 : 0, cluster.Asked.Count(asked => asked.Path.EndsWith("/query", StringComparison.Ordinal)));
    }

    [Fact]
    public void VictoriaMetrics_speaks_a_language_of_its_own_whatever_version_it_says()
    {
        var cluster = Cluster(Prometheus, StubCluster.Result("vector", OneVector));
        cluster.Answers["status/buildinfo"] = _ =>
        {
            var answer = StubCluster.Json($$"""{"status":"success","data":{{Prometheus}}}""");
            answer.Headers.Add("X-Server-Hostname", "vm");
            return answer;
        };

        Assert.Null(Answers(cluster).Instant(Parsed("up"), At, PromLimits.Default, CancellationToken.None));
        Assert.NotNull(Answers(cluster, ClusterPushdown.Always).Instant(Parsed("up"), At, PromLimits.Default, CancellationToken.None));
        Assert.Null(Answers(cluster, ClusterPushdown.Never).Instant(Parsed("up"), At, PromLimits.Default, CancellationToken.None));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    public void A_cluster_that_does_not_say_what_it_is_is_asked_for_samples_and_has_not_failed(int status)
    {
        var cluster = Cluster("", StubCluster.Result("vector", OneVector));
        cluster.Answers["status/buildinfo"] = _ => StubCluster.Json("no", (HttpStatusCode)status);
        var door = cluster.Door();
        var answers = new ClusterAnswers(door, new ClusterLanguage(door), ClusterPushdown.Auto, () => Everything);

        Assert.Null(answers.Instant(Parsed("up"), At, PromLimits.Default, CancellationToken.None));
        Assert.Null(answers.Instant(Parsed("up"), At, PromLimits.Default, CancellationToken.None));
        Assert.Null(door.Outage.Failure);
        Assert.Single(cluster.Asked); // once an hour
    }

    [Theory]
    [InlineData("up", -1_000, 95, true)] // a scrape is on its way for some seconds
    [InlineData("up", -1_000, 94, false)]
    [InlineData("up offset -20s", -1_000, 95, false)]
    [InlineData("up offset -20s", -1_000, 115, true)]
    [InlineData("up @ 150", -1_000, 144, false)]
    [InlineData("up @ 150", -1_000, 145, true)]
    [InlineData("up", -200, 95, true)] // the look-back of five minutes
    [InlineData("up", -199, 95, false)]
    [InlineData("up offset 5m", -500, 95, true)]
    [InlineData("up offset 5m", -499, 95, false)]
    [InlineData("rate(up[1h])", -3_800, 95, true)]
    [InlineData("rate(up[1h])", -3_799, 95, false)]
    [InlineData("max_over_time(rate(up[1h])[1d:5m])", -90_200, 95, true)]
    [InlineData("max_over_time(rate(up[1h])[1d:5m])", -90_199, 95, false)]
    [InlineData("rate(up[1h] @ 50)", -3_850, 95, true)]
    [InlineData("rate(up[1h] @ 50)", -3_849, 95, false)]
    [InlineData("up + up offset 1h", -3_800, 95, true)]
    [InlineData("up + up offset 1h", -3_799, 95, false)]
    [InlineData("1 + 1", 100, 95, true)]
    public void What_was_not_sent_yet_or_never_is_not_asked_of_the_cluster(string expression, long fromSeconds, long toSeconds, bool isPushed)
    {
        var cluster = Cluster(Hub, StubCluster.Result(expression == "1 + 1" ? "scalar" : "vector", expression == "1 + 1" ? "[100,\"2\"]" : OneVector));
        var answers = Answers(cluster, sent: new SentSpan(fromSeconds * 1_000, toSeconds * 1_000));

        Assert.Equal(isPushed, answers.Instant(Parsed(expression), At, PromLimits.Default, CancellationToken.None) is not null);
    }

    [Fact]
    public void An_answer_is_the_engines_own_kind()
    {
        var cluster = Cluster(Hub, StubCluster.Result("vector", """[{"metric":{"job":"b"},"value":[100,"+Inf"]},{"metric":{"job":"a"},"value":[100,"NaN"]}]""", ""","warnings":["w (1:3)"],"infos":["i"]"""));
        var vector = Answers(cluster).Instant(Parsed("up  +  0"), At, PromLimits.Default, CancellationToken.None)!; // it is pushed

        Assert.Equal(["{job=\"a\"} NaN", "{job=\"b\"} Infinity"], vector.Points.Select(point => FormattableString.Invariant($"{point.Labels} {point.Value}")));
        Assert.All(vector.Points, point => Assert.Equal(At, point.Time));
        Assert.Equal((PromType.Vector, 2L), (vector.Type, vector.Usage.Points));
        Assert.Equal(["w", "i"], vector.Annotations); // the place is one in the text that was sent
        Assert.Equal(("up + 0", "100.000", "300.000"), (cluster.Asked[1].Fields["query"], cluster.Asked[1].Fields["time"], cluster.Asked[1].Fields["lookback_delta"]));

        cluster.Answers["query"] = _ => StubCluster.Json(StubCluster.Result("scalar", "[100,\"2\"]"));
        var scalar = Assert.Single(Answers(cluster).Instant(Parsed("1+1"), At, PromLimits.Default, CancellationToken.None)!.Points);
        Assert.Equal((0, 2.0), (scalar.Labels.Bytes.Length, scalar.Value));

        cluster.Answers["query_range"] = _ => StubCluster.Json(StubCluster.Matrix("""{"b":"1"} 100:1 110:2""", """{"a":"1"} 110:3"""));
        var matrix = Answers(cluster).Range(Parsed("up"), At, At + 10_000, 10_000, PromLimits.Default, CancellationToken.None)!;
        Assert.Equal(["{a=\"1\"} 110000 3", "{b=\"1\"} 100000,110000 1,2"], matrix.Series.Select(series => $"{series.Labels} {string.Join(',', series.Times)} {string.Join(',', series.Values)}"));
        Assert.Equal(("100.000", "110.000", "10.000"), (cluster.Asked[^1].Fields["start"], cluster.Asked[^1].Fields["end"], cluster.Asked[^1].Fields["step"]));
    }

    [Theory]
    [InlineData("sort(up)")]
    [InlineData("(topk(1, up))")]
    [InlineData("bottomk(1, up)")]
    [InlineData("sort_by_label(up, \"job\")")]
    public void Where_equals_may_stand_in_another_order_the_order_is_made_here(string expression)
    {
        var cluster = Cluster(Hub, StubCluster.Result("vector", OneVector));

        Assert.Null(Answers(cluster).Instant(Parsed(expression), At, PromLimits.Default, CancellationToken.None));
        Assert.Empty(cluster.Asked);
    }

    [Theory]
    [InlineData(422, "many-to-many matching not allowed")]
    [InlineData(503, "busy")]
    [InlineData(200, """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"}""")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[]}}""")]
    [InlineData(200, """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"histogram":[100,{"count":"1"}]}]}}""")]
    public void Whatever_goes_wrong_means_that_samples_are_read(int status, string body)
    {
        var cluster = Cluster(Hub, "");
        cluster.Answers["query"] = _ => StubCluster.Json(body, (HttpStatusCode)status);
        var answers = Answers(cluster);

        Assert.Null(answers.Instant(Parsed("up"), At, PromLimits.Default, CancellationToken.None));
        Assert.Equal(0, answers.Pushed);
    }

    [Theory]
    [InlineData(Hub, true)]
    [InlineData(Prometheus, false)]
    public void Labels_that_belong_to_the_name_are_in_no_answer_of_a_hub(string build, bool isTaken)
    {
        var cluster = Cluster(build, StubCluster.Result("vector", """[{"metric":{"__type__":"gauge","job":"a"},"value":[100,"1"]}]"""));

        Assert.Equal(isTaken, Answers(cluster).Instant(Parsed("-up"), At, PromLimits.Default, CancellationToken.None) is not null);
    }

    [Fact]
    public void The_limits_of_a_query_hold_for_an_answer_too()
    {
        var cluster = Cluster(Hub, "");
        cluster.Answers["query_range"] = _ => StubCluster.Json(StubCluster.Matrix("""{"a":"1"} 100:1 110:2""", """{"a":"2"} 100:1 110:3"""));
        string Limit(PromLimits limits) =>
            Assert.Throws<PromEvaluationException>(() => Answers(cluster).Range(Parsed("up"), At, At + 10_000, 10_000, limits, CancellationToken.None)).Limit ?? "";

        Assert.Equal("point_limit", Limit(new PromLimits { SamplesMax = 3 }));
        Assert.Equal("series_limit", Limit(new PromLimits { SeriesMax = 1 }));
    }

    [Fact]
    public void What_a_cluster_is_is_asked_once_an_hour_and_again_after_a_failure()
    {
        var cluster = Cluster(Hub, StubCluster.Result("vector", OneVector));
        var answers = Answers(cluster);
        var asked = 0;
        void Ask(int expected)
        {
            answers.Instant(Parsed("up"), At, PromLimits.Default, CancellationToken.None);
            Assert.Equal(expected, cluster.Asked.Skip(asked).Count(question => question.Path.EndsWith("buildinfo", StringComparison.Ordinal)));
            asked = cluster.Asked.Count;
        }

        Ask(1);
        cluster.Time.Advance(TimeSpan.FromMinutes(59));
        Ask(0);
        cluster.Time.Advance(TimeSpan.FromMinutes(2));
        Ask(1);
        var query = cluster.Answers["query"];
        cluster.Answers["query"] = _ => throw new HttpRequestException("gone");
        Ask(0);
        cluster.Answers["query"] = query;
        Ask(0); // left alone
        Assert.Equal(3, answers.Pushed);
        cluster.Time.Advance(TimeSpan.FromSeconds(11));
        Ask(1);
    }

    [Fact]
    public void A_question_that_is_given_up_is_neither_answered_nor_a_failure()
    {
        var cluster = Cluster(Hub, "");
        using var stopping = new CancellationTokenSource();
        cluster.Answers["query"] = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new SilentBody([]) { WhenWaiting = stopping.Cancel }) };
        var door = cluster.Door();
        var answers = new ClusterAnswers(door, new ClusterLanguage(door), ClusterPushdown.Auto, () => Everything);

        Assert.ThrowsAny<OperationCanceledException>(() => answers.Instant(Parsed("up"), At, PromLimits.Default, stopping.Token));
        Assert.Null(door.Outage.Failure);
    }

    private static StubCluster Cluster(string build, string answer)
    {
        var cluster = new StubCluster();
        cluster.Answers["status/buildinfo"] = _ => StubCluster.Json($$"""{"status":"success","data":{{build}}}""");
        cluster.Answers["query"] = _ => StubCluster.Json(answer);
        return cluster;
    }

    private static ClusterAnswers Answers(StubCluster cluster, ClusterPushdown mode = ClusterPushdown.Auto, SentSpan? sent = null)
    {
        var door = cluster.Door();
        return new ClusterAnswers(door, new ClusterLanguage(door), mode, () => sent ?? Everything);
    }

    private static PromExpression Parsed(string text)
    {
        var parse = PromParser.Parse(text);
        Assert.Empty(parse.Errors);
        return parse.Expression!; // there were no errors
    }
}
