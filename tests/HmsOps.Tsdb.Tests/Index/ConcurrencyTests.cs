using HmsOps.Series;

namespace HmsOps.Tsdb.Tests.Index;

public sealed class ConcurrencyTests
{
    private const int Series = 200_000;

    /// <summary>The labels of each series follow from its id, so a reader knows what every answer has to be.</summary>
    private static Labels LabelsOf(int id) => Labels.From(
        ("__name__", $"m{id % 50}"), ("job", $"j{id / 1000}"), ("pod", $"p{id / 25}"), ("odd", id % 2 == 1 ? "yes" : ""), ("id", id % 10 == 0 ? $"{id}" : ""));

    [Fact]
    public async Task Readers_see_whole_series_while_the_writer_adds()
    {
        var world = new IndexWorld();
        var index = world.Index;
        using var done = new CancellationTokenSource();
        var readers = new[] { 1, 2 }.Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            var rounds = 0;
            for (; !done.IsCancellationRequested || rounds < 5; rounds++)
                Verify(random);
            return rounds;
        })).ToArray();
        for (var id = 0; id < Series; id++)
        {
            var labels = LabelsOf(id);
            Assert.Equal(id, index.Add(labels, index.IdentityOf(labels.Bytes)));
        }
        done.Cancel();
        Assert.All(await Task.WhenAll(readers), rounds => Assert.True(rounds >= 5));
        Assert.Equal(Series, index.Count);

        void Verify(Random random)
        {
            var before = index.Count;
            var metric = random.Next(50);
            Check(index.Select([new Matcher("__name__", MatchOp.Equal, $"m{metric}")], CancellationToken.None), before, id => id % 50 == metric);
            Check(
                index.Select([new Matcher("__name__", MatchOp.Equal, $"m{metric}"), new Matcher("odd", MatchOp.Equal, "")], CancellationToken.None),
                before, id => id % 50 == metric && id % 2 == 0);
            Check(index.Select([new Matcher("pod", MatchOp.Regex, "p.*7"), new Matcher("id", MatchOp.NotEqual, "")], CancellationToken.None),
                before, id => id / 25 % 10 == 7 && id % 10 == 0);
            if (before == 0)
                return;
            var job = random.Next(before) / 1000;
            var ids = index.Select([new Matcher("job", MatchOp.Equal, $"j{job}")], CancellationToken.None);
            Check(ids, before, id => id / 1000 == job);
            foreach (var id in ids.AsSpan(0, Math.Min(ids.Length, 40)))
                Assert.Equal(LabelsOf(id), index.LabelsOf(id));
            var sorted = ids.ToArray();
            index.SortRows(sorted, CancellationToken.None);
            for (var i = 1; i < sorted.Length; i++)
                Assert.True(Labels.CompareRows(LabelsOf(sorted[i - 1]), LabelsOf(sorted[i])) < 0);
        }

        // Ids come in order and match; all that were there before the call are there.
        void Check(int[] ids, int before, Func<int, bool> matches)
        {
            var at = 0;
            for (var id = 0; id < before; id++)
            {
                if (!matches(id))
                    continue;
                Assert.True(at < ids.Length, $"series {id} is missing");
                Assert.Equal(id, ids[at++]);
            }
            for (; at < ids.Length; at++)
                Assert.True(ids[at] >= before && matches(ids[at]));
        }
    }
}
