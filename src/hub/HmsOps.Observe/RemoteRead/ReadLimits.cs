namespace HmsOps.Observe.RemoteRead;

/// <summary>Limits of the door <c>POST /api/v1/read</c>.</summary>
public sealed record ReadLimits
{
    /// <summary>A question is some hundred bytes; one with a long list of names in a pattern some thousand.</summary>
    public int PackedBytesMax { get; init; } = 1 << 20;

    public int DecodedBytesMax { get; init; } = 4 << 20;

    /// <summary>Questions of one request. Prometheus asks one.</summary>
    public int QueriesMax { get; init; } = 64;

    /// <summary>Matchers of one question.</summary>
    public int MatchersMax { get; init; } = 256;

    /// <summary>Bytes of an answer that is sent whole, before it is packed. One that is streamed has no such bound: it is never held.</summary>
    public int AnswerBytesMax { get; init; } = 64 << 20;

    /// <summary>Samples of one answer.</summary>
    public long SamplesMax { get; init; } = 50_000_000;

    /// <summary>Bytes that all requests at the door hold together.</summary>
    public long MemoryBytesMax { get; init; } = 512L << 20;
}
