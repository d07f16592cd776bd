namespace HmsOps.Disk;

/// <summary>What a log can do now.</summary>
public enum LogState
{
    /// <summary>Reads and writes.</summary>
    Writable,

    /// <summary>A flush or write failed: nothing more is taken until a restart has read the disk.</summary>
    Poisoned,

    /// <summary>A strict log found acknowledged frames that do not check: it reads up to there, and takes nothing.</summary>
    Damaged,

    /// <summary>The disk cannot be written, or failed twice.</summary>
    ReadOnly,
}

/// <summary>The log takes nothing more. The message says why.</summary>
#pragma warning disable RCS1194 // Made here only, always with a state: the constructors the rule asks for would make one without.
public class LogUnwritableException : IOException
{
    internal LogUnwritableException(LogState state, string reason, Exception? inner = null)
        : base(reason, inner) => State = state;

    /// <summary>The state it is in.</summary>
    public LogState State { get; }
}
#pragma warning restore RCS1194

/// <summary>A flush or a write failed, and the log takes nothing more for good: frames that were not yet flushed may or may not be on the disk.</summary>
public sealed class LogPoisonedException : LogUnwritableException
{
    internal LogPoisonedException(string reason, Exception? inner = null)
        : base(LogState.Poisoned, reason, inner)
    {
    }
}

/// <summary>A file in the log's folder belongs to another log, or was written in another manner. Nothing was touched.</summary>
public sealed class LogMismatchException(string path, string what)
    : IOException($"{path} {what} Nothing was changed.")
{
    /// <summary>The segment.</summary>
    public string Path { get; } = path;
}

/// <summary>Bytes of a log that was opened whole do not check any more.</summary>
public sealed class LogCorruptException(string path, long offset, long sequence, string what)
    : IOException($"{path} is damaged at byte {offset}, where sequence {sequence} is expected: {what} Nothing was changed; restart to see what the log can still serve.")
{
    /// <summary>The segment.</summary>
    public string Path { get; } = path;

    /// <summary>Where in it.</summary>
    public long Offset { get; } = offset;

    /// <summary>The first sequence that cannot be read.</summary>
    public long Sequence { get; } = sequence;
}

/// <summary>Thrown by a <see cref="FrameReader"/> or <see cref="SegmentReader"/> of a strict log: the checksums hold, the content does not.</summary>
public sealed class FrameRefusedException(string reason) : Exception(reason);
