using HmsOps.Disk;

namespace HmsOps.Simulation.Disk;

/// <summary>One file in two layers of pages. A page that is not there is zeros. Arrays are shared between the layers until one is written.</summary>
internal sealed class SimulatedFile
{
    private const int PageBytes = 4096;
    public const int SectorBytes = 512;

    private readonly Dictionary<long, byte[]> _cache = [];
    private readonly Dictionary<long, byte[]> _disk = [];
    private readonly SortedSet<long> _dirty = [];
    private long _diskLength;

    public long Length { get; private set; }

    /// <summary>Bytes from the beginning that have room on the disk. Beyond them the file has holes.</summary>
    public long Room { get; private set; }

    public int Read(long offset, Span<byte> into)
    {
        var length = (int)Math.Max(0, Math.Min(into.Length, Length - offset));
        for (var done = 0; done < length;)
        {
            var (page, within, part) = Part(offset + done, length - done);
            if (_cache.TryGetValue(page, out var bytes))
                bytes.AsSpan(within, part).CopyTo(into[done..]);
            else
                into.Slice(done, part).Clear();
            done += part;
        }
        return length;
    }

    public void Write(long offset, ReadOnlySpan<byte> from)
    {
        for (var done = 0; done < from.Length;)
        {
            var (page, within, part) = Part(offset + done, from.Length - done);
            from.Slice(done, part).CopyTo(OwnPage(page).AsSpan(within));
            _dirty.Add(page);
            done += part;
        }
        Reserve(offset + from.Length);
    }

    public void Reserve(long end)
    {
        (Length, Room) = (Math.Max(Length, end), Math.Max(Room, end));
    }

    public void SetLength(long length)
    {
        foreach (var page in _cache.Keys.Where(page => page * PageBytes >= length).ToArray())
        {
            _cache.Remove(page);
            _dirty.Add(page);
        }
        if (length % PageBytes != 0 && _cache.ContainsKey(length / PageBytes))
        {
            OwnPage(length / PageBytes).AsSpan((int)(length % PageBytes)).Clear();
            _dirty.Add(length / PageBytes);
        }
        (Length, Room) = (length, Math.Min(Room, length));
    }

    public void Flush()
    {
        foreach (var page in _dirty)
            WriteBack(page);
        _dirty.Clear();
        _diskLength = Length;
    }

    /// <summary>Some dirty pages reach the disk before anybody asked.</summary>
    public void WriteSomeBack(Random dice)
    {
        foreach (var page in _dirty.Where(_ => dice.Next(2) == 0).ToArray())
        {
            WriteBack(page);
            _dirty.Remove(page);
        }
        _diskLength = Math.Max(_diskLength, dice.Next(2) == 0 ? Length : 0);
    }

    /// <summary>Some dirty pages reach the disk, the others never will: all are clean.</summary>
    public void FailFlush(Random dice, AfterFailedFlush after)
    {
        WriteSomeBack(dice);
        foreach (var page in _dirty)
        {
            if (after == AfterFailedFlush.CacheIsNew)
                continue;
            if (_disk.TryGetValue(page, out var old))
                _cache[page] = old;
            else
                _cache.Remove(page);
        }
        _dirty.Clear();
    }

    /// <summary>Each dirty page is kept, lost, or torn at its sectors; then memory shows what the disk has.</summary>
    public void LosePower(Random dice)
    {
        foreach (var page in _dirty)
        {
            var fate = dice.Next(3);
            if (fate == 0)
                WriteBack(page);
            else if (fate == 1)
                Tear(page, dice);
        }
        _dirty.Clear();
        if (Length != _diskLength && dice.Next(2) == 0)
            _diskLength = Length;
        (Length, Room) = (_diskLength, Math.Min(Room, _diskLength));
        _cache.Clear();
        foreach (var page in _disk.Keys.Where(page => page * PageBytes >= Length).ToArray())
            _disk.Remove(page);
        foreach (var (page, bytes) in _disk)
            _cache[page] = bytes;
    }

    public void Flip(long offset, int bit)
    {
        var (page, within, _) = Part(offset, 1);
        if (!_dirty.Contains(page))
        {
            OwnPage(page)[within] ^= (byte)(1 << bit);
            WriteBack(page);
            return;
        }
        OwnPage(page)[within] ^= (byte)(1 << bit);
    }

    private void WriteBack(long page)
    {
        if (_cache.TryGetValue(page, out var bytes))
            _disk[page] = bytes;
        else
            _disk.Remove(page);
    }

    private void Tear(long page, Random dice)
    {
        var torn = new byte[PageBytes];
        if (_disk.TryGetValue(page, out var old))
            old.CopyTo(torn, 0);
        if (!_cache.TryGetValue(page, out var wanted))
            wanted = new byte[PageBytes];
        for (var at = 0; at < PageBytes; at += SectorBytes)
        {
            if (dice.Next(2) == 0)
                wanted.AsSpan(at, SectorBytes).CopyTo(torn.AsSpan(at));
        }
        _disk[page] = torn;
    }

    private byte[] OwnPage(long page)
    {
        if (!_cache.TryGetValue(page, out var bytes))
            bytes = new byte[PageBytes];
        else if (_disk.TryGetValue(page, out var old) && ReferenceEquals(old, bytes))
            bytes = (byte[])bytes.Clone();
        return _cache[page] = bytes;
    }

    private static (long Page, int Within, int Part) Part(long offset, int length)
    {
        var within = (int)(offset % PageBytes);
        return (offset / PageBytes, within, Math.Min(length, PageBytes - within));
    }
}

/// <summary>An open file. It dies with the life of the process that opened it.</summary>
internal sealed class SimulatedDiskFile(SimulatedDisk disk, string path, SimulatedFile file, bool writable) : IDiskFile
{
    private readonly int _life = disk.Life;
    private bool _closed;

    public string Path => path;

    public long Length
    {
        get
        {
            lock (disk.Gate)
            {
                Usable();
                return file.Length;
            }
        }
    }

    public int Read(long offset, Span<byte> into)
    {
        lock (disk.Gate)
        {
            Usable();
            if (disk.Rolls(disk.Faults.ReadFails))
                throw new IOException($"{path}: Input/output error.");
            return file.Read(offset, into);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        lock (disk.Gate)
        {
            Writable();
            try
            {
                disk.Step();
            }
            catch (PowerCutException)
            {
                WritePart(offset, bytes); // the power went in the middle of it
                throw;
            }
            disk.TakeSpace(path, Math.Max(0, offset + bytes.Length - file.Room));
            if (path.StartsWith(disk.Faults.WriteFailsUnder, StringComparison.Ordinal) && disk.Rolls(disk.Faults.WriteFails))
            {
                WritePart(offset, bytes);
                throw new IOException($"{path}: Input/output error.");
            }
            file.Write(offset, bytes);
            if (disk.Rolls(disk.Faults.WritesBack))
                file.WriteSomeBack(disk.Dice);
        }
    }

    public void SetLength(long length)
    {
        lock (disk.Gate)
        {
            Writable();
            disk.Step();
            file.SetLength(length);
        }
    }

    public void Reserve(long offset, long bytes)
    {
        lock (disk.Gate)
        {
            Writable();
            disk.Step();
            disk.TakeSpace(path, Math.Max(0, offset + bytes - file.Room));
            file.Reserve(offset + bytes);
        }
    }

    public void Flush()
    {
        lock (disk.Gate)
        {
            Usable();
            disk.Step(); // cut here, the dice of the crash decide what had got through
            if (disk.Rolls(disk.Faults.FlushFails))
            {
                file.FailFlush(disk.Dice, disk.Faults.AfterFailedFlush);
                throw disk.FailFlush(path);
            }
            file.Flush();
        }
    }

    public void Dispose() => _closed = true;

    // A write that is cut off ends at a sector: kernels copy whole pages, and end there.
    private void WritePart(long offset, ReadOnlySpan<byte> bytes)
    {
        var end = offset + disk.Dice.Next(bytes.Length + 1);
        var part = (int)(end - (end % SimulatedFile.SectorBytes) - offset);
        if (part > 0)
            file.Write(offset, bytes[..part]);
    }

    private void Usable()
    {
        disk.Alive();
        ObjectDisposedException.ThrowIf(_closed, this);
        if (_life != disk.Life)
            throw new InvalidOperationException($"{path} was opened before the last crash or restart: open it again.");
    }

    private void Writable()
    {
        Usable();
        if (!writable)
            throw new UnauthorizedAccessException($"{path} was opened for reading.");
    }
}
