namespace HmsOps.Disk;

/// <summary>Small files that are replaced whole: after a crash there is the old content or the new, never a mixture.</summary>
public static class AtomicFile
{
    /// <summary>Writes beside, flushes, renames over, and flushes the folder. When it returns the new content is durable.</summary>
    public static void Replace(IDisk disk, string path, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var beside = path + ".tmp";
        if (disk.Exists(beside))
            disk.Delete(beside); // of a writer that did not come to its end
        using (var file = disk.Create(beside, content.Length))
        {
            file.Write(0, content);
            file.Flush();
        }
        disk.Rename(beside, path);
        disk.FlushFolder(Folders.Of(path));
    }

    /// <summary>The whole content of a file.</summary>
    public static byte[] Read(IDisk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        using var file = disk.Open(path, writable: false);
        var content = new byte[file.Length];
        var read = file.Read(0, content);
        return read == content.Length ? content : content[..read];
    }
}

/// <summary>Paths, with '/' between names.</summary>
internal static class Folders
{
    public static string Of(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash switch { < 0 => ".", 0 => "/", _ => path[..slash] };
    }

    public static string Join(string folder, string name) => folder.EndsWith('/') ? folder + name : $"{folder}/{name}";
}
