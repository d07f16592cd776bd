using System.Collections;
using HmsOps.Series;
using HmsOps.Tsdb.Head;

namespace HmsOps.Tsdb.Tests.Head;

/// <summary>Series that come while others are matched: nobody waits for the match, and what came before the instant is in it.</summary>
public sealed class HeadCutTests
{
    private static readonly Matcher OfCourt = new("court", MatchOp.Regex, "t.*|county");

    [Theory]
    [InlineData(true, "county tax tithe title traffic")]
    [InlineData(false, "tax county traffic tithe title")]
    public void What_came_meanwhile_is_matched_too_and_takes_its_place(bool inRows, string courts)
    {
        var head = new SeriesHead(1);
        foreach (var court in (string[])["tax", "family", "county", "traffic"])
            Add(head, court);
        using var cut = HeadCut.Of(head, new Asked(() =>
        {
            foreach (var court in (string[])["tithe", "appeal", "title", "youth"])
                Add(head, court);
        }), CancellationToken.None, inRows: inRows);

        Assert.Equal(courts, string.Join(' ', cut.Ids.Take(cut.Count).Select(id => head.Index.LabelsOf(id).Text("court"))));
        Assert.All(cut.Ids.Take(cut.Count).Zip(cut.Ends), noted => Assert.Equal(head.Record(noted.First).Next, noted.Second));
    }

    [Fact]
    public void Where_none_was_there_before_all_came_meanwhile()
    {
        var head = new SeriesHead(1);
        using var cut = HeadCut.Of(head, new Asked(() =>
        {
            foreach (var court in (string[])["tithe", "appeal", "county"])
                Add(head, court);
        }), CancellationToken.None);
        Assert.Equal([2, 0], cut.Ids.Take(cut.Count));
    }

    private static void Add(SeriesHead head, string court)
    {
        var id = head.FindOrAdd(Labels.From(("__name__", "grants"), ("court", court)));
        lock (head.Lock)
        {
            head.BeginBatch();
            for (var time = 0; time <= id; time++)
                head.Append(id, 100 + time, id, 0);
        }
    }

    /// <summary>Matchers, before the first look at which something comes.</summary>
    private sealed class Asked(Action meanwhile) : IReadOnlyList<Matcher>
    {
        private Action? _meanwhile = meanwhile;

        public int Count => 1;

        public Matcher this[int index] => OfCourt;

        public IEnumerator<Matcher> GetEnumerator()
        {
            Interlocked.Exchange(ref _meanwhile, null)?.Invoke();
            yield return OfCourt;
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
