namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// Remembers that a cluster failed, so that those who come next do not wait for it too: it is left alone for a while, and then the first who comes tries. Safe for concurrent use.
/// </summary>
public sealed class ClusterOutage(TimeProvider time)
{
    /// <summary>Rules look every few seconds: one of some looks pays for a try, and what has come back is seen soon.</summary>
    public static readonly TimeSpan LeftAloneFor = TimeSpan.FromSeconds(10);

    private Failed? _failed;
    private long _failures;

    /// <summary>What came of the last question, when it failed; null when the cluster answered.</summary>
    public string? Failure => Volatile.Read(ref _failed)?.Sentence;

    /// <summary>Questions that failed since the start; those that were not even asked do not count.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>True while it is not asked.</summary>
    public bool IsLeftAlone => Volatile.Read(ref _failed) is { } failed && time.GetElapsedTime(failed.At) < LeftAloneFor;

    internal void ThrowIfLeftAlone()
    {
        if (Volatile.Read(ref _failed) is { } failed && time.GetElapsedTime(failed.At) is var since && since < LeftAloneFor)
            throw new ClusterUnavailableException($"{failed.Sentence} It is asked again in {Math.Ceiling((LeftAloneFor - since).TotalSeconds):0} s");
    }

    internal void Fail(ClusterUnavailableException failure)
    {
        Interlocked.Increment(ref _failures);
        Volatile.Write(ref _failed, new Failed($"{failure.Message}.", time.GetTimestamp()));
    }

    internal void Answered() => Volatile.Write(ref _failed, null);

    private sealed record Failed(string Sentence, long At);
}
