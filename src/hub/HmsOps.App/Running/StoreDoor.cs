using HmsOps.Series;

namespace HmsOps.App.Running;

/// <summary>
/// The metric store as the other rooms see it, from before it is open: until its log is replayed whatever comes is refused by name, so that the door can
/// answer while the hub starts.
/// </summary>
internal sealed class StoreDoor : ISeriesSink, ISeriesSource, IChanges
{
    private const string NotYet = "the hub is starting: its metric log is being replayed. Try again in a second";

    private Tsdb.MetricStore? _store;

    public Tsdb.MetricStore? Store => Volatile.Read(ref _store);

    public void Open(Tsdb.MetricStore store) => Volatile.Write(ref _store, store);

    public ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken) =>
        Store?.AppendAsync(batch, cancellationToken) ?? ValueTask.FromResult(Refuse(batch.Count));

    public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken) =>
        Store?.ObserveAsync(batch, cancellationToken) ?? ValueTask.FromResult(Refuse(batch.Items.Count));

    public long OldestKept => Store?.OldestKept ?? long.MaxValue;

    public long Mark() => Store?.Mark() ?? 0;

    public long ChangedFrom(long mark) => Store?.ChangedFrom(mark) ?? long.MinValue;

    public IReadOnlyList<SeriesCursor> SelectParts(Selection selection, int partsMax, QueryBudget budget, CancellationToken cancellationToken) =>
        Store?.SelectParts(selection, partsMax, budget, cancellationToken) ?? throw new QueryBudgetException(NotYet);

    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken) =>
        Store?.Select(selection, budget, cancellationToken) ?? throw new QueryBudgetException(NotYet);

    public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken) =>
        Store?.Series(selection, most, cancellationToken) ?? throw new QueryBudgetException(NotYet);

    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) =>
        Store?.LabelNames(selection, cancellationToken) ?? throw new QueryBudgetException(NotYet);

    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) =>
        Store?.LabelValues(name, selection, cancellationToken) ?? throw new QueryBudgetException(NotYet);

    private static AppendResult Refuse(int count) => new(0, [.. Enumerable.Range(0, count).Select(i => new RefusedSample(i, "read_only", NotYet))]);
}
