using System.Globalization;

namespace HmsOps.Processes.Trees;

/// <summary>What <c>/proc/PID/stat</c> says of one process, as far as it is needed here (proc(5)).</summary>
/// <param name="Pid">Its number; proves nothing alone, for numbers are used again.</param>
/// <param name="State">One letter: R, S, D, T stopped, Z gone but not yet collected by its parent.</param>
/// <param name="Session">The number of its session's first process.</param>
/// <param name="Threads">Threads left in it.</param>
/// <param name="StartTicks">When it started, in clock ticks since the machine did: with <paramref name="Pid"/> and the boot, an identity.</param>
internal readonly record struct ProcessStat(int Pid, char State, int Session, int Threads, long StartTicks)
{
    // Fields are numbered from 1 in proc(5); the third is the first after the name.
    private const int FirstAfterName = 3;
    private const int SessionField = 6 - FirstAfterName;
    private const int ThreadsField = 20 - FirstAfterName;
    private const int StartTicksField = 22 - FirstAfterName;

    /// <summary>It runs no more. A first thread that has left before the others is also shown as Z, hence the count.</summary>
    public bool IsDead => State is 'X' or 'x' || (State == 'Z' && Threads <= 1);

    /// <summary>Reads the line; false when it is not one.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, out ProcessStat stat)
    {
        stat = default;
        // The name stands in brackets and may itself hold brackets, blanks and digits: only the last bracket ends it.
        var nameStart = line.IndexOf('(');
        var nameEnd = line.LastIndexOf(')');
        if (nameStart < 1 || nameEnd < nameStart || !TryInteger(line[..nameStart].TrimEnd(' '), out int pid))
            return false;

        var fields = line[(nameEnd + 1)..].Trim();
        Span<Range> ranges = stackalloc Range[StartTicksField + 2];
        if (fields.Split(ranges, ' ') <= StartTicksField || fields[ranges[0]].Length != 1)
            return false;
        if (!TryInteger(fields[ranges[SessionField]], out int session)
            || !TryInteger(fields[ranges[ThreadsField]], out int threads)
            || !TryInteger(fields[ranges[StartTicksField]], out long startTicks))
            return false;

        stat = new ProcessStat(pid, fields[ranges[0]][0], session, threads, startTicks);
        return true;
    }

    private static bool TryInteger<T>(ReadOnlySpan<char> text, out T value)
        where T : struct, System.Numerics.IBinaryInteger<T>
    {
        value = default;
        return T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }
}
