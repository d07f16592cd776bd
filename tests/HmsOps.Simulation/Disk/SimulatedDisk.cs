using HmsOps.Disk;

namespace HmsOps.Simulation.Disk;

/// <summary>
/// A disk in memory that does to its users what real ones do. Two layers: the page cache, which the process sees, and the disk, which a power
/// cut leaves. What was not flushed is then kept, lost or torn at 512 bytes, each page by its own dice, so reordering comes free; names and
/// renames that were not flushed with their folder vanish from some point on, in the order they were made. Same seed, same steps, same bytes.
/// </summary>
public sealed class SimulatedDisk(Random dice, DiskFaults? faults = null) : IDisk
{
    private const int Eio = 5;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, SimulatedFile> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SimulatedFile> _durableNames = new(StringComparer.Ordinal);
    private readonly List<FolderStep> _steps = []; // changes of names that are not yet durable, oldest first
    private readonly SortedSet<string> _folders = new(StringComparer.Ordinal);
    private readonly HashSet<string> _locks = [];

    /// <summary>What may go wrong from now on.</summary>
    public DiskFaults Faults { get; set; } = faults ?? DiskFaults.None;

    /// <summary>Writes, flushes and changes of names so far: the places where the power can be cut.</summary>
    public long Operations { get; private set; }

    /// <summary>Cuts the power in the middle of the operation of this number; null lets it be.</summary>
    public long? CutPowerAt { get; set; }

    /// <summary>True once the power was cut, until <see cref="Crash"/>.</summary>
    public bool IsOff { get; private set; }

    /// <summary>Flushes of files and folders that were refused so far.</summary>
    public int FlushesFailed { get; private set; }

    /// <summary>Each life of the process; handles of an earlier one are dead.</summary>
    internal int Life { get; private set; }

    internal Lock Gate => _lock;

    internal Random Dice => dice;

    /// <summary>The power is cut and comes back: what was not durable is diced away, locks are free, open files are dead.</summary>
    public void Crash()
    {
        lock (_lock)
        {
            KeepSomeSteps();
            foreach (var file in _durableNames.Values.Distinct())
                file.LosePower(dice);
            _names.Clear();
            foreach (var (path, file) in _durableNames)
                _names.Add(path, file);
            EndLife();
        }
    }

    /// <summary>The process is killed and starts again on the same kernel: the page cache stays as it is, open files are dead.</summary>
    public void Restart()
    {
        lock (_lock)
            EndLife();
    }

    /// <summary>Turns one bit of a file over, in the cache and on the disk.</summary>
    public void Flip(string path, long offset, int bit)
    {
        lock (_lock)
            Find(path).Flip(offset, bit);
    }

    /// <summary>The whole content as the process sees it.</summary>
    public byte[] Content(string path)
    {
        lock (_lock)
        {
            var file = Find(path);
            var content = new byte[file.Length];
            file.Read(0, content);
            return content;
        }
    }

    /// <summary>Puts a file there, durable, whatever was there before.</summary>
    public void Put(string path, ReadOnlySpan<byte> content)
    {
        lock (_lock)
        {
            var file = new SimulatedFile();
            file.Write(0, content);
            file.Flush();
            _names[path] = file;
            _durableNames[path] = file;
            _folders.Add(FolderOf(path));
        }
    }

    /// <summary>Paths of all files, sorted.</summary>
    public IReadOnlyList<string> Paths
    {
        get
        {
            lock (_lock)
                return [.. _names.Keys];
        }
    }

    /// <inheritdoc/>
    public IDiskFile Create(string path, long reserve)
    {
        lock (_lock)
        {
            Step();
            if (_names.ContainsKey(path))
                throw new IOException($"{path} exists already.");
            if (!_folders.Contains(FolderOf(path)))
                throw new DirectoryNotFoundException($"There is no folder {FolderOf(path)}.");
            TakeSpace(path, reserve);
            var file = new SimulatedFile();
            file.Reserve(reserve);
            Change(path, null, file);
            return new SimulatedDiskFile(this, path, file, writable: true);
        }
    }

    /// <inheritdoc/>
    public IDiskFile Open(string path, bool writable)
    {
        lock (_lock)
        {
            Alive();
            return new SimulatedDiskFile(this, path, Find(path), writable);
        }
    }

    /// <inheritdoc/>
    public bool Exists(string path)
    {
        lock (_lock)
        {
            Alive();
            return _names.ContainsKey(path);
        }
    }

    /// <inheritdoc/>
    public void CreateFolder(string path)
    {
        lock (_lock)
        {
            Alive();
            for (var folder = path; _folders.Add(folder) && folder.Contains('/', StringComparison.Ordinal); folder = FolderOf(folder))
            {
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string folder)
    {
        lock (_lock)
        {
            Alive();
            return [.. _names.Keys.Where(path => FolderOf(path) == folder).Select(path => path[(folder.Length + 1)..])];
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            Step();
            Change(to, from, Find(from));
        }
    }

    /// <inheritdoc/>
    public void Link(string path, string second)
    {
        lock (_lock)
        {
            Step();
            if (_names.ContainsKey(second))
                throw new IOException($"{second} exists already.");
            if (!_folders.Contains(FolderOf(second)))
                throw new DirectoryNotFoundException($"There is no folder {FolderOf(second)}.");
            Change(second, null, Find(path));
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        lock (_lock)
        {
            Step();
            if (_names.ContainsKey(path))
                Change(null, path, null);
        }
    }

    /// <inheritdoc/>
    public void FlushFolder(string folder)
    {
        lock (_lock)
        {
            Step();
            if (Rolls(Faults.FlushFails))
            {
                FlushesFailed++;
                throw new DiskFlushException(folder, Eio, "Input/output error");
            }
            foreach (var step in _steps.Where(step => step.Folder == folder))
                step.ApplyTo(_durableNames);
            _steps.RemoveAll(step => step.Folder == folder);
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryLock(string path)
    {
        lock (_lock)
        {
            Alive();
            return _locks.Add(path) ? new Held(this, path, Life) : null;
        }
    }

    /// <inheritdoc/>
    public long FreeBytes(string folder)
    {
        lock (_lock)
            return Faults.SpaceBytes - Used();
    }

    /// <summary>Counts an operation, and ends the world when its number is up.</summary>
    internal void Step()
    {
        Alive();
        Operations++;
        if (Operations == CutPowerAt)
            CutPower();
    }

    internal void CutPower()
    {
        IsOff = true;
        throw new PowerCutException(Operations);
    }

    internal void Alive()
    {
        if (IsOff)
            throw new PowerCutException(Operations);
    }

    internal bool Rolls(double chance) => chance > 0 && dice.NextDouble() < chance;

    internal void TakeSpace(string path, long bytes)
    {
        const int NoSpace = 28;
        if (Used() + bytes > Faults.SpaceBytes)
            throw new DiskFullException(path, NoSpace);
    }

    internal DiskFlushException FailFlush(string path)
    {
        FlushesFailed++;
        return new DiskFlushException(path, Eio, "Input/output error");
    }

    private long Used() => _names.Values.Distinct().Sum(file => file.Room);

    private SimulatedFile Find(string path) =>
        _names.TryGetValue(path, out var file) ? file : throw new FileNotFoundException($"There is no {path}.", path);

    private void Change(string? made, string? removed, SimulatedFile? file)
    {
        var step = new FolderStep(FolderOf(made ?? removed ?? ""), made, removed, file);
        step.ApplyTo(_names);
        _steps.Add(step);
    }

    // A journal writes changes of names in the order they were made, so what a power cut takes is the end of it, folder by folder.
    private void KeepSomeSteps()
    {
        foreach (var folder in _steps.GroupBy(step => step.Folder).OrderBy(steps => steps.Key, StringComparer.Ordinal))
        {
            var steps = folder.ToArray();
            foreach (var step in steps[..dice.Next(steps.Length + 1)])
                step.ApplyTo(_durableNames);
        }
        _steps.Clear();
    }

    private void EndLife()
    {
        _locks.Clear();
        IsOff = false;
        CutPowerAt = null;
        Life++;
    }

    private static string FolderOf(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? "." : path[..slash];
    }

    private sealed record FolderStep(string Folder, string? Made, string? Removed, SimulatedFile? File)
    {
        public void ApplyTo(SortedDictionary<string, SimulatedFile> names)
        {
            if (Removed is not null)
                names.Remove(Removed);
            if (Made is not null && File is not null)
                names[Made] = File;
        }
    }

    private sealed class Held(SimulatedDisk disk, string path, int life) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._lock)
            {
                if (disk.Life == life)
                    disk._locks.Remove(path);
            }
        }
    }
}
