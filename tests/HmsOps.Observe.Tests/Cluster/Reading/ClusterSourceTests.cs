using HmsOps.Observe.Cluster.Reading;
using HmsOps.Observe.RemoteRead;
using HmsOps.Observe.Tests.Prometheus;
using HmsOps.Observe.Tests.RemoteRead;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Cluster.Reading;

public sealed class ClusterSourceTests
{
    private const string VictoriaMetrics = "X-Server-Hostname";

    private static readonly Selection Up = new([new("__name__", MatchOp.Equal, "up")], 1_000, 61_500);

    [Fact]
    public void A_window_is_asked_for_a_millisecond_longer_and_what_lies_outside_is_left_out()
    {
        var cluster = new StubCluster().WithSamples("""{"__name__":"up","job":"a"} 0.999:1 1:2 30.25:3.5 61.5:4 61.501:5""");

        Assert.Equal(["up{job=\"a\"} 1000:2 30250:3.5 61500:4"], Walked.Lines(cluster.Source(), Up));
        var asked = Assert.Single(cluster.Asked);
        Assert.Equal("/prom/api/v1/query", asked.Path);
        Assert.Equal(("{__name__=\"up\"}[60501ms]", "61.500", "1"), (asked.Fields["query"], asked.Fields["time"], asked.Fields["nocache"]));
    }

    [Theory]
    [InlineData(false, """{__name__="up",job=~"a|\"b\\.c\n",x!="",y!~"ü"}""")]
    [InlineData(true, """{__name__="up",job=~"a|\"b\\.c\n",x!="",y!~"ü"}""")]
    public void Values_are_escaped_as_all_clusters_read_them(bool backslashes, string text) => Assert.Equal(text, SelectorText.Of(
        [new("__name__", MatchOp.Equal, "up"), new("job", MatchOp.Regex, "a|\"b\\.c\n"), new("x", MatchOp.NotEqual, ""), new("y", MatchOp.NotRegex, "ü")], backslashes));

    [Theory]
    [InlineData("law.code", false, """{"law.code"="1"}""")]
    [InlineData("law.code", true, """{law\.code="1"}""")]
    [InlineData("1é\"x", true, """{\1\é\"x="1"}""")]
    [InlineData("1é\"x", false, """{"1é\"x"="1"}""")]
    [InlineData("a𝄞b", true, """{a\𝄞b="1"}""")]
    public void Names_of_any_letters_are_written_as_the_cluster_reads_them(string name, bool backslashes, string text) =>
        Assert.Equal(text, SelectorText.Of([new(name, MatchOp.Equal, "1")], backslashes));

    [Fact]
    public void A_selection_that_names_nothing_asks_for_all_that_have_a_name()
    {
        Assert.Equal("{__name__!=\"\"}", SelectorText.Of([], false));
        Assert.Equal("{job=\"\",__name__!=\"\"}", SelectorText.Of([new("job", MatchOp.Equal, "")], false));
    }

    [Theory]
    [InlineData(true, "{law\\.code=\"1\"}[60501ms]")]
    [InlineData(false, "{\"law.code\"=\"1\"}[60501ms]")]
    public void Whether_it_is_a_VictoriaMetrics_is_asked_where_it_matters(bool isOne, string query)
    {
        var cluster = new StubCluster().WithSamples("""{"__name__":"up","law.code":"1"} 2:1""");
        cluster.Answers["status/buildinfo"] = _ =>
        {
            var answer = StubCluster.Json("""{"status":"success","data":{}}""");
            if (isOne)
                answer.Headers.Add(VictoriaMetrics, "vm");
            return answer;
        };

        Assert.Single(Walked.Lines(cluster.Source(), Up with { Matchers = [new("law.code", MatchOp.Equal, "1")] }));
        Assert.Equal(query, cluster.Asked[^1].Fields["query"]);
    }

    [Fact]
    public void An_answer_in_no_order_is_put_in_the_order_of_rows_unless_nobody_minds()
    {
        var cluster = new StubCluster().WithSamples("""{"__name__":"up","job":"b"} 2:1""", """{"A":"1","__name__":"up"} 2:2""", """{"__name__":"down","job":"b"} 2:3""", """{"__name__":"up","job":"a"} 2:4 3:5""");
        var all = Up with { Matchers = [] };

        Assert.Equal(["down{job=\"b\"} 2000:3", "up{A=\"1\"} 2000:2", "up{job=\"a\"} 2000:4 3000:5", "up{job=\"b\"} 2000:1"], Walked.Lines(cluster.Source(), all));
        Assert.Equal(["up{job=\"b\"} 2000:1", "up{A=\"1\"} 2000:2", "down{job=\"b\"} 2000:3", "up{job=\"a\"} 2000:4 3000:5"], Walked.Lines(cluster.Source(), all with { InAnyOrder = true }));
    }

    [Theory]
    [InlineData(true, "up{} 2000:stale 3000:+Inf 4000:-Inf 5000:1e-07")]
    [InlineData(false, "up{} 2000:NaN 3000:+Inf 4000:-Inf 5000:1e-07")]
    public void A_NaN_of_VictoriaMetrics_is_the_marker_of_an_end(bool isOne, string line)
    {
        var cluster = new StubCluster();
        cluster.Answers["query"] = _ =>
        {
            var answer = StubCluster.Json(StubCluster.Matrix("""{"__name__":"up"} 2:NaN 3:+Inf 4:-Inf 5:0.0000001"""));
            if (isOne)
                answer.Headers.Add(VictoriaMetrics, "vm");
            return answer;
        };

        Assert.Equal([line.Replace("{}", "", StringComparison.Ordinal)], Walked.Lines(cluster.Source(), Up));
    }

    [Fact]
    public void What_the_cluster_sends_beyond_what_was_asked_for_is_left_out()
    {
        var cluster = new StubCluster().WithSamples("""{"__name__":"up"} 2:1""", """{"__name__":"other"} 2:1""", """{"__name__":"up","job":""} 70:1""");

        Assert.Equal(["up 2000:1"], Walked.Lines(cluster.Source(), Up));
    }

    [Fact]
    public void Samples_out_of_order_and_series_in_two_pieces_come_out_in_order_once()
    {
        var cluster = new StubCluster().WithSamples("""{"__name__":"up"} 3:1 2:1 3:7""", """{"__name__":"up"} 5:1""", """{"__name__":"up","a":"1"} 2:1""", """{"__name__":"up"} 4:1""");

        Assert.Equal(["up 2000:1 3000:7 4000:1 5000:1", "up{a=\"1\"} 2000:1"], Walked.Lines(cluster.Source(), Up));
    }

    [Fact]
    public void A_native_histogram_in_JSON_is_refused_with_what_to_do()
    {
        var cluster = new StubCluster();
        cluster.Answers["query"] = _ => StubCluster.Json(StubCluster.Result("matrix", """[{"metric":{"__name__":"up"},"histograms":[[2,{"count":"1","sum":"1","buckets":[[0,"1","2","1"]]}]]}]"""));

        Assert.Contains("address of remote read", Assert.Throws<ClusterRefusedException>(() => Walked.Lines(cluster.Source(), Up)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_cluster_says_about_its_answer_is_a_warning_of_the_walk()
    {
        var cluster = new StubCluster();
        cluster.Answers["query"] = _ => StubCluster.Json("""{"status":"success","isPartial":true,"warnings":["one","two"],"stats":{"a":[{"b":[1]}]},"data":{"x":{"y":[]},"resultType":"matrix","result":[]}}""");
        Walked.Lines(cluster.Source().Select(Up, new QueryBudget(10), CancellationToken.None), out var warnings);

        Assert.Equal(["one", "two", "a part of the cluster did not answer: what it holds is missing"], warnings);
    }

    [Fact]
    public void Each_question_goes_to_its_own_address()
    {
        var cluster = new StubCluster().WithSamples();
        var door = cluster.Door(reads: true);
        var source = new ClusterSource(door, new ClusterLanguage(door));
        var lister = cluster.Source();
        cluster.Answers["read"] = _ => StubCluster.Bytes([], RemoteReadOutlet.StreamedType);
        cluster.Answers["status/buildinfo"] = _ => StubCluster.Json("""{"status":"success","data":{}}""");
        foreach (var path in (string[])["labels", "series", "label/job/values"])
            cluster.Answers[path] = _ => StubCluster.Json("""{"status":"success","data":[]}""");
        Walked.Lines(source, Up);
        Walked.Lines(lister, Up with { Matchers = [new("law.code", MatchOp.Equal, "1")] });
        lister.LabelNames(Up, CancellationToken.None);
        lister.LabelValues("job", Up, CancellationToken.None);
        lister.Series(Up, int.MaxValue, CancellationToken.None);

        Assert.Equal(["read", "buildinfo", "query", "labels", "values", "series"], cluster.Asked.Select(asked => asked.Path.Split('/')[^1]));
    }

    [Fact]
    public void Samples_are_paid_for()
    {
        var cluster = new StubCluster().WithSamples([.. Enumerable.Range(0, 50).Select(n => $$"""{"__name__":"up","n":"{{n}}"} 2:1 3:1""")]);
        using var cursor = cluster.Source().Select(Up, new QueryBudget(99), CancellationToken.None);

        Assert.Throws<QueryBudgetException>(() => cursor.MoveNext());
        var enough = new QueryBudget(100);
        Walked.Lines(cluster.Source().Select(Up, enough, CancellationToken.None), out _);
        Assert.Equal(100, enough.Samples);
    }

    [Fact]
    public void A_long_answer_is_handed_over_in_batches_and_every_sample_comes()
    {
        var cluster = new StubCluster().WithSamples([.. Enumerable.Range(0, 7).Select(Milliseconds)]);
        var walked = Walked.Lines(cluster.Source(), new Selection([], 0, 10_000_000));

        Assert.Equal(7, walked.Count);
        Assert.All(walked, line => Assert.Equal(7_001, line.Split(' ').Length - 1));

        static string Milliseconds(int n) => $$"""{"__name__":"up","n":"{{n}}"}""" + string.Concat(Enumerable.Range(0, 7_001).Select(i => FormattableString.Invariant($" {1 + (i / 1000m)}:{n * i}")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Remote_read_brings_what_there_is_in_order_with_markers_and_histograms(bool streamed)
    {
        var store = StoredSeries.OfEveryKind().Store;
        var cluster = new StubCluster();
        cluster.Answers["read"] = StubCluster.Through(store, streamed);
        foreach (var matchers in (Matcher[][])[[new("__name__", MatchOp.Equal, "f")], [new("__name__", MatchOp.Equal, "h")], [], [new("n", MatchOp.Regex, "1|2|19"), new("__name__", MatchOp.NotEqual, "g")]])
        {
            var selection = new Selection(matchers, StoredSeries.End - 3_000_000, StoredSeries.End - 60_000);
            Assert.Equal(Walked.Lines(store, selection), Walked.Lines(cluster.Source(reads: true), selection));
            Assert.Equal(Walked.Lines(store, selection).Order(StringComparer.Ordinal), Walked.Lines(cluster.Source(reads: true), selection with { InAnyOrder = true }).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Labels_that_a_Prometheus_adds_behind_its_sorting_cost_one_question()
    {
        var store = new ListedSeries("up{a=\"1\",d=\"x\"} 2000:1", "up{a=\"1\",c=\"1\",d=\"x\"} 2000:2");
        var cluster = new StubCluster();
        cluster.Answers["read"] = StubCluster.Through(new Reversed(store), streamed: true);
        var source = cluster.Source(reads: true);

        Assert.Contains("external_labels", Assert.Throws<ClusterUnavailableException>(() => Walked.Lines(source, Up)).Message, StringComparison.Ordinal);
        Assert.Equal(["up{a=\"1\", c=\"1\", d=\"x\"} 2000:1", "up{a=\"1\", d=\"x\"} 2000:2"], Walked.Lines(source, Up));
    }

    [Fact]
    public async Task A_stream_of_a_real_Prometheus_is_read_and_a_chunk_that_is_damaged_is_named()
    {
        var bytes = await File.ReadAllBytesAsync(Golden.Path("histograms.stream"));
        var cluster = new StubCluster();
        cluster.Answers["read"] = _ => StubCluster.Bytes(bytes, RemoteReadOutlet.StreamedType);

        Assert.Equal(2, Walked.Lines(cluster.Source(reads: true), new Selection([], 1_795_000_000_000, 1_796_000_000_000)).Count);
        bytes = bytes[..(bytes.Length / 2)];
        var failure = Assert.Throws<ClusterUnavailableException>(() => Walked.Lines(cluster.Source(reads: true), new Selection([], 1_795_000_000_000, 1_796_000_000_000)));
        Assert.Contains("in the midst of a frame", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_address_that_is_none_is_named()
    {
        var cluster = new StubCluster();
        cluster.Answers["read"] = _ => StubCluster.Json("{}");

        Assert.Contains("address of its read door", Assert.Throws<ClusterUnavailableException>(() => Walked.Lines(cluster.Source(reads: true), Up)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_are_listed_by_the_clusters_own_lists()
    {
        var cluster = new StubCluster();
        cluster.Answers["series"] = _ => StubCluster.Json("""{"status":"success","data":[{"__name__":"up","job":"b"},{"job":"a","__name__":"up"},{"__name__":"other"},{"__name__":"up","job":"b"}]}""");
        cluster.Answers["labels"] = _ => StubCluster.Json("""{"status":"success","data":["job","__name__"]}""");
        cluster.Answers["label/law.code%20x/values"] = _ => StubCluster.Json("""{"status":"success","data":["𝄞","\uffee","a"]}""");
        var source = cluster.Source();

        Assert.Equal(["up{job=\"a\"}", "up{job=\"b\"}"], source.Series(Up, int.MaxValue, CancellationToken.None).Select(labels => labels.ToString()));
        Assert.Equal(["__name__", "job"], source.LabelNames(Up, CancellationToken.None));
        Assert.Equal(["a", "\uffee", "𝄞"], source.LabelValues("law.code x", Up, CancellationToken.None));
        Assert.All(cluster.Asked, asked => Assert.Equal(("{__name__=\"up\"}", "1.000", "61.500"), (asked.Fields["match[]"], asked.Fields["start"], asked.Fields["end"])));
    }

    [Theory]
    [InlineData("""{"status":"success"}""")]
    [InlineData("""{"status":"success","data":["a" """)]
    [InlineData("<html>")]
    public void A_list_that_is_none_is_a_failure(string body)
    {
        var cluster = new StubCluster();
        cluster.Answers["labels"] = _ => StubCluster.Json(body);

        Assert.Throws<ClusterUnavailableException>(() => cluster.Source().LabelNames(Up, CancellationToken.None));
    }

    [Fact]
    public void Times_that_no_cluster_has_are_not_asked_for()
    {
        var cluster = new StubCluster().WithSamples();

        Assert.Empty(Walked.Lines(cluster.Source(), Up with { From = -10, To = -1 }));
        Assert.Empty(cluster.Asked);
        Assert.Empty(Walked.Lines(cluster.Source(), Up with { From = long.MinValue, To = long.MaxValue }));
        Assert.Equal("{__name__=\"up\"}[9000000000001ms]", cluster.Asked[0].Fields["query"]);
    }

    /// <summary>A source that hands its series out the wrong way round.</summary>
    private sealed class Reversed(ListedSeries inner) : ISeriesSource
    {
        public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken) => new Cursor(inner.Series(selection, int.MaxValue, cancellationToken).Reverse().ToList());

        public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken) => inner.Series(selection, most, cancellationToken);

        public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) => inner.LabelNames(selection, cancellationToken);

        public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) => inner.LabelValues(name, selection, cancellationToken);

        private sealed class Cursor(List<Labels> series) : SeriesCursor
        {
            private int _at = -1;

            public override SeriesView Current => new(series[_at], [2_000], new double[] { series.Count - _at }, []);

            public override bool MoveNext() => ++_at < series.Count;
        }
    }
}
