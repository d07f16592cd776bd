namespace HmsOps.Disk;

/// <summary>
/// Folders and files that must survive. Paths are absolute or relative to the process, with '/' between names. Safe for concurrent use;
/// a file has one writer. Failures are the framework's <see cref="IOException"/> family, a failed flush is <see cref="DiskFlushException"/>.
/// </summary>
public interface IDisk
{
    /// <summary>Makes a new file, with room reserved so that a full disk shows now. Throws if it exists. Durable only after <see cref="FlushFolder"/>.</summary>
    IDiskFile Create(string path, long reserve);

    /// <summary>Opens an existing file.</summary>
    IDiskFile Open(string path, bool writable);

    /// <summary>True when a file of that name exists.</summary>
    bool Exists(string path);

    /// <summary>Makes a folder and its parents, if need be, readable by this user alone; durable when it returns.</summary>
    void CreateFolder(string path);

    /// <summary>Names of the files in a folder, sorted by their bytes; empty when there is no such folder.</summary>
    IReadOnlyList<string> List(string folder);

    /// <summary>Renames within a folder, over an existing file too. Durable only after <see cref="FlushFolder"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Gives a file a second name in another folder of the same file system. Throws if the name is taken. Durable only after <see cref="FlushFolder"/>.</summary>
    void Link(string path, string second);

    /// <summary>Deletes a file. Durable only after <see cref="FlushFolder"/>.</summary>
    void Delete(string path);

    /// <summary>Makes names created, renamed or deleted in a folder durable.</summary>
    void FlushFolder(string folder);

    /// <summary>Takes the exclusive lock of a file, made if need be, for as long as the answer lives; null when another process holds it.</summary>
    IDisposable? TryLock(string path);

    /// <summary>Bytes that may still be written where the folder is.</summary>
    long FreeBytes(string folder);
}

/// <summary>One open file.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Its path, for messages.</summary>
    string Path { get; }

    /// <summary>Bytes in it.</summary>
    long Length { get; }

    /// <summary>Reads at an offset; fewer bytes than asked only at the end.</summary>
    int Read(long offset, Span<byte> into);

    /// <summary>Writes all bytes at an offset, or throws.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts or extends; new bytes are zero, and have no room on the disk before they are written or reserved.</summary>
    void SetLength(long length);

    /// <summary>Sees to it that bytes of the file have room on the disk, so that a full one shows now and not when they are written.</summary>
    void Reserve(long offset, long bytes);

    /// <summary>Makes what was written durable. After a failure nothing is known about the bytes: never call it again on this file.</summary>
    void Flush();
}

/// <summary>The kernel refused to make bytes durable.</summary>
public sealed class DiskFlushException(string path, int errno, string reason)
    : IOException($"Flushing {path} failed: {reason} (errno {errno}). What was written since the last flush may be lost.")
{
    /// <summary>The kernel's error number.</summary>
    public int Errno { get; } = errno;
}

/// <summary>There is no room left where the file is.</summary>
public sealed class DiskFullException(string path, int errno)
    : IOException($"No room is left for {path}: free space on its file system, or move the data folder to a larger one.", errno)
{
    /// <summary>The kernel's error number.</summary>
    public int Errno { get; } = errno;
}
