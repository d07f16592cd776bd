namespace HmsOps.Tsdb.Blocks;

/// <summary>What a block is called, and what it stands for.</summary>
/// <param name="Id">Unlike that of any other block of the store; it names the file.</param>
/// <param name="Level">How wide the window of time is that it keeps to: 1 two hours, 2 a day, 3 32 days, 4 1,024 days.</param>
internal sealed record BlockIdentity(UInt128 Id, int Level)
{
    /// <summary>Blocks that this one takes the place of, and all that those had replaced: none of them counts any more once this one is there.</summary>
    public IReadOnlyList<UInt128> Replaces { get; init; } = [];

    /// <summary>When it was made, by the clock of the store that made it.</summary>
    public DateTimeOffset Made => DateTimeOffset.UnixEpoch.AddMilliseconds((double)Math.Min((ulong)(Id >> 64), 1UL << 47));

    public string FileName => NameOf(Id) + BlockFormat.Suffix;

    public static string NameOf(UInt128 id) => id.ToString("x32");
}

/// <summary>What is in a block.</summary>
internal sealed record BlockInfo
{
    public required BlockIdentity Identity { get; init; }

    public required string Path { get; init; }

    /// <summary>Time of the oldest sample, milliseconds since 1970.</summary>
    public required long From { get; init; }

    /// <summary>Time of the newest sample.</summary>
    public required long To { get; init; }

    public required int Series { get; init; }

    public required long Chunks { get; init; }

    public required long Samples { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes of chunks of values and histograms.</summary>
    public required long ChunkBytes { get; init; }

    /// <summary>Bytes of time columns.</summary>
    public required long TimeBytes { get; init; }

    /// <summary>All the rest: symbols, tables, postings, checksums.</summary>
    public long IndexBytes => Bytes - ChunkBytes - TimeBytes;

    /// <summary>SHA-256 of the file, known where it was written; empty where it was opened.</summary>
    public ReadOnlyMemory<byte> Sha256 { get; init; }

    public bool Overlaps(long from, long to) => from <= to && From <= to && from <= To;
}

/// <summary>One thing wrong with a block.</summary>
/// <param name="Place">Where in the file.</param>
/// <param name="What">What is wrong, and what is lost by it.</param>
internal sealed record BlockFault(string Place, string What)
{
    public override string ToString() => $"{Place}: {What}";
}

/// <summary>A block's bytes are not what was written.</summary>
internal sealed class BlockDamagedException(string path, string place, string what)
    : IOException($"{path}: {place}: {what}. Put back a copy of the file, or move it away: the store serves the rest.")
{
    public string Path { get; } = path;

    public BlockFault Fault { get; } = new(place, what);
}
