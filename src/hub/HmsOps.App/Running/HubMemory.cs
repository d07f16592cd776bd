namespace HmsOps.App.Running;

/// <summary>What of the machine's memory, or of the container's, the hub gives to what.</summary>
internal static class HubMemory
{
    /// <summary>Half of it for the metric store; the other half is for queries, doors and all the rest.</summary>
    public static long ForStore => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>A quarter of it for what queries hold while they run and their answers are sent.</summary>
    public static long ForQueries => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    /// <summary>A sixteenth of it for rules, which nothing else takes: one is evaluated at a time.</summary>
    public static long ForRules => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 16;
}
