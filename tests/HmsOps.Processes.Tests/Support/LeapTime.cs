namespace HmsOps.Processes.Tests.Support;

/// <summary>
/// The real clock, which a test can move ahead: real processes run in real time, but nobody wants to wait for a time limit of theirs.
/// Timers stay real, so whoever looks every 100 ms sees the leap at the next look.
/// </summary>
internal sealed class LeapTime : TimeProvider
{
    private long _ticksAhead;

    public void Leap(TimeSpan span) => Interlocked.Add(ref _ticksAhead, span.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;

    public override long GetTimestamp() => System.GetTimestamp() + (long)(Ahead.TotalSeconds * TimestampFrequency);

    private TimeSpan Ahead => TimeSpan.FromTicks(Interlocked.Read(ref _ticksAhead));
}
