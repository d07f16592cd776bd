using HmsOps.Labs.Tests.Prometheus;
using HmsOps.Labs.Tests.World;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.PromQL;
using HmsOps.Series;
using Xunit.Abstractions;

namespace HmsOps.Labs.Tests.Clusters;

/// <summary>The same questions to the engine over a real store of each kind that was sent the court's numbers, and over a store of its own that holds the same.</summary>
public sealed class ReadingTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_Prometheus_by_remote_read_has_everything_but_made_whole_histograms(bool whole)
    {
        using var lab = new LabFolder();
        var court = CourtSeries.Until(DateTimeOffset.UtcNow);
        await using var prometheus = await PrometheusServer.StartAsync(lab, "", flags: ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"]);
        using var cluster = new AskedCluster(prometheus.Http, reads: true, wholeReads: whole);
        await cluster.WriteAsync(court, withHistograms: true);

        // 2.42 leaves histograms out of an answer that it makes whole; in frames, which it prefers, they are there.
        AssertSame(court, cluster, whole ? CourtQuestions.AllButHistograms : CourtQuestions.All);
        AssertLists(court, cluster);
    }

    [Fact]
    public async Task A_Prometheus_without_remote_read_has_all_but_the_ends_of_series_and_histograms()
    {
        using var lab = new LabFolder();
        var court = CourtSeries.Until(DateTimeOffset.UtcNow);
        await using var prometheus = await PrometheusServer.StartAsync(lab, "", flags: ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"]);
        using var cluster = new AskedCluster(prometheus.Http, reads: false);
        await cluster.WriteAsync(court, withHistograms: true);

        AssertSame(court, cluster, CourtQuestions.AllButHistograms.Except(CourtQuestions.OfEnds));
        using var store = court.Stored();
        var named = new CourtAnswers(court, new PromEngine(store, PromLimits.Default), cluster.Engine()).Differences(CourtQuestions.OfEnds);
        Assert.Equal(CourtQuestions.OfEnds.Count - 1, named.Count); // a rate passes over the markers
        foreach (var question in CourtQuestions.OfHistograms)
            Assert.Contains("address of remote read", Refused(cluster, question), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_VictoriaMetrics_has_all_but_histograms_numbers_that_are_none_and_the_last_digits()
    {
        using var lab = new LabFolder();
        var court = CourtSeries.Until(DateTimeOffset.UtcNow);
        await using var server = await VictoriaMetricsServer.StartAsync(lab);
        using var cluster = new AskedCluster(server.Http, reads: false);
        await cluster.WriteAsync(court, withHistograms: false);
        await server.ShowAsync();

        AssertSame(court, cluster, [.. CourtQuestions.OfNumbers, .. CourtQuestions.OfEnds, "sum(court_fine)"]);
        AssertLists(court, cluster);
        using var store = court.Stored();
        var answers = new CourtAnswers(court, new PromEngine(store, PromLimits.Default), cluster.Engine());
        Assert.Single(answers.Differences(["court_odd"])); // NaN is the end of a series there
        Assert.Empty(answers.Differences(["court_fine"])); // to 1e-9
        var (own, theirs) = (Bits(store, court), Bits(cluster.Source, court));
        var rounded = own.Zip(theirs).Count(pair => pair.First != pair.Second);
        output.WriteLine($"{rounded} of {own.Count} numbers of court_fine are rounded");
        Assert.Equal(own.Count, theirs.Count);
        Assert.InRange(rounded, 1, own.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_hub_has_everything_and_answers_whole_expressions(bool reads)
    {
        using var lab = new LabFolder();
        var court = CourtSeries.Until(DateTimeOffset.UtcNow);
        await using var hub = await RunningHub.StartAsync(lab);
        using var cluster = new AskedCluster(hub.Http, reads);
        await cluster.WriteAsync(court, withHistograms: true);

        AssertSame(court, cluster, reads ? CourtQuestions.All : CourtQuestions.AllButHistograms.Except(CourtQuestions.OfEnds));
        AssertLists(court, cluster);
        var pushed = new ClusterAnswers(cluster.Door, cluster.Language, ClusterPushdown.Auto, () => new SentSpan(long.MinValue, long.MaxValue));
        string[] asked = [.. CourtQuestions.AllButHistograms, "mad_over_time(court_fine[5m])", .. CourtQuestions.OfHistograms];
        AssertSame(court, cluster, asked, pushed);
        Assert.Equal((2 * asked.Length) - 2, pushed.Pushed); // sort_desc and topk at one time are worked out here: their order is the source's
    }

    [Fact]
    public async Task A_Prometheus_of_the_old_language_is_asked_for_samples()
    {
        using var lab = new LabFolder();
        var court = CourtSeries.Until(DateTimeOffset.UtcNow);
        await using var prometheus = await PrometheusServer.StartAsync(lab, "", flags: ["--web.enable-remote-write-receiver"]);
        using var cluster = new AskedCluster(prometheus.Http, reads: true);
        await cluster.WriteAsync(court, withHistograms: false);
        var auto = new ClusterAnswers(cluster.Door, cluster.Language, ClusterPushdown.Auto, () => new SentSpan(long.MinValue, long.MaxValue));
        var always = new ClusterAnswers(cluster.Door, cluster.Language, ClusterPushdown.Always, () => new SentSpan(long.MinValue, long.MaxValue));

        AssertSame(court, cluster, ["sum by (job) (court_up)", "court_requests_total"], auto);
        AssertSame(court, cluster, ["sum by (job) (court_up)", "court_requests_total"], always);
        Assert.Equal((0, 4), (auto.Pushed, always.Pushed));
    }

    private void AssertSame(CourtSeries court, AskedCluster cluster, IEnumerable<string> asked, IWholeAnswers? whole = null)
    {
        var questions = asked.ToList();
        using var store = court.Stored();
        var answers = new CourtAnswers(court, new PromEngine(store, PromLimits.Default), cluster.Engine(whole: whole));
        var differences = answers.Differences(questions);
        output.WriteLine($"{questions.Count} questions, {answers.Compared} numbers, {differences.Count} differences");
        Assert.Empty(differences);
        Assert.InRange(answers.Compared, 60 * questions.Count, int.MaxValue);
    }

    private static void AssertLists(CourtSeries court, AskedCluster cluster)
    {
        using var store = court.Stored();
        var ours = new Selection([new("__name__", MatchOp.Regex, "court_(up|queue|requests_total)")], court.FromMs, court.ToMs);
        Assert.Equal(store.Series(ours, int.MaxValue, CancellationToken.None), cluster.Source.Series(ours, int.MaxValue, CancellationToken.None));
        Assert.Equal(store.LabelNames(ours, CancellationToken.None), cluster.Source.LabelNames(ours, CancellationToken.None));
        Assert.Equal(store.LabelValues("instance", ours, CancellationToken.None), cluster.Source.LabelValues("instance", ours, CancellationToken.None));
    }

    private static string Refused(AskedCluster cluster, string question) =>
        Assert.Throws<PromEvaluationException>(() => cluster.Engine().Instant(PromParser.Parse(question).Expression!, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), CancellationToken.None)).Message; // it was parsed before

    private static List<long> Bits(ISeriesSource source, CourtSeries court)
    {
        var bits = new List<long>();
        using var cursor = source.Select(new Selection([new("__name__", MatchOp.Equal, "court_fine")], court.FromMs, court.ToMs), new QueryBudget(1_000_000), CancellationToken.None);
        while (cursor.MoveNext())
        {
            foreach (var value in cursor.Current.Values)
                bits.Add(BitConverter.DoubleToInt64Bits(value));
        }
        return bits;
    }
}
