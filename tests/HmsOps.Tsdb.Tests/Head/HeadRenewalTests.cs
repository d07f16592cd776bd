using System.Globalization;
using System.Text;
using HmsOps.Series;
using HmsOps.Tsdb.Head;

namespace HmsOps.Tsdb.Tests.Head;

public sealed class HeadRenewalTests
{
    private static readonly LateSample Late = new(5, 0.25, null, 0, 0);

    [Fact]
    public void The_new_head_has_what_the_old_one_had_and_neither_hears_of_the_other()
    {
        var dice = new Random(3);
        var old = new SeriesHead(1);
        var exemplars = new ExemplarRing(8);
        for (var id = 0; id < 300; id++)
            Fill(old, old.FindOrAdd(Labels.From(("__name__", "m"), ("i", $"{id}"))), dice);
        for (var id = 0; id < 300; id += 2)
        {
            lock (old.Lock)
                old.Forget(id);
        }
        exemplars.Add(2, Labels.From(("trace_id", "a")), 1, 1);
        exemplars.Add(3, Labels.From(("trace_id", "b")), 2, 2);
        var before = Dump(old);

        var renewal = new HeadRenewal(old, long.MaxValue);
        renewal.GatherLabels(CancellationToken.None);
        var came = old.FindOrAdd(Labels.From(("__name__", "came"))); // meanwhile, and one came back
        Fill(old, came, dice);
        Fill(old, 4, dice);
        var after = Dump(old);
        var cut = HeadCut.Of(old, [], CancellationToken.None);
        var (head, ring) = renewal.Finish(exemplars);

        Assert.Equal((152, 152, 0), (head.Index.Count, head.Listed, head.Forgotten));
        Assert.Equal((old.Samples, old.Weight, old.LateSamples, old.Batch), (head.Samples, head.Weight, head.LateSamples, head.Batch));
        Assert.Equal(after, Dump(head));
        Assert.NotEqual(before, after);
        Assert.Equal([(head.FindOrAdd(Labels.From(("__name__", "m"), ("i", "3"))), 2.0)], ring.All().Select(exemplar => (exemplar.Id, exemplar.Value)));

        for (var id = 0; id < head.Index.Count; id++)
            Fill(head, id, dice);
        Assert.Equal(after, Dump(old, cut));
        Assert.NotEqual(after, Dump(head));
    }

    [Fact]
    public void A_forgotten_series_whose_newest_sample_is_in_no_block_stays()
    {
        var head = new SeriesHead(1);
        foreach (var (name, time) in new[] { ("a", 10L), ("b", 20L) })
        {
            var id = head.FindOrAdd(Labels.From(("__name__", name)));
            SeriesHead.Take(ref head.Record(id), time, 0, isHistogram: false);
            lock (head.Lock)
            {
                head.Append(id, time, 0, 0);
                head.Delete(id, 0, 100);
            }
        }
        Assert.True(HeadRenewal.IsWorth(head, forgottenMin: 2) && !HeadRenewal.IsWorth(head, forgottenMin: 3));
        var renewal = new HeadRenewal(head, horizon: 20);
        renewal.GatherLabels(CancellationToken.None);
        var (renewed, _) = renewal.Finish(new ExemplarRing(1));
        Assert.Equal("b", renewed.Index.LabelsOf(0).Name);
        Assert.Equal((1, 1, 20L), (renewed.Index.Count, renewed.Forgotten, renewed.Record(0).LastTime));
    }

    // Floats in tails and pieces, even and not, histograms, and late ones.
    private static void Fill(SeriesHead head, int id, Random dice)
    {
        lock (head.Lock)
        {
            head.BeginBatch();
            var time = Math.Max(100, head.NewestOf(id, head.Record(id)));
            for (var i = dice.Next(1, 400); i > 0; i--)
            {
                time += id % 3 == 0 ? 15 : dice.Next(1, 20);
                if (id % 7 == 6)
                    head.Append(id, time, HistogramTests.Exponential(i % 3, isFloat: false), 0);
                else
                    head.Append(id, time, id % 5 == 0 ? 7 : i, id % 4);
            }
            if (id % 6 == 1 && head.LateOf(id) is null)
                head.AddLate(id, Late);
        }
    }

    private static string Dump(SeriesHead head, HeadCut? cut = null)
    {
        var text = new StringBuilder();
        using var cursor = new HeadCursor(
            cut ?? HeadCut.Of(head, [], CancellationToken.None), new Selection([], 0, long.MaxValue), 0, 0, budget: null, CancellationToken.None);
        while (cursor.MoveNext())
        {
            var view = cursor.Current;
            for (var i = 0; i < view.Times.Length; i++)
            {
                var value = view.Histograms.IsEmpty || view.Histograms[i] is not { } histogram
                    ? $"{BitConverter.DoubleToInt64Bits(view.Values[i])}"
                    : StoreSentences.Shown(histogram);
                text.AppendLine(CultureInfo.InvariantCulture, $"{view.Labels} {view.Times[i]} {value} {(view.Starts.IsEmpty ? 0 : view.Starts[i])}");
            }
        }
        return text.ToString();
    }
}
