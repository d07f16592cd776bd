namespace HmsOps.Simulation.Disk;

/// <summary>What may go wrong on a <see cref="SimulatedDisk"/>, and how likely: chances between 0 and 1, drawn from the disk's own dice.</summary>
public sealed record DiskFaults
{
    /// <summary>Nothing goes wrong until somebody says so.</summary>
    public static DiskFaults None { get; } = new();

    /// <summary>A flush of a file or folder answers EIO.</summary>
    public double FlushFails { get; init; }

    /// <summary>A write answers EIO, after a part of it.</summary>
    public double WriteFails { get; init; }

    /// <summary>Only files whose path begins so fail to be written.</summary>
    public string WriteFailsUnder { get; init; } = "";

    /// <summary>A read answers EIO.</summary>
    public double ReadFails { get; init; }

    /// <summary>After a write, the kernel writes some dirty pages back on its own.</summary>
    public double WritesBack { get; init; } = 0.1;

    /// <summary>What the page cache shows after a failed flush.</summary>
    public AfterFailedFlush AfterFailedFlush { get; init; }

    /// <summary>Bytes the disk has room for.</summary>
    public long SpaceBytes { get; init; } = 1L << 40;
}

/// <summary>File systems differ in what a failed flush leaves in memory. In all of them the pages are clean, so the next flush says yes.</summary>
public enum AfterFailedFlush
{
    /// <summary>The cache has the new bytes, the disk the old: ext4, XFS. A killed process that restarts reads what a power cut will lose.</summary>
    CacheIsNew,

    /// <summary>The cache falls back to what the disk has: Btrfs.</summary>
    CacheIsOld,
}

/// <summary>The power went. Not an <see cref="IOException"/>: nothing in the process lives on to catch it.</summary>
public sealed class PowerCutException(long operation) : Exception($"The power was cut at operation {operation}.");
