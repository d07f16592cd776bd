using System.Reflection;
using System.Runtime.InteropServices;

namespace HmsOps.Disk;

/// <summary>
/// The few calls that .NET has no honest form of. Its <c>FlushToDisk</c> and <c>Flush(true)</c> answer success on Linux when fsync failed
/// (.NET 10.0: the native side hands back 1 where the managed side looks for less than 0), and its own file lock can be turned off by an
/// environment variable.
/// </summary>
internal static partial class Libc
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int CloseOnExec = 0x80000;

    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;

    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int PermissionDenied = 13;
    public const int Exists = 17;
    public const int OtherFileSystem = 18;
    public const int NotSupported = 95;
    public const int NoSpace = 28;
    public const int QuotaExceeded = 122;

    private const string Name = "libc";

    static Libc() => NativeLibrary.SetDllImportResolver(typeof(Libc).Assembly, Resolve);

    [LibraryImport(Name, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport(Name, EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFolder(string path, int mode);

    [LibraryImport(Name, EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string path, string second);

    [LibraryImport(Name, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(Name, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(int descriptor);

    [LibraryImport(Name, EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int Fdatasync(SafeHandle descriptor);

    [LibraryImport(Name, EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeHandle descriptor, int operation);

    /// <summary>Answers the error number itself.</summary>
    [LibraryImport(Name, EntryPoint = "posix_fallocate")]
    public static partial int PosixFallocate(SafeHandle descriptor, long offset, long length);

    // The program's own symbols, not those of a library looked up by name: so a preloaded library that makes a flush fail is heard in tests.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == Name ? NativeLibrary.GetMainProgramHandle() : 0;
}
