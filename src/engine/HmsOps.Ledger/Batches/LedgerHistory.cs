using System.Security.Cryptography;
using HmsOps.Disk;
using HmsOps.Ledger.Tree;

namespace HmsOps.Ledger.Batches;

/// <summary>
/// What the log durably holds and what its next batch must follow: tree, hashes for proofs, places, last time, last epoch, last header.
/// Changed by one owner, first recovery and then the writer; <see cref="Levels"/>, <see cref="Index"/> and <see cref="Head"/> may be read by anyone.
/// </summary>
internal sealed class LedgerHistory
{
    /// <summary>The payload type of a frame that holds a batch of entries. There is no other in this version.</summary>
    public const byte BatchType = 1;

    private TreeHead _head = new(0, TreeHashing.Empty);

    public CompactRange Tree { get; private set; } = new();

    public HashLevels Levels { get; } = new();

    public BatchIndex Index { get; } = new();

    /// <summary>Where the last batch lies; null before the first.</summary>
    public BatchPlace? LastPlace { get; private set; }

    public DateTimeOffset? LastTime => LastPlace is { } last ? EntryClock.Nth(last.Time, last.Count - 1) : null;

    public long LastEpoch { get; private set; }

    /// <summary>SHA-256 of the last frame's 128 bytes of header and extension; zero before the first.</summary>
    public TreeHash LastHead { get; private set; }

    public TreeHead Head => Volatile.Read(ref _head);

    /// <summary>
    /// Takes a frame that recovery found, if it follows: in sequence, chained to the frame before, later in time, and hashing to the root it
    /// states. Answers its entries.
    /// </summary>
    /// <exception cref="FrameRefusedException">It does not follow; nothing of it was taken.</exception>
    public IReadOnlyList<LedgerEntry> Take(in Frame frame)
    {
        var extension = Follows(in frame);
        var tree = new CompactRange(Tree);
        var entries = new List<LedgerEntry>(frame.Count);
        var leaves = new List<TreeHash>(frame.Count);
        var payload = new BatchPayload(frame.Payload);
        while (payload.MoveNext())
        {
            var leaf = TreeHashing.Leaf(payload.Entry);
            leaves.Add(leaf);
            tree.Append(leaf);
            entries.Add(new(Tree.Size + entries.Count, EntryClock.Nth(extension.Time, entries.Count), payload.Entry.ToArray()));
        }
        if (payload.Fault is { } fault)
            throw new FrameRefusedException($"{fault}, at byte {payload.Offset} of the payload");
        if (entries.Count != frame.Count)
            throw new FrameRefusedException($"its header counts {frame.Count} entries, it holds {entries.Count}");
        var root = tree.Root();
        if (root != extension.Root)
            throw new FrameRefusedException($"its entries hash to the root {root}, it states {extension.Root}");

        var place = new BatchPlace(Tree.Size, entries.Count, extension.Time, frame.Segment, frame.Offset, frame.Head.Length + frame.Payload.Length);
        Add(place, leaves, tree, root, extension.Epoch, frame.Head);
        return entries;
    }

    /// <summary>Checks that a segment continues the log.</summary>
    /// <exception cref="FrameRefusedException">It does not.</exception>
    public void Begin(in SegmentHead segment)
    {
        if (segment.FirstSequence != Tree.Size)
            throw new FrameRefusedException($"it begins with entry {segment.FirstSequence}, expected was {Tree.Size}");
        if (new TreeHash(segment.State) is var state && state != Head.Root)
            throw new FrameRefusedException($"it continues a tree with the root {state}, the segments before it make {Head.Root}");
    }

    /// <summary>Takes a batch that has just become durable, with the header and extension its frame was written with.</summary>
    public void Add(BatchPlace place, IReadOnlyList<TreeHash> leaves, CompactRange tree, TreeHash root, long epoch, ReadOnlySpan<byte> frameHead)
    {
        Index.Add(place);
        foreach (var leaf in leaves)
            Levels.Append(leaf);
        Tree = tree;
        LastPlace = place;
        LastEpoch = epoch;
        LastHead = new TreeHash(SHA256.HashData(frameHead));
        Volatile.Write(ref _head, new TreeHead(tree.Size, root)); // last: who sees the size finds all the rest
    }

    private BatchExtension Follows(in Frame frame)
    {
        if (frame.Type != BatchType)
            throw new FrameRefusedException($"its type is {frame.Type}; this version knows only {BatchType}, a batch of entries");
        if (!BatchExtension.TryRead(frame.Extension, out var extension))
            throw new FrameRefusedException("its extension is not a ledger's");
        if (frame.Sequence != Tree.Size)
            throw new FrameRefusedException($"it begins with entry {frame.Sequence}, expected was {Tree.Size}");
        if (extension.Previous != LastHead)
            throw new FrameRefusedException($"it follows a batch with the header hash {extension.Previous}, the one before it has {LastHead}");
        if (extension.Time <= LastTime)
            throw new FrameRefusedException($"its time {extension.Time:O} is not after {LastTime:O}");
        if (extension.Epoch < LastEpoch || extension.Epoch < 1)
            throw new FrameRefusedException($"its epoch is {extension.Epoch} after {LastEpoch}");
        return extension;
    }
}

/// <summary>Size and root of a tree, published together.</summary>
internal sealed record TreeHead(long Size, TreeHash Root);
