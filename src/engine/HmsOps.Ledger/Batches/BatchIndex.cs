namespace HmsOps.Ledger.Batches;

/// <summary>Where a durable batch lies: the frame that holds it.</summary>
internal readonly record struct BatchPlace(long FirstSequence, int Count, DateTimeOffset Time, string Segment, long Offset, int Bytes);

/// <summary>Finds the batch of an entry, in memory: one place a batch, in order of sequence. The writer adds, anyone asks.</summary>
internal sealed class BatchIndex
{
    private readonly Lock _lock = new();
    private readonly List<BatchPlace> _places = [];

    public void Add(BatchPlace place)
    {
        lock (_lock)
            _places.Add(place);
    }

    /// <summary>The batch that holds an entry, which must be durable.</summary>
    public BatchPlace Find(long sequence)
    {
        lock (_lock)
        {
            var low = 0;
            var high = _places.Count - 1;
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                if (_places[middle].FirstSequence <= sequence)
                    low = middle;
                else
                    high = middle - 1;
            }
            return _places[low];
        }
    }
}
