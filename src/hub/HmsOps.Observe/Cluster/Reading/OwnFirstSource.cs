using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// For rules, which look often and at what is new: where the own store has a series of the kind, it answers alone as far back as it reaches, and a cluster that is away, or late, changes no verdict about what is new.
/// What is older the cluster adds; and of what the own store has nothing at all, the cluster is asked for all. Safe for concurrent use when they are.
/// </summary>
/// <param name="own">The own store.</param>
/// <param name="merged">Both.</param>
/// <param name="ownFrom">Since when the own store has all that it took, in milliseconds: it moves on.</param>
public sealed class OwnFirstSource(ISeriesSource own, MergedSource merged, Func<long> ownFrom) : ISeriesSource
{
    /// <inheritdoc/>
    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken) => SelectParts(selection, 1, budget, cancellationToken)[0];

    /// <inheritdoc/>
    public IReadOnlyList<SeriesCursor> SelectParts(Selection selection, int partsMax, QueryBudget budget, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        var since = ownFrom();
        if (selection.From < since)
        {
            var mine = new BegunCursor(own.Select(selection with { InAnyOrder = false }, budget, cancellationToken));
            return [merged.With(mine, selection, mine.HasSeries ? Math.Min(selection.To, since - 1) : selection.To, budget, cancellationToken)];
        }
        var parts = partsMax > 1 ? own.SelectParts(selection, partsMax, budget, cancellationToken) : [own.Select(selection, budget, cancellationToken)];
        if (parts.Count > 1) // so it has plenty
            return parts;
        var ahead = new BegunCursor(parts[0]);
        return ahead.HasSeries ? [ahead] : [merged.With(ahead, selection, selection.To, budget, cancellationToken)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken) =>
        Chosen(selection, (source, token) => source.Series(selection, most, token), cancellationToken);

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) => Chosen(selection, (source, token) => source.LabelNames(selection, token), cancellationToken);

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) =>
        Chosen(selection, (source, token) => source.LabelValues(name, selection, token), cancellationToken);

    private IReadOnlyList<T> Chosen<T>(Selection selection, Func<ISeriesSource, CancellationToken, IReadOnlyList<T>> list, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        var mine = selection.From < ownFrom() ? [] : list(own, cancellationToken);
        return mine.Count > 0 ? mine : list(merged, cancellationToken);
    }
}

/// <summary>A walk that has taken its first step already, to see whether there is one.</summary>
internal sealed class BegunCursor : SeriesCursor
{
    private readonly SeriesCursor _inner;
    private bool _isFirst = true;

    public BegunCursor(SeriesCursor inner)
    {
        _inner = inner;
        try
        {
            HasSeries = inner.MoveNext();
        }
        catch
        {
            inner.Dispose();
            throw;
        }
    }

    /// <summary>There is at least one.</summary>
    public bool HasSeries { get; }

    public override SeriesView Current => _inner.Current;

    public override Labels Labels => _inner.Labels;

    public override IReadOnlyList<string> Warnings => _inner.Warnings;

    public override Labels Project(LabelChoice choice) => _inner.Project(choice);

    public override bool MoveNext()
    {
        if (!_isFirst)
            return _inner.MoveNext();
        _isFirst = false;
        return HasSeries;
    }

    public override void Dispose()
    {
        _inner.Dispose();
        base.Dispose();
    }
}
