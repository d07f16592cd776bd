using HmsOps.Series;

namespace HmsOps.PromQL.Caching;

/// <summary>
/// Answers to range queries, kept, so that a chart that is drawn again works out only what is new: the steps after the oldest sample that came since. What is kept
/// is what the engine said, step by step; the answer is the same as without. The least recently used goes first. Safe for concurrent use.
/// </summary>
/// <param name="engine">What works out the rest.</param>
/// <param name="changes">What came to its source.</param>
/// <param name="bytesMax">How much may be kept.</param>
public sealed class RangeCache(PromEngine engine, IChanges changes, long bytesMax)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new(); // the newest first

    /// <summary>Bytes that are kept.</summary>
    public long Bytes { get; private set; }

    /// <summary>Steps that did not have to be worked out, since the start.</summary>
    public long StepsKept { get; private set; }

    /// <summary>Steps that had to, of the queries that may be kept.</summary>
    public long StepsWorkedOut { get; private set; }

    /// <summary>Queries of which some steps were kept, since the start.</summary>
    public long Hits { get; private set; }

    /// <summary>Queries of which none were, of those that may be kept.</summary>
    public long Misses { get; private set; }

    /// <summary>As <see cref="PromEngine.Range"/>.</summary>
    public PromMatrix Range(PromExpression e, long fromMs, long toMs, long stepMs, CancellationToken ct, PromAccount? account = null)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (Dependence.Of(e, engine.Limits) is not { } dependence || fromMs > toMs || stepMs <= 0)
            return engine.Range(e, fromMs, toMs, stepMs, ct, account: account);
        var key = new Key(e.Text, stepMs, ((fromMs % stepMs) + stepMs) % stepMs);
        var mark = changes.Mark(); // first: what comes from here on makes what is worked out old
        toMs = fromMs + ((toMs - fromMs) / stepMs * stepMs);
        if (!TryReuse(key, dependence, e, fromMs, toMs, out var kept))
        {
            Count(isKept: false);
            var whole = engine.Range(e, fromMs, toMs, stepMs, ct, account: account);
            Keep(key, mark, fromMs, toMs, whole);
            Count(0, ((toMs - fromMs) / stepMs) + 1);
            return whole;
        }
        engine.CheckSteps(e, fromMs, toMs, stepMs);
        Count(isKept: true);
        var (first, last, entry) = kept;
        List<PromMatrix> parts = [];
        if (fromMs < first)
            parts.Add(engine.Range(e, fromMs, first - stepMs, stepMs, ct, account: account));
        parts.Add(entry.Between(first, last));
        if (toMs > last)
            parts.Add(engine.Range(e, last + stepMs, toMs, stepMs, ct, account: account));
        if (account is not null)
            engine.HoldAnswer(e, parts, account);
        var answer = Joined(parts);
        Keep(key, mark, fromMs, toMs, answer);
        var reused = ((last - first) / stepMs) + 1;
        Count(reused, ((toMs - fromMs) / stepMs) + 1 - reused);
        return answer;
    }

    // The steps of an earlier answer that nothing that came since can have changed.
    private bool TryReuse(Key key, Dependence dependence, PromExpression e, long from, long to, out (long First, long Last, Entry Entry) kept)
    {
        kept = default;
        if (Take(key) is not { } entry)
            return false;
        var changed = changes.ChangedFrom(entry.Mark);
        if (dependence.PinnedTo >= changed)
            return false;
        var first = Math.Max(from, entry.From);
        // A step at t looks no further than t + Ahead. What is older than retention is gone from the store, and must be from the answer.
        var last = Math.Min(to, entry.To);
        if (changed <= last + dependence.Ahead)
            last = from + (FloorDivide(changed - 1 - dependence.Ahead - from, key.StepMs) * key.StepMs);
        if (last < first || first - (long)e.Reach.TotalMilliseconds <= changes.OldestKept)
            return false;
        kept = (first, last, entry);
        return true;
    }

    private static long FloorDivide(long a, long b) => (a / b) - (a % b < 0 ? 1 : 0);

    private Entry? Take(Key key)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var node))
                return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value;
        }
    }

    // What the asker had to be told about belongs to the steps it came from, and nobody knows to which: such answers are not kept.
    private void Keep(Key key, long mark, long from, long to, PromMatrix answer)
    {
        var entry = new Entry(key, mark, from, to, answer.Series);
        lock (_lock)
        {
            if (_entries.Remove(key, out var before))
                Drop(before);
            if (answer.Annotations.Count > 0 || entry.Bytes > bytesMax / 4)
                return;
            _entries.Add(key, _byUse.AddFirst(entry));
            Bytes += entry.Bytes;
            while (Bytes > bytesMax && _byUse.Last is { } oldest)
            {
                _entries.Remove(oldest.Value.Key);
                Drop(oldest);
            }
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        Bytes -= node.Value.Bytes;
    }

    private void Count(bool isKept)
    {
        lock (_lock)
        {
            Hits += isKept ? 1 : 0;
            Misses += isKept ? 0 : 1;
        }
    }

    private void Count(long kept, long workedOut)
    {
        lock (_lock)
        {
            StepsKept += kept;
            StepsWorkedOut += workedOut;
        }
    }

    // Parts follow one another in time; each is sorted by labels.
    private static PromMatrix Joined(List<PromMatrix> parts)
    {
        var series = new SortedDictionary<Labels, List<PromSeries>>(Comparer<Labels>.Create(Labels.Compare));
        foreach (var one in parts.SelectMany(part => part.Series))
        {
            if (!series.TryGetValue(one.Labels, out var pieces))
                series.Add(one.Labels, pieces = []);
            pieces.Add(one);
        }
        var usage = new PromUsage(parts.Sum(part => part.Usage.Samples), parts.Sum(part => part.Usage.Points));
        return new PromMatrix([.. series.Values.Select(Joined)], [.. parts.SelectMany(part => part.Annotations).Distinct()], usage);
    }

    private static PromSeries Joined(List<PromSeries> pieces)
    {
        if (pieces.Count == 1)
            return pieces[0];
        var histograms = pieces.Exists(piece => piece.Histograms is not null)
            ? pieces.SelectMany(piece => piece.Histograms ?? new NativeHistogram?[piece.Times.Length]).ToArray()
            : null;
        return new PromSeries(pieces[0].Labels, [.. pieces.SelectMany(piece => piece.Times)], [.. pieces.SelectMany(piece => piece.Values)], histograms);
    }

    /// <summary>Questions whose steps lie at the same times. The engine's limits are the cache's own.</summary>
    private readonly record struct Key(string Text, long StepMs, long Phase);

    private sealed record Entry(Key Key, long Mark, long From, long To, IReadOnlyList<PromSeries> Series)
    {
        private const int SeriesBytes = 160;
        private const int SampleBytes = 16;
        private const int HistogramBytes = 400;

        public long Bytes { get; } = (2L * Key.Text.Length) + Series.Sum(series =>
            SeriesBytes + series.Labels.Bytes.Length + ((long)SampleBytes * series.Times.Length) + (series.Histograms is null ? 0 : (long)HistogramBytes * series.Histograms.Length));

        public PromMatrix Between(long first, long last)
        {
            if (first == From && last == To)
                return new PromMatrix(Series, [], default);
            var cut = new List<PromSeries>();
            foreach (var series in Series)
            {
                var (from, to) = (LowerBound(series.Times, first), LowerBound(series.Times, last + 1));
                if (to > from)
                    cut.Add(new PromSeries(series.Labels, series.Times[from..to], series.Values[from..to], series.Histograms?[from..to]));
            }
            return new PromMatrix(cut, [], default);
        }

        private static int LowerBound(long[] times, long time)
        {
            var at = Array.BinarySearch(times, time);
            return at >= 0 ? at : ~at;
        }
    }
}
