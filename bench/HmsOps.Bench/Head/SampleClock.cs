namespace HmsOps.Bench.Head;

/// <summary>The time of the samples; timers are the system's.</summary>
internal sealed class SampleClock(DateTimeOffset now) : TimeProvider
{
    private DateTimeOffset _now = now;

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;
}
