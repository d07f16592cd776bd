using System.Security.Cryptography;
using HmsOps.LedgerVerifier.Proofs;

namespace HmsOps.LedgerVerifier.Folders;

/// <summary>What the batches read so far add up to, which the next one has to continue.</summary>
internal sealed class LogSoFar
{
    private const long NanosecondsPerTick = 100;

    private byte[] _previousHead = new byte[Hashing.Bytes]; // before the first batch: zeros
    private long _lastTime = -1;
    private long _lastEpoch = 1;

    public GrowingTree Tree { get; private set; } = new();

    /// <summary>Checks a frame whose checksums hold, and takes it when it continues the log. Answers what is wrong otherwise.</summary>
    public Fault? Take(ReadOnlySpan<byte> frame)
    {
        if (DoesNotFollow(frame) is { } fault)
            return fault;
        if (ReadEntries(frame, out var leaves) is { } unreadable)
            return unreadable;

        // On a copy, so that a batch with a wrong root leaves the log as it was before it.
        var tree = new GrowingTree(Tree);
        foreach (var leaf in leaves)
            tree.Append(leaf);
        var root = tree.Root();
        var stated = frame.Slice(Layout.Frame.Root, Hashing.Bytes);
        if (!stated.SequenceEqual(root))
            return Fault.Content("the entries do not hash to the root their batch states", Convert.ToHexStringLower(stated), Convert.ToHexStringLower(root));

        Tree = tree;
        _previousHead = SHA256.HashData(frame[..Layout.Frame.HeadBytes]);
        _lastTime = Layout.I64(frame, Layout.Frame.Time) + ((leaves.Count - 1) * NanosecondsPerTick);
        _lastEpoch = Layout.I64(frame, Layout.Frame.Epoch);
        return null;
    }

    private Fault? DoesNotFollow(ReadOnlySpan<byte> frame)
    {
        var type = frame[Layout.Frame.Type];
        if (type != Layout.Frame.BatchType)
            return new Fault(Depth.Unknown, $"a frame of type {type}, which this version does not know; it was written by a later one");
        var first = Layout.I64(frame, Layout.Frame.FirstSequence);
        if (first != Tree.Size)
            return Fault.Content("the batch does not begin with the next entry", Tree.Size.ToString(), first.ToString());
        var previous = frame.Slice(Layout.Frame.Previous, Hashing.Bytes);
        if (!previous.SequenceEqual(_previousHead))
            return Fault.Content("the batch was not written after the one that stands before it", Convert.ToHexStringLower(_previousHead), Convert.ToHexStringLower(previous));
        var time = Layout.I64(frame, Layout.Frame.Time);
        if (time <= _lastTime || time % NanosecondsPerTick != 0)
            return Fault.Content("the batch's time is not after that of the entry before it", $"more than {_lastTime} ns", $"{time} ns");
        var epoch = Layout.I64(frame, Layout.Frame.Epoch);
        if (epoch < _lastEpoch)
            return Fault.Content("the batch's epoch is lower than that of the batch before it", $"{_lastEpoch} or more", epoch.ToString());
        return Layout.IsZero(frame[Layout.Frame.Zero..Layout.Frame.HeadBytes])
            ? null
            : Fault.Content("the last 16 bytes of the batch's head are not zeros");
    }

    private static Fault? ReadEntries(ReadOnlySpan<byte> frame, out List<byte[]> leaves)
    {
        leaves = [];
        var rest = frame[Layout.Frame.HeadBytes..];
        while (!rest.IsEmpty)
        {
            if (rest.Length < Layout.Entry.HeadBytes)
                return Fault.Content("the batch ends within an entry's head");
            var length = Layout.U32(rest, 0);
            if (length is 0 or > Layout.Entry.BytesMax || length > rest.Length - Layout.Entry.HeadBytes)
                return Fault.Content($"an entry of {length} bytes does not fit its batch");
            var entry = rest.Slice(Layout.Entry.HeadBytes, (int)length);
            var (stated, found) = (Layout.U32(rest, 4), Layout.Crc(entry));
            if (stated != found)
                return Fault.Content("an entry does not match its checksum", stated.ToString("x8"), found.ToString("x8"));
            if (entry.Contains((byte)0))
                return Fault.Content("an entry holds a zero byte");
            leaves.Add(Hashing.Leaf(entry));
            rest = rest[(Layout.Entry.HeadBytes + (int)length)..];
        }
        var count = Layout.U32(frame, Layout.Frame.Count);
        return count == leaves.Count
            ? null
            : Fault.Content("the batch does not hold as many entries as its head counts", count.ToString(), leaves.Count.ToString());
    }
}
