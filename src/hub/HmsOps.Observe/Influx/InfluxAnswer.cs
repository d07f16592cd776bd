namespace HmsOps.Observe.Influx;

/// <summary>What became of a request.</summary>
/// <param name="Status">The HTTP status that says it: 204 when all numbers of it are stored.</param>
/// <param name="Message">For people; null when there is nothing to say.</param>
public sealed record InfluxAnswer(int Status, string? Message)
{
    /// <summary>Samples stored, or recognised as stored before.</summary>
    public long Taken { get; init; }

    /// <summary>Fields left out because they are texts: counted, and no error.</summary>
    public long Texts { get; init; }

    /// <summary>After how many seconds the same request may succeed; null when it will not, or that is not known.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The status as InfluxDB 2 words it.</summary>
    public string Code => Status switch
    {
        413 => "request too large",
        415 => "unsupported media type",
        503 => "unavailable",
        _ => "invalid",
    };
}
