namespace HmsOps.LedgerVerifier.Folders;

/// <summary>The files of a ledger, for reading. Here because there are two: the real folder, and the one tests keep in memory to spoil byte by byte.</summary>
internal interface ILedgerFolder
{
    /// <summary>Names in the folder and in its <c>log/</c>, the latter with that prefix, sorted by their bytes.</summary>
    IReadOnlyList<string> List();

    /// <summary>The whole of a file as it is now.</summary>
    byte[] Read(string name);
}

/// <summary>A folder on this machine. Another process may be writing in it: files are opened for sharing and no lock is asked.</summary>
internal sealed class RealFolder : ILedgerFolder
{
    private readonly string _path;

    public RealFolder(string path)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"There is no folder {path}. Give the folder of a ledger: the one that holds 'origin' and 'log'.");
        _path = path;
    }

    public IReadOnlyList<string> List()
    {
        var log = Path.Combine(_path, FolderNames.Log);
        IEnumerable<string> names = Directory.EnumerateFiles(_path).Select(file => Path.GetFileName(file));
        if (Directory.Exists(log))
            names = names.Concat(Directory.EnumerateFiles(log).Select(file => $"{FolderNames.Log}/{Path.GetFileName(file)}"));
        return [.. names.Order(StringComparer.Ordinal)];
    }

    public byte[] Read(string name)
    {
        using var file = new FileStream(Path.Combine(_path, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length ? bytes : bytes[..read];
    }
}
