using HmsOps.Ledger;
using HmsOps.Present.Web.Incidents;
using HmsOps.Present.Web.Words;
using HmsOps.Record;
using HmsOps.Record.Projections;

namespace HmsOps.Present.Readings;

/// <summary>Reads stretches of the ledger for pages and the API. How far one request looks is bounded; a cursor says where to go on.</summary>
public sealed class LedgerReader(Journal journal)
{
    private const int Chunk = 256;

    /// <summary>Entries one request reads at most, however few of them it is looking for.</summary>
    private const int LookedAtMax = 4_096;

    /// <summary>Entries of an incident whose proofs one page checks.</summary>
    public const int TimelineMax = 300;

    /// <summary>Newest first, before a sequence; and where the next older stretch ends, null at the beginning.</summary>
    public (IReadOnlyList<Envelope> Entries, long? Older) Newest(long before, int countMax, Func<Envelope, bool> which)
    {
        var found = new List<Envelope>();
        var end = Math.Clamp(before, 0, journal.State.Size);
        var looked = 0;
        while (end > 0 && looked < LookedAtMax)
        {
            var from = Math.Max(0, end - Chunk);
            foreach (var entry in journal.ReadRange(from, (int)(end - from)).Reverse())
            {
                if (which(entry))
                    found.Add(entry);
                if (found.Count == countMax)
                    return (found, entry.Sequence > 0 ? entry.Sequence : null);
            }
            looked += (int)(end - from);
            end = from;
        }
        return (found, end > 0 ? end : null);
    }

    /// <summary>Oldest first, after a sequence; and the sequence to go on after, null when the end was reached.</summary>
    public (IReadOnlyList<Envelope> Entries, long? Next) After(long after, int countMax, Func<Envelope, bool> which)
    {
        var found = new List<Envelope>();
        var next = Math.Max(0, after + 1);
        var size = journal.State.Size;
        var looked = 0;
        while (next < size && looked < LookedAtMax)
        {
            foreach (var entry in journal.ReadRange(next, (int)Math.Min(Chunk, size - next)))
            {
                next = entry.Sequence + 1;
                looked++;
                if (which(entry))
                    found.Add(entry);
                if (found.Count == countMax)
                    return (found, next < size ? next - 1 : null);
            }
        }
        return (found, next < size ? next - 1 : null);
    }

    /// <summary>What an entry followed from, the nearest first.</summary>
    public IReadOnlyList<Envelope> CausesOf(Envelope entry)
    {
        const int CausesMax = 8;
        var found = new List<Envelope>();
        var wanted = entry.Cause;
        // A cause is always earlier, and rarely far: one bounded walk back meets the whole chain.
        for (var (end, looked) = (entry.Sequence, 0); wanted is not null && end > 0 && looked < LookedAtMax && found.Count < CausesMax; looked += Chunk)
        {
            var from = Math.Max(0, end - Chunk);
            foreach (var earlier in journal.ReadRange(from, (int)(end - from)).Reverse())
            {
                if (earlier.Id != wanted || found.Count == CausesMax)
                    continue;
                found.Add(earlier);
                wanted = earlier.Cause;
            }
            end = from;
        }
        return found;
    }

    /// <summary>An incident's entries in order, each proven against the tree as it is now.</summary>
    public (IReadOnlyList<Envelope> Entries, RecordProof Proof) Timeline(Incident incident)
    {
        var entries = new List<Envelope>();
        var size = journal.Log.Size;
        var proven = 0;
        long? failed = null;
        foreach (var sequence in incident.Entries.Take(TimelineMax))
        {
            if (journal.Read(sequence) is not { } entry || journal.Log.Read(sequence) is not { } bytes)
                continue;
            entries.Add(entry);
            if (ProofCheck.Holds(journal.Log.ProveInclusion(sequence, size), bytes.Bytes.Span))
                proven++;
            else
                failed ??= sequence;
        }
        return (entries, new RecordProof(proven, entries.Count, size, journal.Log.ProveConsistency(0, size).ToRoot.ToString(), failed));
    }

    /// <summary>One entry's bytes and its place in the tree as it is now; null when there is none.</summary>
    public (LedgerEntry Entry, InclusionProof Proof)? Find(long sequence) =>
        sequence >= 0 && journal.Log.Read(sequence) is { } entry ? (entry, journal.Log.ProveInclusion(sequence, journal.Log.Size)) : null;

    /// <summary>The filter of a <c>kind=</c>; null for a kind there is not.</summary>
    public static Func<Envelope, bool>? FilterOf(string kind) => kind.Length == 0
        ? static _ => true
        : Enum.TryParse<EntryKind>(kind, ignoreCase: true, out var wanted) && !char.IsAsciiDigit(kind[0])
            ? entry => EnvelopeWords.KindOf(entry.Event) == wanted
            : null;
}
