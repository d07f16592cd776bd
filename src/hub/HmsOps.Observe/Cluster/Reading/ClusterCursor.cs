using HmsOps.Observe.History;
using HmsOps.Observe.RemoteRead;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// A walk over an answer while it arrives, in the order in which it arrives: of the series the walk stands on all samples are held, of the rest three batches. What the cluster sends beyond what was asked for
/// is left out: it may read patterns otherwise.
/// </summary>
internal sealed class ClusterCursor : SeriesCursor
{
    private readonly ClusterAsk _ask;
    private readonly CancellationToken _cancellationToken;
    private readonly SampleColumns _columns = new();
    private readonly BatchHandOver _batches;
    private SampleBatch? _batch;
    private int _at;
    private bool _isOver;
    private Labels _labels;

    public ClusterCursor(ClusterAsk ask, CancellationToken cancellationToken)
    {
        (_ask, _cancellationToken) = (ask, cancellationToken);
        _batches = new BatchHandOver(ask.Door, ask.FillAsync, cancellationToken);
    }

    public override SeriesView Current => _columns.View(_labels);

    public override Labels Labels => _labels;

    public override IReadOnlyList<string> Warnings => _isOver ? _ask.Warnings : [];

    public override bool MoveNext()
    {
        while (TakeSeries())
        {
            if (_ask.Selection.Matchers.All(matcher => matcher.Matches(_labels)))
                return true;
        }
        return false;
    }

    public override void Dispose()
    {
        _batches.Dispose();
        base.Dispose();
    }

    private bool TakeSeries()
    {
        _columns.Clear();
        if (!HasSample())
            return false;
        var key = _batch!.KeyOf(_batch.SampleSeries[_at]).ToArray(); // there is one: HasSample
        _labels = Canonical(key);
        do
        {
            var end = EndOfSeries(_at);
            _columns.Add(_batch, _at, end);
            _ask.Budget.Charge(end - _at, _ask.Selection);
            _at = end;
        }
        while (HasSample() && _batch.KeyOf(_batch.SampleSeries[_at]).Span.SequenceEqual(key));
        _columns.Settle();
        return true;
    }

    // True when the walk stands before a sample, in this batch or the next.
    private bool HasSample()
    {
        while (_batch is null || _at == _batch.Count)
        {
            if (_isOver)
                return false;
            if (_batch is not null)
                _batches.Return(_batch);
            (_batch, _at) = (_batches.Take(_cancellationToken), 0);
            _isOver = _batch is null;
        }
        return true;
    }

    private int EndOfSeries(int from)
    {
        var series = _batch!.SampleSeries;
        var end = from + 1;
        while (end < series.Length && series[end] == series[from])
            end++;
        return end;
    }

    private Labels Canonical(byte[] key)
    {
        if (Labels.TryFromBytes(key, out var labels))
            return labels;
        var builder = new LabelsBuilder();
        ReadOnlySpan<byte> rest = key;
        while (!rest.IsEmpty)
        {
            if (!LabelBytes.TryRead(ref rest, out var name, out var value) || name.IsEmpty)
                throw new ClusterUnavailableException($"The answer of the cluster at {_ask.Door.Peer.Address} to {_ask.What} holds a series whose labels cannot be read. Is this the address of a Prometheus-compatible store");
            builder.Set(name, value);
        }
        return builder.Build();
    }
}

/// <summary>One question for samples: what is asked, and how what comes becomes batches.</summary>
internal abstract class ClusterAsk(ClusterDoor door, Selection selection, QueryBudget budget)
{
    private readonly HistoryDamage _damage = new();

    public ClusterDoor Door => door;

    public Selection Selection => selection;

    public QueryBudget Budget => budget;

    /// <summary>What is asked, for messages.</summary>
    public string What => ClusterDoor.Shown(selection);

    /// <summary>What had to be left out. Whole once all batches have been handed over.</summary>
    public virtual IReadOnlyList<string> Warnings => _damage.Named;

    protected HistoryDamage Damage => _damage;

    /// <summary>Asks, and hands the answer over batch by batch.</summary>
    public Task FillAsync(BatchHandOver batches, CancellationToken cancellationToken) => door.GuardAsync(What, async token =>
    {
        using var answer = await AskAsync(token);
        using var parts = await PartsAsync(answer, token);
        while (true)
        {
            var batch = await batches.EmptyAsync(token);
            var hasMore = await door.WithinAsync(inner => parts.FillAsync(batch, inner), token);
            batches.Give(batch);
            if (!hasMore)
                break;
        }
        Close(parts);
        return this;
    }, cancellationToken);

    protected abstract Task<HttpResponseMessage> AskAsync(CancellationToken cancellationToken);

    protected abstract Task<AnswerParts> PartsAsync(HttpResponseMessage answer, CancellationToken cancellationToken);

    /// <summary>All has been taken.</summary>
    protected abstract void Close(AnswerParts parts);
}
