using System.Globalization;
using System.Runtime.InteropServices;

namespace HmsOps.SideBySide;

/// <summary>What the kernel says a process has used.</summary>
internal static partial class ProcessCost
{
    /// <summary>CPU seconds of all its threads, those that ended too, to the nanosecond.</summary>
    public static double CpuSeconds(int pid)
    {
        var clock = (~pid << 3) | 2; // CPUCLOCK_SCHED of a process, as clock_getcpuclockid(3) makes it
        return ClockGetTime(clock, out var time) == 0 ? time.Seconds + time.Nanoseconds / 1e9 : throw new InvalidOperationException($"Process {pid} is gone.");
    }

    /// <summary>Bytes of memory it has now.</summary>
    public static long Resident(int pid) => Status(pid, "VmRSS:");

    /// <summary>The most it ever had.</summary>
    public static long PeakResident(int pid) => Status(pid, "VmHWM:");

    /// <summary>Forgets the most it ever had.</summary>
    public static void ForgetPeak(int pid) => File.WriteAllText($"/proc/{pid}/clear_refs", "5");

    /// <summary>Bytes that files in a folder take on disk.</summary>
    public static long DiskBytes(string folder) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) : 0;

    /// <summary>The machine's load in the last minute.</summary>
    public static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static long Status(int pid, string key)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith(key, StringComparison.Ordinal));
        return 1024 * long.Parse(line.AsSpan(key.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
