namespace HmsOps.Ledger;

/// <summary>One entry as it lies in the log. Immutable; the bytes are its own and may be kept.</summary>
public sealed class LedgerEntry
{
    /// <summary>The most bytes an entry has: a bundle of tlog-tiles counts them in 16 bits.</summary>
    public const int BytesMax = 65_535;

    internal LedgerEntry(long sequence, DateTimeOffset time, ReadOnlyMemory<byte> bytes)
    {
        Sequence = sequence;
        Time = time;
        Bytes = bytes;
    }

    /// <summary>Its place, from 0.</summary>
    public long Sequence { get; }

    /// <summary>When it was entered, UTC; never earlier than an entry before it.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>The bytes that were appended, exactly.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }
}
