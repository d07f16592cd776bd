using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HmsOps.Disk;

/// <summary>
/// The disk of this machine. Folders are made 0700 and files 0600, nothing is inherited by child processes, and a flush that the kernel
/// refused is an exception. Linux only.
/// </summary>
public sealed class RealDisk : IDisk
{
    private const int FileMode = 0x180; // 0600
    private const int FolderMode = 0x1c0; // 0700

    /// <summary>The disk of this machine.</summary>
    public RealDisk()
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("Data folders are kept on Linux only: run the hub there, or in a container.");
    }

    /// <inheritdoc/>
    public IDiskFile Create(string path, long reserve)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(reserve);
        var file = new RealDiskFile(path, OpenHandle(path, Libc.ReadWrite | Libc.Create | Libc.Exclusive));
        try
        {
            file.Reserve(0, reserve);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
        return file;
    }

    /// <inheritdoc/>
    public IDiskFile Open(string path, bool writable) =>
        new RealDiskFile(path, OpenHandle(path, writable ? Libc.ReadWrite : Libc.ReadOnly));

    /// <inheritdoc/>
    public bool Exists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public void CreateFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            return;
        // One level at a time, so that each has the mode and each name is durable.
        var parent = Path.GetDirectoryName(Path.GetFullPath(path));
        if (parent is not null)
            CreateFolder(parent);
        if (Libc.MakeFolder(path, FolderMode) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno != Libc.Exists || !Directory.Exists(path)) // another process was faster
                throw Failure(path, errno);
        }
        FlushFolder(parent ?? "/");
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        var names = Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).ToArray();
        Array.Sort(names, static (a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));
        return names;
    }

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <inheritdoc/>
    public void Link(string path, string second)
    {
        if (Libc.Link(path, second) == 0)
            return;
        var errno = Marshal.GetLastPInvokeError();
        throw errno switch
        {
            Libc.Exists => Failure(second, errno),
            Libc.OtherFileSystem => new IOException($"{second} lies on another file system than {path}: choose a folder beside the data folder.", errno),
            _ => Failure(path, errno),
        };
    }

    /// <inheritdoc/>
    public void Delete(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void FlushFolder(string folder)
    {
        var descriptor = Libc.Open(folder, Libc.ReadOnly | Libc.CloseOnExec, 0);
        if (descriptor < 0)
            throw Failure(folder, Marshal.GetLastPInvokeError());
        try
        {
            while (Libc.Fsync(descriptor) != 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno != Libc.Interrupted)
                    throw new DiskFlushException(folder, errno, Marshal.GetPInvokeErrorMessage(errno));
            }
        }
        finally
        {
            _ = Libc.Close(descriptor); // read-only: there is nothing left to lose
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryLock(string path)
    {
        var handle = OpenHandle(path, Libc.ReadWrite | Libc.Create);
        var taken = false;
        try
        {
            taken = Flocked(handle, path);
            return taken ? handle : null;
        }
        finally
        {
            if (!taken)
                handle.Dispose();
        }
    }

    /// <inheritdoc/>
    public long FreeBytes(string folder) => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;

    /// <summary>The file's failure as the framework would throw it, with what helps.</summary>
    internal static Exception Failure(string path, int errno) => errno switch
    {
        Libc.NoSpace or Libc.QuotaExceeded => new DiskFullException(path, errno),
        Libc.NoEntry => new FileNotFoundException($"There is no {path}.", path),
        Libc.PermissionDenied => new UnauthorizedAccessException($"This user may not open {path}: check its owner and mode."),
        Libc.Exists => new IOException($"{path} exists already.", errno),
        _ => new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}).", errno),
    };

    private static SafeFileHandle OpenHandle(string path, int flags)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        while (true)
        {
            var descriptor = Libc.Open(path, flags | Libc.CloseOnExec, FileMode);
            if (descriptor >= 0)
                return new SafeFileHandle(descriptor, ownsHandle: true);
            var errno = Marshal.GetLastPInvokeError();
            if (errno != Libc.Interrupted)
                throw Failure(path, errno);
        }
    }

    private static bool Flocked(SafeFileHandle handle, string path)
    {
        while (Libc.Flock(handle, Libc.LockExclusive | Libc.LockNonBlocking) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.WouldBlock)
                return false;
            if (errno != Libc.Interrupted)
                throw Failure(path, errno);
        }
        return true;
    }
}

/// <summary>One open file of this machine.</summary>
internal sealed class RealDiskFile(string path, SafeFileHandle handle) : IDiskFile
{
    public string Path { get; } = path;

    public long Length => RandomAccess.GetLength(handle);

    public int Read(long offset, Span<byte> into)
    {
        var done = 0;
        while (done < into.Length)
        {
            var read = RandomAccess.Read(handle, into[done..], offset + done);
            if (read == 0)
                break;
            done += read;
        }
        return done;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(handle, bytes, offset);
        }
        catch (IOException e) when (e.HResult is Libc.NoSpace or Libc.QuotaExceeded)
        {
            throw new DiskFullException(Path, e.HResult);
        }
    }

    public void SetLength(long length) => RandomAccess.SetLength(handle, length);

    public void Flush()
    {
        while (Libc.Fdatasync(handle) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno != Libc.Interrupted)
                throw new DiskFlushException(Path, errno, Marshal.GetPInvokeErrorMessage(errno));
        }
    }

    public void Dispose() => handle.Dispose();

    // Where the file system has no such thing the length alone.
    public void Reserve(long offset, long bytes)
    {
        if (bytes == 0)
            return;
        int errno;
        do
            errno = Libc.PosixFallocate(handle, offset, bytes);
        while (errno == Libc.Interrupted);
        if (errno == Libc.NotSupported)
            SetLength(Math.Max(Length, offset + bytes));
        else if (errno != 0)
            throw RealDisk.Failure(Path, errno);
    }
}
