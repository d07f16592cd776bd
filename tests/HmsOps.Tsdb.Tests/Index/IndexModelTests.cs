using FsCheck.Fluent;
using HmsOps.Series;

namespace HmsOps.Tsdb.Tests.Index;

/// <summary>Random label sets and matchers, against a list that is asked one by one.</summary>
public sealed class IndexModelTests
{
    private static readonly string[] Names = ["__name__", "A", "job", "pod", "z"];

    private static readonly string[] Patterns =
        ["", ".*", ".+", "v1.*", ".*7", "v1|v2|v30", "v1?", "(v3|v4).", "[^v].*", "(?i)V5", "x+", "v1|", ".", "v(1|2)\\d+"];

    [Fact]
    public void What_is_selected_sorted_and_listed_is_what_a_list_would_say() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var world = new IndexWorld();
            var size = new[] { 5, 100, 1500 }[random.Next(3)];
            for (var round = 0; round < 3; round++)
            {
                Grow(world, random, size);
                for (var i = 0; i < 12; i++)
                    CompareSelection(world, random);
                CompareOrder(world, random);
                CompareLists(world);
                CompareListsOfSome(world, random);
                CompareGroups(world, random);
                if (random.Next(2) == 0)
                    world.Index = IndexWorld.Loaded(IndexWorld.Saved(world.Index));
            }
        }).Holds(24);

    private static void Grow(IndexWorld world, Random random, int size)
    {
        var values = random.Next(2, 200);
        var known = world.Series.Index().ToDictionary(pair => pair.Item, pair => pair.Index);
        for (var i = 0; i < size; i++)
        {
            var builder = new LabelsBuilder();
            foreach (var name in Names)
            {
                if (random.Next(4) > 0)
                    builder.Set(name, random.Next(3) == 0 ? $"v{i / 20}" : $"v{random.Next(values)}");
            }
            var labels = builder.Build();
            var expected = known.GetValueOrDefault(labels, -1);
            var id = world.Add(labels);
            Assert.Equal(expected < 0 ? world.Series.Count - 1 : expected, id);
            known.TryAdd(labels, id);
        }
        Assert.Equal(world.Series.Count, world.Index.Count);
        for (var id = 0; id < world.Series.Count; id++)
            Assert.Equal(world.Series[id], world.Index.LabelsOf(id));
    }

    private static void CompareSelection(IndexWorld world, Random random)
    {
        var matchers = Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
        {
            var op = (MatchOp)random.Next(4);
            var value = op is MatchOp.Regex or MatchOp.NotRegex
                ? Patterns[random.Next(Patterns.Length)]
                : random.Next(5) == 0 ? "" : $"v{random.Next(40)}";
            return new Matcher(random.Next(12) == 0 ? "nobody" : Names[random.Next(Names.Length)], op, value);
        }).ToArray();
        Assert.Equal(world.Expected(matchers), world.Select(matchers));
    }

    private static void CompareOrder(IndexWorld world, Random random)
    {
        var ids = Enumerable.Range(0, world.Series.Count).Where(_ => random.Next(3) > 0).ToArray();
        random.Shuffle(ids);
        var expected = ids.ToArray();
        Array.Sort(expected, (a, b) => Labels.CompareRows(world.Series[a], world.Series[b]));
        world.Index.SortRows(ids, CancellationToken.None);
        Assert.Equal(expected, ids);
    }

    private static void CompareGroups(IndexWorld world, Random random)
    {
        var names = Names.Where(_ => random.Next(2) > 0).Append("nobody").ToArray();
        foreach (var choice in (LabelChoice[])[LabelChoice.Only(names), LabelChoice.Without(names)])
        {
            var groups = world.Index.Groups(choice);
            for (var id = 0; id < world.Series.Count; id++)
                Assert.Equal(choice.Of(world.Series[id]), groups.Of(id));
        }
    }

    private static void CompareListsOfSome(IndexWorld world, Random random)
    {
        var some = Enumerable.Range(0, world.Series.Count).Where(_ => random.Next(10) == 0).ToHashSet();
        Assert.Equal(LabelLists.NamesOf(some.Select(id => world.Series[id])), world.Index.LabelNames(some.Contains, CancellationToken.None));
        foreach (var name in Names)
            Assert.Equal(LabelLists.ValuesOf(name, some.Select(id => world.Series[id])), world.Index.LabelValues(name, some.Contains, CancellationToken.None));
    }

    private static void CompareLists(IndexWorld world)
    {
        Assert.Equal(LabelLists.NamesOf(world.Series), world.Index.LabelNames());
        foreach (var name in Names)
        {
            Assert.Equal(LabelLists.ValuesOf(name, world.Series), world.Index.LabelValues(name));
            Assert.Equal(world.Index.LabelValues(name), world.Index.LabelValues(name, [.. Enumerable.Range(0, world.Index.Count)]));
            var counts = world.Series.Select(labels => labels.Text(name)).Where(value => value.Length > 0).CountBy(value => value)
                .Select(pair => pair.Value).OrderDescending().Take(5);
            Assert.Equal(counts, world.Index.TopValues(name, 5).Select(value => value.Series));
        }
    }
}
