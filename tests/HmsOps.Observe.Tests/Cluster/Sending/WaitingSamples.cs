using HmsOps.Series;

namespace HmsOps.Observe.Tests.Cluster.Sending;

/// <summary>A queue as a test fills it: batch by batch. When it is empty it waits until it is told to stop.</summary>
internal sealed class WaitingSamples : ISampleQueue
{
    private readonly Queue<Action<SampleBatch>> _waiting = new();
    private long _read;

    /// <summary>Places said to be done, in order.</summary>
    public List<long> DoneUpTo { get; } = [];

    public QueueStanding Standing => new() { Waiting = _waiting.Count };

    public void Add(Action<SampleBatch> fill) => _waiting.Enqueue(fill);

    public async ValueTask<long> ReadAsync(SampleBatch into, int samplesMax, CancellationToken cancellationToken)
    {
        if (_waiting.TryDequeue(out var fill))
        {
            fill(into);
            return ++_read;
        }
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return _read;
    }

    public void Done(long place) => DoneUpTo.Add(place);
}
