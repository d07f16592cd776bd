using HmsOps.Disk;
using HmsOps.Ledger.Batches;
using HmsOps.Ledger.Tree;

namespace HmsOps.Ledger;

/// <summary>
/// Reads entries back from their batches. Nothing the disk gives is believed: each entry has to hash to the leaf that stands in the tree,
/// so damage is found before it is served.
/// </summary>
internal sealed class EntryReader(IDisk disk, LedgerHistory history)
{
    /// <summary>Reads durable entries, across batches and segments.</summary>
    public List<LedgerEntry> Read(long from, int count)
    {
        var entries = new List<LedgerEntry>(count);
        while (entries.Count < count)
            AddFrom(history.Index.Find(from + entries.Count), from + entries.Count, count - entries.Count, entries);
        return entries;
    }

    private void AddFrom(BatchPlace place, long from, int countMax, List<LedgerEntry> entries)
    {
        var bytes = Payload(place);
        var payload = new BatchPayload(bytes);
        for (var n = 0; n < place.Count && countMax > 0; n++)
        {
            var sequence = place.FirstSequence + n;
            if (!payload.MoveNext())
                throw Corrupt(place, payload.Offset, sequence, payload.Fault ?? "the batch ends before the entry");
            if (sequence < from)
                continue;
            var leaf = TreeHashing.Leaf(payload.Entry);
            if (leaf != history.Levels.Leaf(sequence))
                throw Corrupt(place, payload.Offset, sequence, $"the entry hashes to {leaf}, entered was {history.Levels.Leaf(sequence)}");
            entries.Add(new(sequence, EntryClock.Nth(place.Time, n), payload.Entry.ToArray()));
            countMax--;
        }
    }

    private byte[] Payload(BatchPlace place)
    {
        using var file = disk.Open(place.File, writable: false);
        var bytes = new byte[place.PayloadBytes];
        var read = file.Read(place.PayloadOffset, bytes);
        return read == bytes.Length
            ? bytes
            : throw Corrupt(place, 0, place.FirstSequence, $"the file ends {bytes.Length - read} bytes before its batch does");
    }

    private static LedgerCorruptException Corrupt(BatchPlace place, int offset, long sequence, string what) =>
        new(place.File, place.PayloadOffset + offset, sequence, what);
}
