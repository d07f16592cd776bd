namespace HmsOps.Tsdb.Observations;

/// <summary>
/// The running total of one observed series while observations are folded into it, and what the clock has made of it so far. Owned by the holder of the
/// store's turn.
/// </summary>
internal abstract class OpenSeries
{
    /// <summary>The series. Another one when the head is changed for a smaller one.</summary>
    public required int Id { get; set; }

    /// <summary>The second of the newest observation, its first millisecond; 0 before the first.</summary>
    public long LastObserved { get; set; }

    /// <summary>Time of the newest sample made of it; null before the first. Outlives the sample itself.</summary>
    public long? LastSample { get; set; }

    /// <summary>Something was folded in since the last sample was made.</summary>
    public bool IsChanged { get; set; }
}

/// <summary>A counter that increments are folded into.</summary>
internal sealed class OpenCounter : OpenSeries
{
    public double Value { get; set; }
}
