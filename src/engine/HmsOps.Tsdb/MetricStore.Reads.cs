using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Sealing;

namespace HmsOps.Tsdb;

/// <summary>What readers ask of the store. Each sees head and blocks as they are at one instant.</summary>
public sealed partial class MetricStore
{
    /// <inheritdoc/>
    public long OldestKept => Kept(long.MinValue);

    /// <inheritdoc/>
    public long Mark() => _holdings.Changes.Mark();

    /// <inheritdoc/>
    public long ChangedFrom(long mark) => _holdings.Changes.ChangedFrom(mark);

    /// <inheritdoc/>
    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken) => SelectParts(selection, 1, budget, cancellationToken)[0];

    /// <inheritdoc/>
    public IReadOnlyList<SeriesCursor> SelectParts(Selection selection, int partsMax, QueryBudget budget, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        ArgumentNullException.ThrowIfNull(budget);
        var view = _sealed.Open();
        try
        {
            var blocks = Overlapping(selection, view, out var kept);
            var inRows = blocks.Length > 0 || !selection.InAnyOrder; // merging goes by rows
            var cuts = HeadCut.Of(Head, selection.Matchers, cancellationToken, inRows: inRows).Split(partsMax, _options.ShareSeriesMin);
            Labels[] bounds = [.. cuts.Skip(1).Select(cut => cut.Head.Index.LabelsOf(cut.Ids[0]))];
            var sides = cuts.Select(cut => new List<SeriesCursor>()).ToArray();
            foreach (var block in blocks)
            {
                var walks = block.Select(kept, bounds, budget, cancellationToken);
                for (var part = 0; part < sides.Length; part++)
                    sides[part].Add(walks[part]);
            }
            view.Share(cuts.Count);
            return [.. cuts.Select((cut, part) =>
            {
                var head = new HeadCursor(cut, selection, kept.From, Math.Max(kept.From, view.Horizon), budget, cancellationToken);
                return new StoreCursor(blocks.Length == 0 ? head : new MergedCursor([.. sides[part], head]), view);
            })];
        }
        catch
        {
            view.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        using var view = _sealed.Open();
        var inBlocks = Overlapping(selection, view, out var kept).Select(block => InBlock(block, kept, cancellationToken));
        return [.. LabelLists.UnionOfRows([InHead(selection, view, cancellationToken), .. inBlocks]).Take(most)];
    }

    /// <summary>The exemplars of the series that match, in the order of rows, of each oldest first.</summary>
    public IReadOnlyList<SeriesExemplars> Exemplars(Selection selection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        SeriesHead head;
        ExemplarRing exemplars;
        lock (Head.Lock)
            (head, exemplars) = (_holdings.Head, _holdings.Exemplars);
        using var cut = HeadCut.Of(head, selection.Matchers, cancellationToken);
        var answer = new List<SeriesExemplars>();
        for (var i = 0; i < cut.Count; i++)
        {
            IReadOnlyList<(Labels Labels, long Time, double Value)> found;
            lock (head.Lock)
                found = exemplars.Of(cut.Ids[i], Kept(selection.From), selection.To);
            if (found.Count > 0)
                answer.Add(new SeriesExemplars(head.Index.LabelsOf(cut.Ids[i]), [.. found.Select(each => new SeriesExemplar(each.Labels, each.Time, each.Value))]));
        }
        return answer;
    }

    /// <summary>What makers say about their metrics, in the order of names.</summary>
    public IReadOnlyList<MetricMetadata> Metadata()
    {
        lock (Head.Lock)
            return _holdings.Descriptions.All();
    }

    /// <summary>What its maker says about one metric; null when nothing was said.</summary>
    public MetricMetadata? Metadata(string metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        lock (Head.Lock)
            return _holdings.Descriptions.Of(metric);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        using var view = _sealed.Open();
        var head = Head;
        var names = selection.Matchers.Count == 0
            ? head.Index.LabelNames(IsIn(head, selection, view), cancellationToken)
            : head.Index.LabelNames(IdsIn(head, selection, view, cancellationToken));
        return LabelLists.Union([names, .. InBlocks(selection, view, (block, kept) => block.LabelNames(kept, cancellationToken))]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        using var view = _sealed.Open();
        var head = Head;
        var values = selection.Matchers.Count == 0
            ? head.Index.LabelValues(name, IsIn(head, selection, view), cancellationToken)
            : head.Index.LabelValues(name, IdsIn(head, selection, view, cancellationToken), cancellationToken);
        return LabelLists.Union([values, .. InBlocks(selection, view, (block, kept) => block.LabelValues(name, kept, cancellationToken))]);
    }

    private HeadCursor WalkHead(Selection selection, StoreView view, QueryBudget? budget, CancellationToken cancellationToken)
    {
        var (cut, from) = (HeadCut.Of(Head, selection.Matchers, cancellationToken, inRows: !selection.InAnyOrder), Kept(selection.From));
        return new HeadCursor(cut, selection, from, Math.Max(from, view.Horizon), budget, cancellationToken);
    }

    private int[] IdsIn(SeriesHead head, Selection selection, StoreView view, CancellationToken cancellationToken)
    {
        using var cut = HeadCut.Of(head, selection.Matchers, cancellationToken, inRows: false);
        return Array.FindAll(cut.Ids[..cut.Count], new Predicate<int>(IsIn(head, selection, view)));
    }

    // By the bounds of tails and pieces: a series that has samples on either side of a short range, and none in it, is named too many.
    private Func<int, bool> IsIn(SeriesHead head, Selection selection, StoreView view)
    {
        var (from, ordered) = (Kept(selection.From), Math.Max(Kept(selection.From), view.Horizon));
        return id =>
        {
            lock (head.Lock)
                return head.HasBetween(id, from, ordered, selection.To);
        };
    }

    private IEnumerable<Labels> InHead(Selection selection, StoreView view, CancellationToken cancellationToken)
    {
        using var walk = WalkHead(selection, view, budget: null, cancellationToken);
        while (walk.MoveNext())
            yield return walk.Labels;
    }

    // What was found before the damage was found is true.
    private IEnumerable<Labels> InBlock(Block block, Selection kept, CancellationToken cancellationToken)
    {
        using var found = block.Series(kept, cancellationToken).GetEnumerator();
        while (true)
        {
            try
            {
                if (!found.MoveNext())
                    break;
            }
            catch (BlockDamagedException damage)
            {
                _sealed.Blocks.Quarantine(block, damage.Fault);
                break;
            }
            yield return found.Current;
        }
    }

    // A block whose index is damaged is put aside, and the others answer.
    private IEnumerable<T> InBlocks<T>(Selection selection, StoreView view, Func<Block, Selection, T> ask)
    {
        foreach (var block in Overlapping(selection, view, out var kept))
        {
            T answer;
            try
            {
                answer = ask(block, kept);
            }
            catch (BlockDamagedException damage)
            {
                _sealed.Blocks.Quarantine(block, damage.Fault);
                continue;
            }
            yield return answer;
        }
    }

    private Block[] Overlapping(Selection selection, StoreView view, out Selection kept)
    {
        var (from, to) = (Kept(selection.From), selection.To);
        kept = selection with { From = from };
        return [.. view.Pin.Blocks.Where(block => block.Info.Overlaps(from, to))];
    }

    // What is past retention is not seen, whether or not it was dropped yet: the answer does not depend on when housekeeping ran.
    private long Kept(long from) => Math.Max(from, Now() - (long)_options.Retention.TotalMilliseconds);
}
