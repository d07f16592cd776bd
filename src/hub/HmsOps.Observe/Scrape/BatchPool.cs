using HmsOps.Series;

namespace HmsOps.Observe.Scrape;

/// <summary>Batches that were filled before, for all scrape loops: few are filled at one time, and one each would be most of what a target costs.</summary>
internal sealed class BatchPool
{
    private const int KeptMax = 8;

    private readonly Lock _gate = new();
    private readonly Stack<SampleBatch> _kept = new();

    public SampleBatch Take()
    {
        lock (_gate)
            return _kept.TryPop(out var batch) ? batch : new SampleBatch();
    }

    public void Give(SampleBatch batch)
    {
        batch.Clear();
        lock (_gate)
        {
            if (_kept.Count < KeptMax)
                _kept.Push(batch);
        }
    }
}
