namespace HmsOps.Tsdb.Blocks;

/// <summary>A part of a block's index as it was read, and the memory it takes.</summary>
internal interface ICachedPart
{
    long Bytes { get; }
}

/// <summary>
/// Parts of the indexes of all blocks, under one budget of bytes: beyond it those go that were not asked for longest. Safe for concurrent use;
/// a part that two ask for at once may be read twice.
/// </summary>
internal sealed class BlockCache(long bytesMax)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(long Block, long Part), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new(); // newest first
    private long _blocks;

    /// <summary>Bytes that parts take now.</summary>
    public long Bytes { get; private set; }

    /// <summary>How often a part was there.</summary>
    public long Hits { get; private set; }

    /// <summary>How often a part had to be read.</summary>
    public long Misses { get; private set; }

    /// <summary>A number for a block that was opened, unlike any other.</summary>
    public long NextBlock() => Interlocked.Increment(ref _blocks);

    /// <summary>The part, read if it is not there.</summary>
    public T Get<T>(long block, long part, Func<T> read)
        where T : ICachedPart
    {
        lock (_lock)
        {
            if (_entries.TryGetValue((block, part), out var node))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                Hits++;
                return (T)node.Value.Part;
            }
            Misses++;
        }
        var made = read();
        Keep(block, part, made);
        return made;
    }

    /// <summary>Lets go of all parts of a block.</summary>
    public void Forget(long block)
    {
        lock (_lock)
        {
            for (var node = _byUse.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Key.Block == block)
                    Remove(node);
                node = next;
            }
        }
    }

    private void Keep(long block, long part, ICachedPart made)
    {
        lock (_lock)
        {
            if (made.Bytes > bytesMax || _entries.ContainsKey((block, part)))
                return;
            _entries.Add((block, part), _byUse.AddFirst(new Entry((block, part), made)));
            Bytes += made.Bytes;
            while (Bytes > bytesMax && _byUse.Last is { } oldest)
                Remove(oldest);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        Bytes -= node.Value.Part.Bytes;
        _entries.Remove(node.Value.Key);
        _byUse.Remove(node);
    }

    private sealed record Entry((long Block, long Part) Key, ICachedPart Part);
}
