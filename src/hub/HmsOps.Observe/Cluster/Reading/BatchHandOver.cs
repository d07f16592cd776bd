using System.Collections.Concurrent;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// Hands batches from the work that fills them to the thread that takes them. There are three: one is filled, one waits, one is read; who fills waits for the network and for an empty one, who takes for a
/// filled one. One of each.
/// </summary>
internal sealed class BatchHandOver : IDisposable
{
    private const int Batches = 3;

    private readonly ConcurrentQueue<SampleBatch> _filled = new();
    private readonly ConcurrentQueue<SampleBatch> _empty = new();
    private readonly SemaphoreSlim _filledOnes = new(0);
    private readonly SemaphoreSlim _emptyOnes = new(Batches);
    private readonly Errand _filling;

    /// <summary>Begins to fill: <paramref name="fill"/> fills one batch and answers false when there is no more.</summary>
    public BatchHandOver(ClusterDoor door, Func<BatchHandOver, CancellationToken, Task> fill, CancellationToken cancellationToken)
    {
        for (var i = 0; i < Batches; i++)
            _empty.Enqueue(new SampleBatch());
        _filling = new Errand(door, token => fill(this, token), cancellationToken, () => _filledOnes.Release());
    }

    /// <summary>An empty batch, for who fills; it is owed to <see cref="Give"/>.</summary>
    public async Task<SampleBatch> EmptyAsync(CancellationToken cancellationToken)
    {
        await _emptyOnes.WaitAsync(cancellationToken);
        return _empty.TryDequeue(out var batch) ? batch : throw new InvalidOperationException("An empty batch was announced, and is not there.");
    }

    /// <summary>Hands a filled one over.</summary>
    public void Give(SampleBatch batch)
    {
        _filled.Enqueue(batch);
        _filledOnes.Release();
    }

    /// <summary>The next filled one, for who takes; null when there is no more. It is owed to <see cref="Return"/>.</summary>
    public SampleBatch? Take(CancellationToken cancellationToken)
    {
        // By way of a task, for that tells the pool that one of its threads stands still: it brings another for the network's work.
        _filledOnes.WaitAsync(cancellationToken).GetAwaiter().GetResult();
        if (_filled.TryDequeue(out var batch))
            return batch;
        _filledOnes.Release(); // the end stays the end
        _filling.ThrowIfFailed(cancellationToken);
        return null;
    }

    /// <summary>Gives one back that was read.</summary>
    public void Return(SampleBatch batch)
    {
        batch.Clear();
        _empty.Enqueue(batch);
        _emptyOnes.Release();
    }

    public void Dispose()
    {
        _filling.Dispose();
        _filledOnes.Dispose();
        _emptyOnes.Dispose();
    }
}
