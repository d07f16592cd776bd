using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace HmsOps.SideBySide.Peers;

/// <summary>What the kernel says a process has used.</summary>
internal static partial class ProcessCost
{
    /// <summary>CPU seconds of all its threads, those that ended too, to the nanosecond.</summary>
    public static double CpuSeconds(int pid)
    {
        var clock = (~pid << 3) | 2; // CPUCLOCK_SCHED of a process, as clock_getcpuclockid(3) makes it
        return ClockGetTime(clock, out var time) == 0 ? time.Seconds + time.Nanoseconds / 1e9 : throw new ServerGoneException("is not running any more");
    }

    /// <summary>Bytes of memory it has now.</summary>
    public static long Resident(int pid) => Status(pid, "VmRSS:");

    /// <summary>The most it ever had.</summary>
    public static long PeakResident(int pid) => Status(pid, "VmHWM:");

    /// <summary>Forgets the most it ever had.</summary>
    public static void ForgetPeak(int pid) => File.WriteAllText($"/proc/{pid}/clear_refs", "5");

    /// <summary>Bytes the file system gave to the files of a folder: room made beforehand counts, a hole does not.</summary>
    public static long AllocatedBytes(string folder)
    {
        using var du = Process.Start(new ProcessStartInfo("du", ["-s", "-B1", folder]) { RedirectStandardOutput = true, UseShellExecute = false }) ?? throw new NotMeasuredException("du did not start");
        var text = du.StandardOutput.ReadToEnd();
        du.WaitForExit();
        return long.Parse(text.Split('\t')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>The lengths of a folder's files.</summary>
    public static long DiskBytes(string folder) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) : 0;

    /// <summary>The machine's load in the last minute.</summary>
    public static double LoadAverage() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    private static long Status(int pid, string key)
    {
        var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal)) ?? throw new ServerGoneException("is ending");
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
