namespace HmsOps.Series;

/// <summary>
/// Single observations, and differences of what was counted, on their way into a store: each counts once, in the second of its arrival, in the
/// running total of its series. A batch is one frame of the store's log, so a crash takes it whole or not at all.
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

/// <summary>One observed value, or one difference of what was counted.</summary>
/// <param name="Series">The series of the running total.</param>
/// <param name="Value">What was measured, or by how much a counter grew; finite. 0 for a histogram.</param>
/// <param name="Id">The sender's own id, empty if none: a second observation of the series with the same id within ten minutes is a no-op.</param>
public readonly record struct Observation(Labels Series, double Value, string Id)
{
    /// <summary>What it adds to.</summary>
    public ObservationKind Kind { get; init; }

    /// <summary>What a <see cref="ObservationKind.Histogram"/> adds; null otherwise.</summary>
    public NativeHistogram? Histogram { get; init; }
}

/// <summary>What an observation adds to.</summary>
public enum ObservationKind
{
    /// <summary>One value, counted in the series' histogram.</summary>
    Value,

    /// <summary>An amount, added to the series' counter.</summary>
    Increment,

    /// <summary>A histogram of what was observed since the last one, added to the series' histogram.</summary>
    Histogram,
}
