namespace HmsOps.Series;

/// <summary>
/// Single observations on their way into a store: each counts once, in the second of its arrival, in the open histogram of its series.
/// A batch is one frame of the store's log, so a crash takes it whole or not at all.
/// </summary>
public sealed class ObservationBatch
{
    private readonly List<Observation> _items = [];

    /// <summary>The observations, in the order they were sent.</summary>
    public IReadOnlyList<Observation> Items => _items;

    /// <summary>Adds an observation.</summary>
    public void Add(in Observation observation) => _items.Add(observation);

    /// <summary>Empties the batch for another round.</summary>
    public void Clear() => _items.Clear();
}

/// <summary>One observed value.</summary>
/// <param name="Series">The histogram's series.</param>
/// <param name="Value">What was measured; finite.</param>
/// <param name="Id">The sender's own id, empty if none: a second observation of the series with the same id within ten minutes is a no-op.</param>
public readonly record struct Observation(Labels Series, double Value, string Id);
