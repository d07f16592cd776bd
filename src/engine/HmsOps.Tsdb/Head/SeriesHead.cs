using System.Text;
using HmsOps.Series;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// All series of the store, in memory. Written by the holder of the store's turn alone, under <see cref="Lock"/> where readers could see it;
/// read by anybody through <see cref="Cut"/>, which holds the lock only to note where the columns end, never while it matches or reads.
/// </summary>
internal sealed class SeriesHead : ISampleColumns
{
    // Writer only: it also knows series whose first batch is still on its way into the log.
    private readonly Dictionary<Labels, HeadSeries> _byLabels = [];

    // Under the lock.
    private readonly Dictionary<string, SeriesList> _byName = [];
    private SeriesList _all = new();
    private long _generation;

    /// <summary>Held while readers could see something half done, and never longer.</summary>
    public Lock Lock { get; } = new();

    /// <summary>Series that readers see.</summary>
    public int Listed => _all.Count;

    /// <summary>Series the writer knows.</summary>
    public int Known => _byLabels.Count;

    public long Samples { get; private set; }

    public long Weight { get; private set; }

    public HeadSeries? Find(Labels labels) => _byLabels.GetValueOrDefault(labels);

    /// <summary>Makes a series that readers do not see yet. Copies the labels.</summary>
    public HeadSeries Make(Labels labels, SeriesKind kind)
    {
        var own = labels.Copy();
        var series = new HeadSeries(own, kind);
        _byLabels.Add(own, series);
        return series;
    }

    /// <summary>Shows a series to readers. Under the lock.</summary>
    public void List(HeadSeries series)
    {
        if (series.IsListed)
            return;
        series.IsListed = true;
        _all.Add(series);
        ListOf(series.Labels.Name).Add(series);
    }

    /// <summary>Under the lock.</summary>
    public void Append(HeadSeries series, long time, double value)
    {
        series.Append(time, value);
        Samples++;
        Weight++;
    }

    /// <inheritdoc/>
    public void Append(HeadSeries series, long time, NativeHistogram histogram)
    {
        Weight += series.Append(time, histogram);
        Samples++;
    }

    /// <summary>Drops samples before a time, and series that have none left.</summary>
    public void DropBefore(long time)
    {
        lock (Lock)
        {
            var emptied = false;
            for (var i = 0; i < _all.Count; i++)
            {
                Drop(_all.Items[i], time);
                emptied |= _all.Items[i].IsEmpty;
            }
            if (emptied)
                ForgetEmpty();
        }
    }

    /// <summary>Drops a series with all its samples. Under the lock.</summary>
    public void Forget(HeadSeries series)
    {
        Drop(series, long.MaxValue);
        ForgetEmpty();
    }

    /// <summary>The series that match, with the samples they have at one instant, in the order of rows.</summary>
    public SeriesCut[] Cut(Selection selection, CancellationToken cancellationToken)
    {
        var name = NameOf(selection);
        HeadSeries[] items;
        int known;
        long generation;
        lock (Lock)
        {
            var list = ListFor(name);
            (items, known, generation) = (list.Items, list.Count, _generation);
        }
        var matching = new List<HeadSeries>();
        for (var i = 0; i < known; i++)
        {
            if (i % 1024 == 0)
                cancellationToken.ThrowIfCancellationRequested();
            if (Matches(selection, items[i]))
                matching.Add(items[i]);
        }
        var cuts = CutOf(selection, name, matching, known, generation);
        Array.Sort(cuts, static (a, b) => Labels.CompareRows(a.Labels, b.Labels));
        return cuts;
    }

    // All columns are noted under one hold of the lock: that is what makes the answer one instant. Series that came since the list was
    // read are matched here, few as they are.
    private SeriesCut[] CutOf(Selection selection, string? name, List<HeadSeries> matching, int known, long generation)
    {
        lock (Lock)
        {
            if (generation != _generation)
            {
                matching.Clear();
                known = 0;
            }
            var list = ListFor(name);
            for (var i = known; i < list.Count; i++)
            {
                if (Matches(selection, list.Items[i]))
                    matching.Add(list.Items[i]);
            }
            var cuts = new SeriesCut[matching.Count];
            for (var i = 0; i < cuts.Length; i++)
                cuts[i] = matching[i].Cut();
            return cuts;
        }
    }

    private static bool Matches(Selection selection, HeadSeries series)
    {
        foreach (var matcher in selection.Matchers)
        {
            if (!matcher.Matches(series.Labels))
                return false;
        }
        return true;
    }

    // The one index of this version: nearly every selector names its metric.
    private static string? NameOf(Selection selection)
    {
        foreach (var matcher in selection.Matchers)
        {
            if (matcher.Op == MatchOp.Equal && matcher.Value.Length > 0 && Encoding.UTF8.GetBytes(matcher.Name).AsSpan().SequenceEqual(Labels.MetricName))
                return matcher.Value;
        }
        return null;
    }

    private SeriesList ListFor(string? name) => name is null ? _all : _byName.GetValueOrDefault(name, SeriesList.Nothing);

    private SeriesList ListOf(string name)
    {
        if (!_byName.TryGetValue(name, out var list))
            _byName.Add(name, list = new SeriesList());
        return list;
    }

    private void Drop(HeadSeries series, long before)
    {
        var (samples, weight) = series.DropBefore(before);
        Samples -= samples;
        Weight -= weight;
    }

    private void ForgetEmpty()
    {
        var all = _all;
        _all = new SeriesList();
        _byName.Clear();
        _generation++;
        for (var i = 0; i < all.Count; i++)
        {
            var series = all.Items[i];
            series.IsListed = false;
            if (series.IsEmpty)
                _byLabels.Remove(series.Labels);
            else
                List(series);
        }
    }

    /// <summary>Series in the order they came. Grows at its end only, so what was read under the lock stays true without it.</summary>
    private sealed class SeriesList
    {
        public static readonly SeriesList Nothing = new();

        public HeadSeries[] Items { get; private set; } = [];

        public int Count { get; private set; }

        public void Add(HeadSeries series)
        {
            if (Count == Items.Length)
            {
                var grown = new HeadSeries[Math.Max(4, Count * 2)];
                Items.CopyTo(grown, 0);
                Items = grown;
            }
            Items[Count++] = series;
        }
    }
}
