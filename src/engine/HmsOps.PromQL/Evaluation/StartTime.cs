namespace HmsOps.PromQL.Evaluation;

/// <summary>What the times at which samples began to count say: whether a counter began anew between two of them, though it did not fall.</summary>
internal static class StartTime
{
    /// <summary>
    /// A sample that began after the one before, or at its time: then it is a difference, unless the beginning of the one before is unknown. A beginning that is
    /// not before its sample says nothing.
    /// </summary>
    public static bool IsReset(long previousStart, long previousTime, long start, long time)
    {
        if (start == 0 || start >= time || start < previousTime)
            return false;
        return start > previousTime || (previousStart != 0 && previousStart < previousTime);
    }

    /// <summary>A sample that began inside what the one before counted: one of the two is wrong.</summary>
    public static bool Overlaps(long previousStart, long previousTime, long start) => start != 0 && start < previousTime && start != previousStart;
}
