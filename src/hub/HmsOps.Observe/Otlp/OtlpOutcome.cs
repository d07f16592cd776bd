namespace HmsOps.Observe.Otlp;

/// <summary>What became of a request, before it is worded for HTTP or gRPC.</summary>
/// <param name="Verdict">Whether it was taken.</param>
/// <param name="Message">For people; empty when all was stored.</param>
public sealed record OtlpOutcome(OtlpVerdict Verdict, string Message)
{
    /// <summary>Data points that were refused while the others were stored.</summary>
    public long RejectedPoints { get; init; }

    /// <summary>After how many seconds the same request may succeed; null when it will not.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The HTTP status that says it.</summary>
    public int HttpStatus => Verdict switch
    {
        OtlpVerdict.Taken => 200,
        OtlpVerdict.Malformed => 400,
        OtlpVerdict.TooLarge => 413,
        OtlpVerdict.Unsupported => 415,
        OtlpVerdict.TooSlow => 408,
        OtlpVerdict.Unknown => 501,
        _ => 503,
    };

    /// <summary>The gRPC status that says it.</summary>
    public GrpcStatus GrpcStatus => Verdict switch
    {
        OtlpVerdict.Taken => GrpcStatus.Ok,
        OtlpVerdict.Malformed => GrpcStatus.InvalidArgument,
        OtlpVerdict.TooLarge or OtlpVerdict.Busy => GrpcStatus.ResourceExhausted,
        OtlpVerdict.TooSlow => GrpcStatus.DeadlineExceeded,
        OtlpVerdict.Unsupported or OtlpVerdict.Unknown => GrpcStatus.Unimplemented,
        _ => GrpcStatus.Unavailable,
    };
}

/// <summary>Whether a request was taken, and if not, why not.</summary>
public enum OtlpVerdict
{
    /// <summary>Stored, but for the points that are counted and named.</summary>
    Taken,

    /// <summary>It cannot be read; nothing is stored.</summary>
    Malformed,

    /// <summary>Past a limit; nothing is stored.</summary>
    TooLarge,

    /// <summary>In an encoding that is not read here.</summary>
    Unsupported,

    /// <summary>It took too long to arrive; nothing is stored.</summary>
    TooSlow,

    /// <summary>For a service or a signal that is not in this version.</summary>
    Unknown,

    /// <summary>The door is full; the same request may succeed in a moment.</summary>
    Busy,

    /// <summary>The store cannot write; the same request may succeed when it can.</summary>
    Unavailable,
}

/// <summary>The status codes of gRPC that are said here. Numbers as on the wire.</summary>
public enum GrpcStatus
{
    Ok = 0,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
}
