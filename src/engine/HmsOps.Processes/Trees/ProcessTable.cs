using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace HmsOps.Processes.Trees;

/// <summary>The machine's processes, as <c>/proc</c> shows them at this moment. Stateless.</summary>
internal static partial class ProcessTable
{
    /// <summary>One process; null when there is none of that number.</summary>
    public static ProcessStat? Find(int pid) =>
        TryRead($"/proc/{pid}/stat") is { } bytes && ProcessStat.TryParse(Encoding.UTF8.GetString(bytes), out var stat) ? stat : null;

    /// <summary>All processes that can be seen.</summary>
    public static IEnumerable<ProcessStat> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Find(pid) is { } stat)
                yield return stat;
        }
    }

    /// <summary>True when the environment a process was started with holds this <c>NAME=value</c>.</summary>
    public static bool Carries(int pid, string variable)
    {
        if (TryRead($"/proc/{pid}/environ") is not { } environment)
            return false;
        var wanted = Encoding.UTF8.GetBytes(variable);
        foreach (var range in environment.AsSpan().Split((byte)0))
        {
            if (environment.AsSpan()[range].SequenceEqual(wanted))
                return true;
        }
        return false;
    }

    /// <summary>Names this start of the machine.</summary>
    public static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Time since the machine started. Runs through every change of its clock.</summary>
    public static TimeSpan Uptime()
    {
        var text = File.ReadAllText("/proc/uptime");
        return TimeSpan.FromSeconds(double.Parse(text.AsSpan(0, text.IndexOf(' ')), CultureInfo.InvariantCulture));
    }

    /// <summary>Sends a signal; whether the process was still there is for the next look to say.</summary>
    public static void Send(int pid, Signal signal) => _ = Kill(pid, (int)signal);

    // A process may vanish between its listing and its reading, and others' environments are closed to us: neither is an error.
    private static byte[]? TryRead(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}

/// <summary>The signals used here. Linux numbers, alike on x64 and arm64.</summary>
internal enum Signal
{
    Kill = 9,
    Term = 15,
    Stop = 19,
}
