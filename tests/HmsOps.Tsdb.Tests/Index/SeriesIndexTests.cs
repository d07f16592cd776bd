using HmsOps.Series;
using HmsOps.Tsdb.Index;

namespace HmsOps.Tsdb.Tests.Index;

public sealed class SeriesIndexTests
{
    private readonly IndexWorld _world = new();

    [Fact]
    public void Series_are_numbered_as_they_come_and_found_again()
    {
        string[] sets = ["__name__=up job=a", "__name__=up job=b", "", "__name__=up", "job=a", "z=1 a=2"];
        for (var i = 0; i < sets.Length; i++)
            Assert.Equal(i, _world.Add(IndexWorld.Set(sets[i])));
        Assert.Equal(sets.Length, _world.Index.Count);
        for (var i = 0; i < sets.Length; i++)
        {
            Assert.Equal(i, _world.Index.Find(_world.Index.IdentityOf(IndexWorld.Set(sets[i]).Bytes)));
            Assert.Equal(IndexWorld.Set(sets[i]), _world.Index.LabelsOf(i));
        }
        Assert.Equal(-1, _world.Index.Find(_world.Index.IdentityOf("never"u8)));
    }

    [Theory]
    [InlineData("job", MatchOp.Equal, "a", "0 3")]
    [InlineData("job", MatchOp.Equal, "", "2 4")] // absent and empty are the same
    [InlineData("job", MatchOp.NotEqual, "a", "1 2 4")]
    [InlineData("job", MatchOp.NotEqual, "", "0 1 3")]
    [InlineData("job", MatchOp.Equal, "never", "")]
    [InlineData("job", MatchOp.NotEqual, "never", "0 1 2 3 4")]
    [InlineData("job", MatchOp.Regex, "a|b", "0 1 3")]
    [InlineData("job", MatchOp.Regex, "a?", "0 2 3 4")]
    [InlineData("job", MatchOp.Regex, ".*", "0 1 2 3 4")]
    [InlineData("job", MatchOp.Regex, ".+", "0 1 3")]
    [InlineData("job", MatchOp.NotRegex, ".+", "2 4")]
    [InlineData("job", MatchOp.NotRegex, ".*", "")]
    [InlineData("job", MatchOp.NotRegex, "a", "1 2 4")]
    [InlineData("nobody", MatchOp.Equal, "", "0 1 2 3 4")]
    [InlineData("nobody", MatchOp.NotEqual, "", "")]
    [InlineData("nobody", MatchOp.Regex, "x*", "0 1 2 3 4")]
    public void A_matcher_selects_as_Prometheus_does(string name, MatchOp op, string value, string ids)
    {
        foreach (var set in new[] { "__name__=up job=a", "__name__=up job=b", "__name__=up", "__name__=down job=a", "__name__=down" })
            _world.Add(IndexWorld.Set(set));
        Assert.Equal(ids, string.Join(' ', _world.Select(new Matcher(name, op, value))));
    }

    [Fact]
    public void No_matcher_selects_all_and_two_that_contradict_none()
    {
        _world.Add(IndexWorld.Set("a=1"));
        _world.Add(IndexWorld.Set("a=2"));
        Assert.Equal([0, 1], _world.Select());
        Assert.Empty(_world.Select(new Matcher("a", MatchOp.Equal, "1"), new Matcher("a", MatchOp.Equal, "2")));
        Assert.Equal([1], _world.Select(new Matcher("a", MatchOp.NotEqual, "1"), new Matcher("a", MatchOp.NotEqual, "")));
    }

    [Fact]
    public void Names_values_and_counts_are_known_without_a_scan()
    {
        foreach (var set in new[] { "__name__=up job=b", "__name__=up job=a", "__name__=down job=a x=1" })
            _world.Add(IndexWorld.Set(set));
        Assert.Equal(["__name__", "job", "x"], _world.Index.LabelNames());
        Assert.Equal(["__name__", "job"], _world.Index.LabelNames([0, 1]));
        Assert.Equal(["a", "b"], _world.Index.LabelValues("job"));
        Assert.Equal(["a"], _world.Index.LabelValues("job", [1, 2]));
        Assert.Empty(_world.Index.LabelValues("never"));
        Assert.Equal([new LabelCount("__name__", 2, 3), new("job", 2, 3), new("x", 1, 1)], _world.Index.LabelCounts());
        Assert.Equal([new ValueCount("up", 2)], _world.Index.TopValues("__name__", 1));
        Assert.Equal(2, _world.Index.SeriesWith("job"u8, "a"u8));
        Assert.Equal(0, _world.Index.SeriesWith("job"u8, "c"u8));
        Assert.Equal(2, _world.Index.ValuesWith("job"u8));
        Assert.Equal("b"u8.ToArray(), _world.Index.ValueOf(0, "job"u8).ToArray());
        Assert.True(_world.Index.ValueOf(0, "x"u8).IsEmpty);
    }

    [Fact]
    public void A_regular_expression_is_compared_with_values_that_came_after_it_was_first_used()
    {
        var matcher = new Matcher("pod", MatchOp.Regex, "web-.*[02468]");
        for (var i = 0; i < 500; i++)
        {
            _world.Add(IndexWorld.Set($"pod=web-{i}"));
            if (i % 50 == 0)
                Assert.Equal(_world.Expected([matcher]), _world.Select(matcher));
        }
        Assert.Equal(250, _world.Select(matcher).Length);
    }

    [Fact]
    public void Names_and_values_longer_than_a_page_are_kept_whole()
    {
        var labels = Labels.From(("a", new string('x', 200_000)), (new string('n', 70_000), "1"), ("z", new string('y', 65_536)));
        _world.Add(labels);
        _world.Add(Labels.From(("a", "1")));
        Assert.Equal(labels, _world.Index.LabelsOf(0));
        Assert.Equal([0], _world.Select(new Matcher("z", MatchOp.Equal, new string('y', 65_536))));
        Assert.Equal(labels, IndexWorld.Loaded(IndexWorld.Saved(_world.Index)).LabelsOf(0));
    }

    [Fact]
    public void A_compacted_index_knows_the_living_under_new_ids()
    {
        for (var i = 0; i < 1000; i++)
            _world.Add(IndexWorld.Set($"__name__=m{i % 10} pod=p{i / 10}"));
        var alive = Enumerable.Range(0, 900).Select(id => id / 10 % 3 == 0).ToArray();
        var (index, newIds) = _world.Index.Compacted(IndexWorld.Key, alive, CancellationToken.None);
        Assert.Equal(alive.Count(lives => lives), index.Count);
        Assert.Equal(alive.Length, newIds.Length);
        for (var id = 0; id < alive.Length; id++)
        {
            Assert.Equal(alive[id], newIds[id] >= 0);
            if (alive[id])
                Assert.Equal(_world.Series[id], index.LabelsOf(newIds[id]));
        }
        Assert.DoesNotContain("p1", index.LabelValues("pod"));
    }
}
