using HmsOps.Disk;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// The blocks of a folder. What there is at one moment is an immutable list that readers pin; a block that is taken out of the list is deleted
/// when the last pin on it goes, so nobody misses or doubles a sample because something was merged meanwhile. Safe for concurrent use.
/// </summary>
internal sealed class BlockSet : IDisposable
{
    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly BlockCache _cache;
    private readonly Lock _lock = new(); // memory only
    private readonly Lock _orders = new(); // held over the disk: orders to delete, what makes a block of others, snapshots
    private readonly List<string> _notes = [];
    private List<Held> _blocks = [];
    private readonly HashSet<Held> _leaving = []; // not in the list any more, and not deleted yet
    private List<InventoryEntry> _aside = []; // put aside as damaged, and their files are still there
    private UInt128 _newest;
    private long _version;
    private bool _isDisposed;

    private BlockSet(IDisk disk, string folder, BlockCache cache) => (_disk, _folder, _cache) = (disk, folder, cache);

    /// <summary>
    /// Opens a folder: removes what was not finished, lets go of blocks that others replaced, and puts aside, by name, what is damaged.
    /// </summary>
    public static BlockSet Open(IDisk disk, string folder, BlockCache cache)
    {
        disk.CreateFolder(folder);
        var set = new BlockSet(disk, folder, cache);
        set.OpenBlocks();
        return set;
    }

    /// <summary>What opening, and whoever quarantined a block later, had to do, in sentences.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_lock)
                return [.. _notes];
        }
    }

    public string Folder => _folder;

    public IDisk Disk => _disk;

    /// <summary>Bytes of all blocks in the list.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _blocks.Sum(held => held.Block.Info.Bytes);
        }
    }

    /// <summary>The blocks of this moment, by the time of their oldest sample; they stay until the pin goes.</summary>
    public BlockPin Pin()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            foreach (var held in _blocks)
                held.Pins++;
            return new BlockPin(this, _blocks);
        }
    }

    /// <summary>Rises with every change of the list and every order to delete.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Whether a block reaches over a time.</summary>
    public bool Covers(long time)
    {
        lock (_lock)
        {
            foreach (var held in _blocks)
            {
                if (held.Block.Info.Overlaps(time, time))
                    return true;
            }
            return false;
        }
    }

    /// <summary>What is in the blocks of this moment.</summary>
    public IReadOnlyList<BlockInfo> Infos
    {
        get
        {
            lock (_lock)
                return [.. _blocks.Select(held => held.Block.Info)];
        }
    }

    /// <summary>A number greater than that of any block there is or was replaced: what the next one can be called.</summary>
    public UInt128 NextId(DateTimeOffset now)
    {
        lock (_lock)
        {
            // Files sort by when they were made; a clock that was set back changes nothing in that.
            var byClock = (UInt128)(ulong)Math.Max(0, now.ToUnixTimeMilliseconds()) << 64;
            return _newest = UInt128.Max(byClock, _newest + 1);
        }
    }

    /// <summary>Takes in blocks that were written into the folder, and lets go of those that they replace, in one step.</summary>
    /// <param name="added">The new ones.</param>
    /// <param name="removed">The ones they replace.</param>
    /// <param name="around">Given the step to take, when something else is to change in it too.</param>
    public void Replace(IReadOnlyList<BlockInfo> added, IReadOnlyList<UInt128> removed, Action<Action>? around = null)
    {
        var opened = added.Select(info => new Held(Block.Open(_disk, info.Path, _cache))).ToArray();
        Held[] free = [];
        if (around is null)
            free = Swap(opened, removed);
        else
            around(() => free = Swap(opened, removed));
        if (added.Count > 0 || removed.Count > 0)
            WriteInventory();
        DeleteFiles(free);
    }

    private Held[] Swap(Held[] opened, IReadOnlyList<UInt128> removed)
    {
        lock (_lock)
        {
            var gone = _blocks.Where(held => removed.Contains(held.Id)).ToArray();
            _blocks = Sorted(_blocks.Except(gone).Concat(opened));
            foreach (var held in gone)
                held.IsRemoved = true;
            _leaving.UnionWith(gone);
            _version++;
            return [.. gone.Where(held => held.Pins == 0)];
        }
    }

    /// <summary>
    /// Orders samples to be deleted. Gone for every walk that is opened after it returns, and after a crash; the bytes go with the next merge.
    /// Answers how many series of how many blocks it met, each counted for each block.
    /// </summary>
    public int Delete(Deletion deletion)
    {
        lock (_orders)
        {
            RemoveStrays();
            using var pin = Pin();
            Interlocked.Increment(ref _version);
            foreach (var held in Leaving())
                held.Block.Delete(deletion); // after a crash it could be there again
            return pin.Blocks.Sum(block => block.Delete(deletion));
        }
    }

    /// <summary>
    /// Lets go of whole blocks: those whose newest sample is older than a time, then the oldest until the others take no more than so many bytes.
    /// Answers which.
    /// </summary>
    public IReadOnlyList<BlockInfo> Retain(long oldest, long bytesMax)
    {
        lock (_orders)
        {
            var gone = new List<BlockInfo>();
            lock (_lock)
            {
                var bytes = _blocks.Sum(held => held.Block.Info.Bytes);
                foreach (var info in _blocks.Select(held => held.Block.Info).OrderBy(info => info.To).ThenBy(info => info.From))
                {
                    if (info.To >= oldest && bytes <= bytesMax)
                        break;
                    gone.Add(info);
                    bytes -= info.Bytes;
                }
            }
            Replace([], [.. gone.Select(info => info.Identity.Id)]);
            return gone;
        }
    }

    /// <summary>Puts the blocks of this moment, with what was deleted of them, into another folder of the file system; their bytes are shared.</summary>
    public IReadOnlyList<BlockInfo> Snapshot(string folder)
    {
        lock (_orders)
        {
            using var pin = Pin();
            _disk.CreateFolder(folder);
            foreach (var block in pin.Blocks)
            {
                var id = block.Info.Identity.Id;
                if (_disk.Exists(TombstoneFile.PathOf(_folder, id)))
                    _disk.Link(TombstoneFile.PathOf(_folder, id), TombstoneFile.PathOf(folder, id));
                _disk.Link(block.Info.Path, $"{folder}/{block.Info.Identity.FileName}");
            }
            if (pin.Blocks.Count > 0)
                BlockInventory.Write(_disk, folder, [.. pin.Blocks.Select(block => InventoryEntry.Of(block.Info))]);
            _disk.FlushFolder(folder);
            return [.. pin.Blocks.Select(block => block.Info)];
        }
    }

    /// <summary>Puts a block aside under another name and serves the rest. Who holds a pin reads on.</summary>
    public void Quarantine(Block block, BlockFault fault)
    {
        lock (_orders)
        {
            lock (_lock)
            {
                var held = _blocks.FirstOrDefault(held => held.Block == block);
                if (held is null)
                    return; // somebody else was faster
                _blocks = [.. _blocks.Where(other => other != held)];
                _version++;
                held.IsRemoved = true;
                held.IsAside = true;
                if (held.Pins == 0)
                    held.Block.Dispose();
            }
            PutAside(block.Info.Path, $"{block.Info.Path}: {fault}");
            var lost = InventoryEntry.Of(block.Info);
            lock (_lock)
            {
                _aside.Add(lost);
                _notes.Add(NotServed(lost));
            }
            WriteInventory();
        }
    }

    /// <summary>
    /// Finishes a block that is merged from others, gives it what was ordered deleted of them since the merge began, and lets it take their place.
    /// One step for orders: none falls between the blocks.
    /// </summary>
    internal BlockInfo? FinishMerge(BlockWriter writer, BlockIdentity identity, IReadOnlyList<Block> sources, IReadOnlyList<int> ordersKnown)
    {
        lock (_orders)
        {
            var replaced = sources.Select(block => block.Info.Identity.Id).ToArray();
            if (writer.Series == 0)
            {
                Replace([], replaced);
                return null;
            }
            var late = sources.SelectMany((block, i) => block.Deletions.Skip(ordersKnown[i])).Distinct().ToArray();
            if (late.Length > 0)
                TombstoneFile.Write(_disk, TombstoneFile.PathOf(_folder, identity.Id), identity.Id, late);
            var info = writer.Finish();
            Replace([info], replaced);
            return info;
        }
    }

    /// <summary>Closes all blocks. Pins must be gone.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            foreach (var held in _blocks.Where(held => held.Pins == 0))
                held.Block.Dispose();
        }
    }

    internal void Unpin(IReadOnlyList<Held> blocks)
    {
        List<Held> free = [];
        lock (_lock)
        {
            foreach (var held in blocks)
            {
                held.Pins--;
                if (held.Pins > 0)
                    continue;
                if (held.IsRemoved && !held.IsAside)
                    free.Add(held);
                else if (held.IsRemoved || _isDisposed)
                    held.Block.Dispose();
            }
        }
        DeleteFiles(free);
    }

    private void OpenBlocks()
    {
        var names = _disk.List(_folder);
        foreach (var name in names.Where(name => name.EndsWith(BlockFormat.UnfinishedSuffix, StringComparison.Ordinal)))
        {
            _disk.Delete($"{_folder}/{name}");
            _notes.Add($"{_folder}/{name} was not finished, and is removed.");
        }
        foreach (var name in names.Where(name => name.EndsWith(BlockFormat.Suffix, StringComparison.Ordinal)))
            TryOpen($"{_folder}/{name}");
        foreach (var identity in _blocks.Select(held => held.Block.Info.Identity))
            _newest = identity.Replaces.Append(identity.Id).Append(_newest).Max();
        LetGoOfReplaced();
        RemoveOrphans();
        FlushIfWanted();
        _blocks = Sorted(_blocks);
        TakeStock();
    }

    // Says what those blocks held that were there and are not served.
    private void TakeStock()
    {
        var before = BlockInventory.Read(_disk, _folder, out var fault) ?? [];
        if (fault is not null)
            _notes.Add(fault);
        var there = _blocks.SelectMany(held => held.Block.Info.Identity.Replaces.Append(held.Id)).ToHashSet();
        var lost = before.Where(entry => !there.Contains(entry.Id)).ToArray();
        _notes.AddRange(lost.Select(NotServed));
        _aside = [.. lost.Where(entry => IsStillHere(entry.FileName) || IsStillHere(entry.FileName + BlockFormat.DamagedSuffix))];
        if (fault is not null || !before.SequenceEqual(Inventory()))
            WriteInventory();
    }

    private bool IsStillHere(string name) => _disk.Exists($"{_folder}/{name}");

    private string NotServed(InventoryEntry lost) => $"{_folder}/{lost.FileName} is not served. It held {lost}.";

    private InventoryEntry[] Inventory() => [.. _blocks.Select(held => InventoryEntry.Of(held.Block.Info)).Concat(_aside)];

    private void WriteInventory()
    {
        InventoryEntry[] entries;
        lock (_lock)
            entries = Inventory();
        try
        {
            BlockInventory.Write(_disk, _folder, entries);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It stays as it was, and is written with the next change. Until then it may name a block as lost that was merged or let go of: blocks do not wait for it.
        }
    }

    // What opening does it would do again at the next start: a disk that refuses to make it durable is no reason not to serve.
    private void FlushIfWanted()
    {
        try
        {
            if (_notes.Count > 0)
                _disk.FlushFolder(_folder);
        }
        catch (IOException failure)
        {
            _notes.Add(failure.Message);
        }
    }

    private void TryOpen(string path)
    {
        try
        {
            var block = Block.Open(_disk, path, _cache);
            if ($"{_folder}/{block.Info.Identity.FileName}" == path)
            {
                _blocks.Add(new Held(block));
                return;
            }
            block.Dispose();
            PutAside(path, $"{path} is the block {block.Name} under another name.");
        }
        catch (BlockDamagedException damage)
        {
            PutAside(path, damage.Message);
        }
        catch (IOException e)
        {
            _notes.Add($"{path} cannot be read and is not served: {e.Message} Repair the disk, then restart.");
        }
    }

    private Held[] Leaving()
    {
        lock (_lock)
            return [.. _leaving];
    }

    // A disk that erred may have left a block that was never taken in, or one that was let go of. What is ordered deleted must not come back with it.
    private void RemoveStrays()
    {
        HashSet<string> known;
        lock (_lock)
            known = [.. _blocks.Concat(_leaving).Select(held => held.Block.Info.Identity.FileName)];
        foreach (var name in _disk.List(_folder).Where(name => name.EndsWith(BlockFormat.Suffix, StringComparison.Ordinal) && !known.Contains(name)))
            _disk.Delete($"{_folder}/{name}");
        _disk.FlushFolder(_folder);
    }

    private void PutAside(string path, string why)
    {
        _disk.Rename(path, path + BlockFormat.DamagedSuffix);
        _disk.FlushFolder(_folder);
        lock (_lock)
            _notes.Add($"{why} It is put aside as {path}{BlockFormat.DamagedSuffix}.");
    }

    private void LetGoOfReplaced()
    {
        var replaced = _blocks.SelectMany(held => held.Block.Info.Identity.Replaces).ToHashSet();
        var gone = _blocks.Where(held => replaced.Contains(held.Id)).ToArray();
        _blocks = [.. _blocks.Except(gone)];
        foreach (var held in gone)
            _notes.Add($"{held.Block.Info.Path} was replaced, and is removed.");
        DeleteFiles(gone);
    }

    // Tombstones whose block is not there, nor put aside: of a merge or a deletion that did not come to its end.
    private void RemoveOrphans()
    {
        var names = _disk.List(_folder).ToHashSet();
        foreach (var name in names.Where(name => name.EndsWith(BlockFormat.TombstoneSuffix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var block = name[..^BlockFormat.TombstoneSuffix.Length] + BlockFormat.Suffix;
            if (!names.Contains(block) && !names.Contains(block + BlockFormat.DamagedSuffix))
                _disk.Delete($"{_folder}/{name}");
        }
    }

    // The block before its tombstones: the other way round a crash between the two would bring back what was deleted.
    private void DeleteFiles(IReadOnlyList<Held> gone)
    {
        if (gone.Count == 0)
            return;
        foreach (var held in gone)
        {
            held.Block.Dispose();
            lock (_lock)
                _leaving.Remove(held);
            _disk.Delete(held.Block.Info.Path);
            var tombstones = TombstoneFile.PathOf(_folder, held.Id);
            if (_disk.Exists(tombstones))
                _disk.Delete(tombstones);
        }
        _disk.FlushFolder(_folder);
    }

    private static List<Held> Sorted(IEnumerable<Held> blocks) =>
        [.. blocks.OrderBy(held => held.Block.Info.From).ThenBy(held => held.Block.Info.To).ThenBy(held => held.Id)];

    /// <summary>A block of the set and who reads it. Under the set's lock.</summary>
    internal sealed class Held(Block block)
    {
        public Block Block { get; } = block;

        public UInt128 Id => Block.Info.Identity.Id;

        public int Pins { get; set; }

        /// <summary>It left the list; its file goes with the last pin.</summary>
        public bool IsRemoved { get; set; }

        /// <summary>Its file was put aside, and stays.</summary>
        public bool IsAside { get; set; }
    }
}

/// <summary>The blocks of one moment. They stay open, and their files stay, until this is disposed of.</summary>
internal sealed class BlockPin : IDisposable
{
    private readonly BlockSet _set;
    private readonly IReadOnlyList<BlockSet.Held> _held;
    private int _isDisposed;

    internal BlockPin(BlockSet set, IReadOnlyList<BlockSet.Held> held)
    {
        (_set, _held) = (set, held);
        Blocks = [.. held.Select(held => held.Block)];
    }

    /// <summary>The blocks, by the time of their oldest sample.</summary>
    public IReadOnlyList<Block> Blocks { get; }

    /// <summary>Opens a walk over all blocks that overlap the range. Valid as long as the pin.</summary>
    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken) =>
        new MergedCursor([.. Blocks.Where(block => block.Info.Overlaps(selection.From, selection.To))
            .Select(block => block.Select(selection, budget, cancellationToken))]);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            _set.Unpin(_held);
    }
}
