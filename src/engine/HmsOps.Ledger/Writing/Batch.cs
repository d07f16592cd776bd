using System.Buffers.Binary;
using HmsOps.Ledger.Batches;
using HmsOps.Ledger.Tree;

namespace HmsOps.Ledger.Writing;

/// <summary>
/// The batch in hand: takes appends until it is full, giving each entry its sequence, time, bytes and leaf hash. An append whose drafts
/// cannot be entered is refused to its caller and leaves no trace, so its sequences go to the next. One owner, the writer.
/// </summary>
internal sealed class Batch(CompactRange tree, DateTimeOffset firstTime, BatchBuffer buffer)
{
    public const int EntriesMax = 4_096;
    public const int BytesMax = 4 * 1024 * 1024;

    private const int RecordBytesMax = BatchPayload.RecordHeaderBytes + LedgerEntry.BytesMax;

    private readonly CompactRange _tree = new(tree);
    private readonly List<(PendingAppend Append, int Start, int Count)> _appends = [];
    private readonly List<LedgerEntry> _entries = [];
    private readonly List<TreeHash> _leaves = [];

    public long FirstSequence { get; } = tree.Size;

    public DateTimeOffset FirstTime => firstTime;

    public ReadOnlySpan<byte> Payload => buffer.Written;

    public IReadOnlyList<LedgerEntry> Entries => _entries;

    public IReadOnlyList<TreeHash> Leaves => _leaves;

    /// <summary>The tree after this batch.</summary>
    public CompactRange Tree => _tree;

    public DateTimeOffset LastTime => EntryClock.Nth(firstTime, _entries.Count - 1);

    /// <summary>
    /// True when an append surely fits beside what is here. Bytes are known only once encoded, and a draft is encoded once, so the largest
    /// size is assumed; an append that may not fit goes first in the next batch, where <see cref="Add"/> weighs it exactly.
    /// </summary>
    public bool HasRoomFor(PendingAppend append) =>
        _entries.Count == 0
        || (_entries.Count + append.Drafts.Count <= EntriesMax
            && buffer.Length + ((long)append.Drafts.Count * RecordBytesMax) <= BytesMax);

    public void Add(PendingAppend append)
    {
        var (start, length) = (_entries.Count, buffer.Length);
        if (TryEncode(append) is { } refusal)
        {
            _entries.RemoveRange(start, _entries.Count - start);
            buffer.CutTo(length);
            append.TrySetException(refusal);
            return;
        }
        for (var i = start; i < _entries.Count; i++)
        {
            var leaf = TreeHashing.Leaf(_entries[i].Bytes.Span);
            _leaves.Add(leaf);
            _tree.Append(leaf);
        }
        _appends.Add((append, start, append.Drafts.Count));
    }

    /// <summary>Answers the callers, in order. Only once the batch is durable.</summary>
    public void Complete()
    {
        foreach (var (append, start, count) in _appends)
        {
            var receipts = new Receipt[count];
            for (var i = 0; i < count; i++)
                receipts[i] = new(_entries[start + i].Sequence, _entries[start + i].Time, _leaves[start + i]);
            append.TrySetResult(receipts);
        }
    }

    public void Fail(Exception reason)
    {
        foreach (var (append, _, _) in _appends)
            append.TrySetException(reason);
    }

    private Exception? TryEncode(PendingAppend append)
    {
        foreach (var draft in append.Drafts)
        {
            var record = buffer.Length;
            buffer.GetSpan(BatchPayload.RecordHeaderBytes)[..BatchPayload.RecordHeaderBytes].Clear();
            buffer.Advance(BatchPayload.RecordHeaderBytes);
            var sequence = FirstSequence + _entries.Count;
            var time = EntryClock.Nth(firstTime, _entries.Count);
            try
            {
                draft.Encode(sequence, time, buffer);
            }
            catch (Exception failure) // whatever it is belongs to the one who brought the draft; the other appends must not suffer
            {
                return failure;
            }
            var bytes = buffer.From(record + BatchPayload.RecordHeaderBytes);
            if (Refusal(bytes) is { } refusal)
                return refusal;
            var header = buffer.Written[record..];
            BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)bytes.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Checksum.Of(bytes));
            _entries.Add(new LedgerEntry(sequence, time, bytes.ToArray()));
        }
        return buffer.Length <= BytesMax
            ? null
            : new ArgumentException($"These {append.Drafts.Count} entries make {buffer.Length} bytes; entered together they may have {BytesMax}. Append fewer at once.", nameof(append));
    }

    private static ArgumentException? Refusal(ReadOnlySpan<byte> entry)
    {
        if (entry.Length is 0 or > LedgerEntry.BytesMax)
            return new ArgumentException($"An entry has 1 to {LedgerEntry.BytesMax} bytes, this one has {entry.Length}. Keep larger evidence beside the ledger and enter its SHA-256.", nameof(entry));
        var zero = entry.IndexOf((byte)0);
        return zero < 0
            ? null
            : new ArgumentException($"An entry may not hold a zero byte, this one does at byte {zero}: recovery tells unwritten sectors by their zeros. Enter UTF-8 text.", nameof(entry));
    }
}
