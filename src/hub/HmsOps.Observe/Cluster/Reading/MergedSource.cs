using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// A cluster and the own store as one: whatever either has, and where both have a sample of a series at the same time the own one counts, which nobody rounded. While the cluster does not answer there is what the own
/// store has, and a warning. Safe for concurrent use when both are.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="own">The own store.</param>
/// <param name="ownFrom">Since when the own store has all that it took, in milliseconds: it moves on.</param>
public sealed class MergedSource(ClusterSource cluster, ISeriesSource own, Func<long> ownFrom) : ISeriesSource
{
    /// <inheritdoc/>
    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        var mine = new BegunCursor(own.Select(selection with { InAnyOrder = false }, budget, cancellationToken));
        return With(mine, selection, selection.To, budget, cancellationToken);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken) =>
        Both((asked, token) => cluster.Series(asked, most, token), (asked, token) => own.Series(asked, most, token), selection, cancellationToken) switch
        {
            (null, var mine) => mine,
            (var theirs, var mine) => [.. LabelLists.UnionOfRows([theirs, mine]).Take(most)],
        };

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) => Union(Both(cluster.LabelNames, own.LabelNames, selection, cancellationToken));

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) =>
        Union(Both((asked, token) => cluster.LabelValues(name, asked, token), (asked, token) => own.LabelValues(name, asked, token), selection, cancellationToken));

    /// <summary>A walk over own series that has begun, in order, and what the cluster has up to a time.</summary>
    internal SeriesCursor With(BegunCursor mine, Selection selection, long to, QueryBudget budget, CancellationToken cancellationToken)
    {
        try
        {
            // The cluster's alone: their order matters to nobody but the asker.
            var theirs = cluster.Select(selection with { To = to, InAnyOrder = selection.InAnyOrder && !mine.HasSeries }, budget, cancellationToken);
            return new MergedCursor(theirs, mine, failure => WarningOf(failure, ownFrom()));
        }
        catch
        {
            mine.Dispose();
            throw;
        }
    }

    private static IReadOnlyList<string> Union((IReadOnlyList<string>? Theirs, IReadOnlyList<string> Mine) both) => LabelLists.Union([both.Theirs ?? [], both.Mine]);

    // A list has no place for a warning: while the cluster is away it is the own store's, and the hub's own pages say that it is away.
    private static (IReadOnlyList<T>? Theirs, IReadOnlyList<T> Mine) Both<T>(
        Func<Selection, CancellationToken, IReadOnlyList<T>> theirs, Func<Selection, CancellationToken, IReadOnlyList<T>> mine, Selection selection, CancellationToken cancellationToken)
    {
        try
        {
            return (theirs(selection, cancellationToken), mine(selection, cancellationToken));
        }
        catch (ClusterUnavailableException)
        {
            return (null, mine(selection, cancellationToken));
        }
    }

    private static string WarningOf(ClusterUnavailableException failure, long since) =>
        $"the cluster did not answer: what is older than {ClusterDoor.Shown(since)}, and what others wrote to it, is missing. {failure.Message}";
}

/// <summary>One walk in the order of rows over the cluster's series and the own ones.</summary>
internal sealed class MergedCursor(SeriesCursor theirs, SeriesCursor mine, Func<ClusterUnavailableException, string> warningOf) : SeriesCursor
{
    private readonly SampleColumns _columns = new();
    private SeriesCursor? _theirs = theirs;
    private string? _warning;
    private bool _hasBegun;
    private bool _theirsStands;
    private bool _mineStands;
    private Side _side;

    public override SeriesView Current => _side switch
    {
        Side.Both => _columns.View(Labels),
        Side.Theirs => _theirs!.Current, // the sides stand where MoveNext left them
        _ => mine.Current,
    };

    public override Labels Labels => (_side == Side.Theirs ? _theirs! : mine).Labels;

    public override IReadOnlyList<string> Warnings => [.. mine.Warnings, .. _theirs?.Warnings ?? [], .. _warning is null ? Array.Empty<string>() : [_warning]];

    public override Labels Project(LabelChoice choice) => (_side == Side.Theirs ? _theirs! : mine).Project(choice);

    public override bool MoveNext()
    {
        if (!_hasBegun)
            Begin();
        else
            Advance();
        if (!_theirsStands && !_mineStands)
            return false;
        var order = !_theirsStands ? 1 : !_mineStands ? -1 : Labels.CompareRows(_theirs!.Labels, mine.Labels); // one that stands is there
        _side = order < 0 ? Side.Theirs : order > 0 ? Side.Mine : Side.Both;
        if (_side == Side.Both)
            _columns.Merge(mine.Current, _theirs!.Current);
        return true;
    }

    public override void Dispose()
    {
        _theirs?.Dispose();
        mine.Dispose();
        base.Dispose();
    }

    // Nothing has been handed out yet: here, and only here, the cluster may be away.
    private void Begin()
    {
        _hasBegun = true;
        try
        {
            _theirsStands = _theirs!.MoveNext(); // it is there until it fails
        }
        catch (ClusterUnavailableException failure)
        {
            _theirs?.Dispose();
            _theirs = null;
            _warning = warningOf(failure);
        }
        _mineStands = mine.MoveNext();
    }

    private void Advance()
    {
        if (_side != Side.Mine && _theirsStands)
            _theirsStands = _theirs!.MoveNext();
        if (_side != Side.Theirs && _mineStands)
            _mineStands = mine.MoveNext();
    }

    private enum Side
    {
        Theirs,
        Mine,
        Both,
    }
}
