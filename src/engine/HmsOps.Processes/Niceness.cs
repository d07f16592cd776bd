using System.Runtime.InteropServices;

namespace HmsOps.Processes;

/// <summary>How much a thread yields to the others. To Linux each thread has a niceness of its own, which it may raise without asking.</summary>
public static partial class Niceness
{
    private const int ProcessOrThread = 0; // PRIO_PROCESS, which with 0 is the calling thread
    private const int Caller = 0;

    /// <summary>The calling thread yields by so much, 0 to 19. Where the system says no, and where it is not Linux, it runs as before: it is fairness, nothing rests on it.</summary>
    public static void OfThisThread(int niceness)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(niceness);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(niceness, 19);
        if (!OperatingSystem.IsLinux())
            return; // elsewhere it is the whole process that would yield
        _ = SetPriority(ProcessOrThread, Caller, niceness);
    }

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, int who, int niceness);
}
