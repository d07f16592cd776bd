using System.Text;

namespace HmsOps.Disk;

/// <summary>
/// One process owns a folder: an exclusive lock on its file <c>LOCK</c> for as long as this lives. The file <c>holder</c> says who, for the
/// message another process shows; it is only believed while the lock is held, so it may stay behind.
/// </summary>
public sealed class FolderLock : IDisposable
{
    private const string LockName = "LOCK";
    private const string HolderName = "holder";

    private readonly IDisposable _held;

    private FolderLock(IDisposable held) => _held = held;

    /// <summary>Takes the folder, made if need be.</summary>
    /// <param name="disk">Where the folder is.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="holderDescription">One line for the other process's message: pid, host, start, address.</param>
    /// <exception cref="FolderHeldException">Another process has it.</exception>
    public static FolderLock Take(IDisk disk, string folder, string holderDescription)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(holderDescription);
        disk.CreateFolder(folder);
        var held = disk.TryLock(Folders.Join(folder, LockName));
        if (held is null)
            throw new FolderHeldException(folder, Holder(disk, folder));
        try
        {
            AtomicFile.Replace(disk, Folders.Join(folder, HolderName), Encoding.UTF8.GetBytes(holderDescription + "\n"));
        }
        catch
        {
            held.Dispose();
            throw;
        }
        return new FolderLock(held);
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose() => _held.Dispose();

    private static string Holder(IDisk disk, string folder)
    {
        var path = Folders.Join(folder, HolderName);
        // Between taking the lock and writing its name a holder has none yet.
        return disk.Exists(path) ? Encoding.UTF8.GetString(AtomicFile.Read(disk, path)).Trim() : "a process that has not said its name yet";
    }
}

/// <summary>Another process has the folder.</summary>
public sealed class FolderHeldException(string folder, string holder)
    : IOException($"{folder} is in use by {holder}. Stop that process, or give this one another folder.")
{
    /// <summary>The folder.</summary>
    public string Folder { get; } = folder;

    /// <summary>The line the holder wrote.</summary>
    public string Holder { get; } = holder;
}
