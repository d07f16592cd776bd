using HmsOps.Disk;
using HmsOps.Ledger.Batches;
using HmsOps.Ledger.Tree;

namespace HmsOps.Ledger;

/// <summary>
/// Reads entries back from their batches. Nothing the disk gives is believed: each entry has to hash to the leaf that stands in the tree,
/// so damage is found before it is served.
/// </summary>
internal sealed class EntryReader(FramedLog log, LedgerHistory history, string folder)
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
        try
        {
            log.Read(place.Segment, place.Offset, (in Frame frame) => AddFrom(place, in frame, from, countMax, entries));
        }
        catch (LogCorruptException corrupt)
        {
            throw Corrupt(place, place.Offset, place.FirstSequence, "the batch does not match its checksum", corrupt);
        }
    }

    private void AddFrom(BatchPlace place, in Frame frame, long from, int countMax, List<LedgerEntry> entries)
    {
        var payload = new BatchPayload(frame.Payload);
        for (var n = 0; n < place.Count && countMax > 0; n++)
        {
            var sequence = place.FirstSequence + n;
            var moved = payload.MoveNext();
            var offset = place.Offset + frame.Head.Length + payload.Offset;
            if (!moved)
                throw Corrupt(place, offset, sequence, payload.Fault ?? "the batch ends before the entry", cause: null);
            if (sequence < from)
                continue;
            var (leaf, entered) = (TreeHashing.Leaf(payload.Entry), history.Levels.Leaf(sequence));
            if (leaf != entered)
                throw Corrupt(place, offset, sequence, $"the entry hashes to {leaf}, entered was {entered}", cause: null);
            entries.Add(new(sequence, EntryClock.Nth(place.Time, n), payload.Entry.ToArray()));
            countMax--;
        }
    }

    private LedgerCorruptException Corrupt(BatchPlace place, long offset, long sequence, string what, Exception? cause) =>
        new($"{folder}/{place.Segment}", offset, sequence, what, cause);
}
