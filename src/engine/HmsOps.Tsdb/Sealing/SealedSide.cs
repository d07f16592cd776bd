using HmsOps.Series;
using HmsOps.Tsdb.Blocks;

namespace HmsOps.Tsdb.Sealing;

/// <summary>
/// What of the store is in blocks, beside the head: up to the horizon everything that came in order of time, and what late samples were sealed. A reader
/// takes both sides in one step, so it misses and doubles nothing when something moves from one to the other. Safe for concurrent use.
/// </summary>
internal sealed class SealedSide(Lock headLock, BlockSet blocks, long horizon) : IDisposable
{
    private readonly ReaderGate _gate = new();
    private long _horizon = horizon; // under the head's lock

    public BlockSet Blocks => blocks;

    /// <summary>Before it, the head's samples that came in order of time are all in blocks.</summary>
    public long Horizon
    {
        get
        {
            lock (headLock)
                return _horizon;
        }
    }

    /// <summary>Both sides, as they are now. They stay so until the view is given back.</summary>
    public StoreView Open()
    {
        lock (headLock)
            return new StoreView(this, blocks.Pin(), _horizon, _gate.Enter());
    }

    /// <summary>Lets readers see new blocks, and the head only from a time on, in one step.</summary>
    public void Publish(IReadOnlyList<BlockInfo> added, long until) => blocks.Replace(added, [], swap =>
    {
        lock (headLock)
        {
            swap();
            _horizon = Math.Max(_horizon, until);
        }
    });

    /// <summary>Completes when nobody reads any more who saw the head as it was before the last <see cref="Publish"/>.</summary>
    public Task OldReadersLeaveAsync(CancellationToken cancellationToken) => _gate.PassAsync(cancellationToken);

    public void Dispose() => blocks.Dispose();

    internal void Leave(long generation) => _gate.Leave(generation);
}

/// <summary>Both sides of the store at one moment.</summary>
internal sealed class StoreView(SealedSide side, BlockPin pin, long horizon, long generation) : IDisposable
{
    private int _holders = 1;

    public BlockPin Pin => pin;

    public long Horizon => horizon;

    /// <summary>From now on so many have it, and each gives it back.</summary>
    public void Share(int holders) => Interlocked.Add(ref _holders, holders - 1);

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) != 0)
            return;
        pin.Dispose();
        side.Leave(generation);
    }
}

/// <summary>A walk over both sides, or over the only one that has something of the range. Owns the view.</summary>
internal sealed class StoreCursor(SeriesCursor walk, StoreView view) : SeriesCursor
{
    private bool _isDisposed;

    /// <inheritdoc/>
    public override SeriesView Current => walk.Current;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings => walk.Warnings;

    /// <inheritdoc/>
    public override Labels Labels => walk.Labels;

    /// <inheritdoc/>
    public override Labels Project(LabelChoice choice) => walk.Project(choice);

    /// <inheritdoc/>
    public override bool MoveNext() => walk.MoveNext();

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        walk.Dispose();
        view.Dispose();
        base.Dispose();
    }
}
