namespace HmsOps.Observe.RemoteWrite;

/// <summary>What became of a request.</summary>
/// <param name="Status">The HTTP status that says it: 204 when all of it is stored.</param>
/// <param name="Message">One line for people; null when there is nothing to say.</param>
public sealed record WriteAnswer(int Status, string? Message)
{
    /// <summary>Float samples stored, or recognised as stored before.</summary>
    public int Samples { get; init; }

    /// <summary>Histogram samples stored.</summary>
    public int Histograms { get; init; }

    /// <summary>Exemplars stored.</summary>
    public int Exemplars { get; init; }

    /// <summary>After how many seconds the same request may succeed; null when it will not, or that is not known.</summary>
    public int? RetryAfter { get; init; }
}
