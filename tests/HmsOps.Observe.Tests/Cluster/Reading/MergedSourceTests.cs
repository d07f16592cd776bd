using System.Net;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.Observe.Tests.Prometheus.Chunks;
using HmsOps.Series;
using Listed = HmsOps.Observe.Tests.Cluster.Reading.ListedSeries.Listed;
using Sample = HmsOps.Observe.Tests.Cluster.Reading.ListedSeries.Sample;

namespace HmsOps.Observe.Tests.Cluster.Reading;

public sealed class MergedSourceTests
{
    private const int Rounds = 200;
    private const long Step = 1_000;
    private const int Times = 40;

    private static readonly Selection Up = new([new("__name__", MatchOp.Equal, "up")], 1_000, 9_000);

    [Theory]
    [InlineData(Way.Streamed)]
    [InlineData(Way.Whole)]
    [InlineData(Way.Json)]
    public void Whatever_either_has_is_there_once_in_order_and_the_own_sample_counts(Way way)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var world = new Drawn(new Random(round), way);
            var expected = Drawn.Union(world.Own, world.Theirs, world.Selection, long.MaxValue);

            Assert.Equal(expected, Walked.Lines(world.Merged, world.Selection));
            Assert.Equal(expected.Order(StringComparer.Ordinal), Walked.Lines(world.Merged, world.Selection with { InAnyOrder = true }).Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData(Way.Streamed)]
    [InlineData(Way.Whole)]
    [InlineData(Way.Json)]
    public void Rules_are_answered_by_the_own_store_as_far_back_as_it_reaches_and_by_both_before(Way way)
    {
        var (alone, both, none) = (0, 0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var world = new Drawn(new Random(round), way);
            var hasOwn = Drawn.Union(world.Own, [], world.Selection, 0).Count > 0;
            var asked = hasOwn ? Drawn.Union(world.Own, world.Theirs, world.Selection, world.OwnFrom - 1) : Drawn.Union([], world.Theirs, world.Selection, long.MaxValue);

            Assert.Equal(asked, Walked.Lines(world.OwnFirst, world.Selection));
            Assert.Equal(hasOwn && world.Selection.From >= world.OwnFrom, world.Cluster.Asked.Count == 0);
            _ = !hasOwn ? none++ : world.Cluster.Asked.Count == 0 ? alone++ : both++;
        }
        Assert.True(alone > 10 && both > 10 && none > 3, $"{alone} {both} {none}");
    }

    [Fact]
    public void While_the_cluster_is_away_there_is_what_the_own_store_has_and_a_warning()
    {
        var cluster = new StubCluster();
        cluster.Answers["query"] = _ => throw new HttpRequestException("connection refused");
        var merged = new MergedSource(cluster.Source(), new ListedSeries("up{job=\"a\"} 2000:1"), () => 5_000);

        Assert.Equal(["up{job=\"a\"} 2000:1"], Walked.Lines(merged.Select(Up, new QueryBudget(10), CancellationToken.None), out var warnings));
        var warning = Assert.Single(warnings);
        Assert.Contains("older than 1970-01-01T00:00:05Z", warning, StringComparison.Ordinal);
        Assert.Contains("connection refused", warning, StringComparison.Ordinal);
        Assert.Equal(["up{job=\"a\"}"], merged.Series(Up, int.MaxValue, CancellationToken.None).Select(labels => labels.ToString()));
        Assert.Equal(["__name__", "job"], merged.LabelNames(Up, CancellationToken.None));
        Assert.Equal(["a"], merged.LabelValues("job", Up, CancellationToken.None));
        Assert.Single(cluster.Asked); // the rest was not even asked
    }

    [Fact]
    public void A_cluster_that_breaks_off_behind_a_series_that_was_handed_out_ends_the_question()
    {
        var cluster = new StubCluster().WithReads(new ListedSeries([.. Enumerable.Range(0, 5_000).Select(n => $"up{{n=\"{n:0000}\"}} 2000:1")]));
        var whole = cluster.Answers["read"];
        cluster.Answers["read"] = question =>
        {
            var answer = whole(question);
            var bytes = answer.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
            return StubCluster.Bytes(bytes[..(bytes.Length - 10)], answer.Content.Headers.ContentType!.ToString()); // a hub says it
        };
        using var cursor = new MergedSource(cluster.Source(reads: true), new ListedSeries("up{job=\"a\"} 2000:1"), () => 0).Select(Up, new QueryBudget(10_000), CancellationToken.None);
        Assert.True(cursor.MoveNext());

        Assert.Throws<ClusterUnavailableException>(() =>
        {
            while (cursor.MoveNext())
            {
            }
        });
    }

    [Fact]
    public void A_question_that_the_cluster_refuses_is_refused()
    {
        var cluster = new StubCluster();
        cluster.Answers["query"] = _ => StubCluster.Json("too many series", HttpStatusCode.UnprocessableEntity);
        var merged = new MergedSource(cluster.Source(), new ListedSeries("up 2000:1"), () => 5_000);

        Assert.Contains("too many series", Assert.Throws<ClusterRefusedException>(() => Walked.Lines(merged, Up)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_are_those_of_both()
    {
        var cluster = new StubCluster();
        cluster.Answers["series"] = _ => StubCluster.Json("""{"status":"success","data":[{"__name__":"up","job":"b"},{"__name__":"up","job":"a"}]}""");
        cluster.Answers["labels"] = _ => StubCluster.Json("""{"status":"success","data":["job","__name__","zone"]}""");
        cluster.Answers["label/job/values"] = _ => StubCluster.Json("""{"status":"success","data":["b","a"]}""");
        var own = new ListedSeries("up{job=\"a\"} 2000:1", "up{job=\"ö\"} 2000:1");
        var merged = new MergedSource(cluster.Source(), own, () => 0);
        var rules = new OwnFirstSource(own, merged, () => 0);

        Assert.Equal(["up{job=\"a\"}", "up{job=\"b\"}", "up{job=\"ö\"}"], merged.Series(Up, int.MaxValue, CancellationToken.None).Select(labels => labels.ToString()));
        Assert.Equal(["__name__", "job", "zone"], merged.LabelNames(Up, CancellationToken.None));
        Assert.Equal(["a", "b", "ö"], merged.LabelValues("job", Up, CancellationToken.None));
        Assert.Equal(["a", "ö"], rules.LabelValues("job", Up, CancellationToken.None));
        Assert.Equal(["__name__", "job"], rules.LabelNames(Up, CancellationToken.None));
        Assert.Equal(2, rules.Series(Up, int.MaxValue, CancellationToken.None).Count);
        Assert.Equal(3, new OwnFirstSource(own, merged, () => 1_500).LabelValues("job", Up, CancellationToken.None).Count);
    }

    /// <summary>A cluster and an own store whose series and samples overlap as dice will have it, and a question.</summary>
    private sealed class Drawn
    {
        private static readonly string[] Names = ["up", "down", "Zone", "α"];

        public Drawn(Random dice, Way way)
        {
            Label[] pool = [.. Enumerable.Range(0, 14).Select(_ => new Label(Names[dice.Next(Names.Length)], $"{dice.Next(4)}", dice.Next(3) == 0 ? "x" : ""))];
            Own = Draw(dice, pool, 0, way);
            Theirs = Draw(dice, pool, 0.5, way);
            Cluster = way == Way.Json ? Json(dice, Theirs) : new StubCluster().WithReads(new ListedSeries(Theirs), way == Way.Streamed);
            OwnFrom = dice.Next(Times) * Step;
            var from = dice.Next(Times) * Step;
            Selection = new Selection(dice.Next(2) == 0 ? [] : [new("__name__", MatchOp.Equal, Names[dice.Next(Names.Length)])], from, from + (dice.Next(dice.Next(2) == 0 ? 3 : Times) * Step));
            var own = new ListedSeries(Own);
            Merged = new MergedSource(Cluster.Source(reads: way != Way.Json), own, () => OwnFrom);
            OwnFirst = new OwnFirstSource(own, Merged, () => OwnFrom);
        }

        public StubCluster Cluster { get; }

        public IReadOnlyList<Listed> Own { get; }

        public IReadOnlyList<Listed> Theirs { get; }

        public Selection Selection { get; }

        public long OwnFrom { get; }

        public MergedSource Merged { get; }

        public OwnFirstSource OwnFirst { get; }

        /// <summary>The slow way: all samples by series and time, the cluster's first, the own ones over them.</summary>
        public static List<string> Union(IReadOnlyList<Listed> own, IReadOnlyList<Listed> theirs, Selection selection, long theirsTo)
        {
            var all = new SortedDictionary<Labels, SortedDictionary<long, string>>(Labels.RowOrder);
            foreach (var (side, to) in new[] { (theirs, Math.Min(theirsTo, selection.To)), (own, selection.To) })
            {
                foreach (var series in side.Where(series => selection.Matchers.All(matcher => matcher.Matches(series.Labels))))
                {
                    foreach (var sample in series.Samples.Where(sample => sample.Time >= selection.From && sample.Time <= to))
                    {
                        if (!all.TryGetValue(series.Labels, out var samples))
                            all[series.Labels] = samples = [];
                        samples[sample.Time] = Walked.Words(sample.Value, sample.Histogram);
                    }
                }
            }
            return [.. all.Select(series => $"{series.Key} {string.Join(' ', series.Value.Select(sample => $"{sample.Key}:{sample.Value}"))}")];
        }

        // In no order, and beyond what was asked for: all of it is answered to every question.
        private static StubCluster Json(Random dice, IReadOnlyList<Listed> series)
        {
            var lines = series.Select(one =>
            {
                var labels = string.Join(',', LabelLists.NamesOf([one.Labels]).Select(name => $"\"{name}\":\"{one.Labels.Text(name)}\""));
                return $"{{{labels}}} {string.Join(' ', one.Samples.Select(sample => FormattableString.Invariant($"{sample.Time / 1_000m}:{(StaleMarker.Is(sample.Value) ? "NaN" : sample.Value)}")))}";
            }).ToArray();
            dice.Shuffle(lines);
            var cluster = new StubCluster();
            cluster.Answers["query"] = _ =>
            {
                var answer = StubCluster.Json(StubCluster.Matrix(lines));
                answer.Headers.Add("X-Server-Hostname", "vm");
                return answer;
            };
            return cluster;
        }

        private static List<Listed> Draw(Random dice, Label[] pool, double fraction, Way way)
        {
            var all = new List<Listed>();
            foreach (var label in pool.Distinct().Where(_ => dice.Next(5) > 0))
            {
                var labels = Labels.From([("__name__", label.Name), ("n", label.N), .. label.More.Length > 0 ? [("A", label.More)] : Array.Empty<(string, string)>()]);
                var samples = new List<Sample>();
                var density = dice.NextDouble();
                var histograms = way != Way.Json && dice.Next(3) == 0 ? ChunkSamples.Histograms(dice, Times) : [];
                for (var i = 0; i < Times; i++)
                {
                    if (dice.NextDouble() > density)
                        continue;
                    if (histograms.Length > 0 && dice.Next(4) > 0)
                        samples.Add(new Sample(i * Step, 0, histograms[i]));
                    else
                        samples.Add(new Sample(i * Step, dice.Next(12) == 0 ? StaleMarker.Value : i + fraction));
                }
                if (samples.Count > 0)
                    all.Add(new Listed(labels, samples));
            }
            return all;
        }

        private sealed record Label(string Name, string N, string More);
    }
}

/// <summary>How a stub answers for samples.</summary>
public enum Way
{
    /// <summary>Remote read, in frames.</summary>
    Streamed,

    /// <summary>Remote read, made whole.</summary>
    Whole,

    /// <summary>A window in JSON.</summary>
    Json,
}
