using System.Buffers;

namespace HmsOps.Ledger;

/// <summary>
/// An entry that waits for its place. Its bytes are made when sequence and time are known, which is on the writer, just before they are
/// hashed and written.
/// </summary>
public interface IEntryDraft
{
    /// <summary>
    /// Writes the entry's bytes: 1 to <see cref="LedgerEntry.BytesMax"/>, none of them zero. Called once, on the writer. An exception refuses
    /// this append alone and reaches its caller; the sequence goes to the next one.
    /// </summary>
    void Encode(long sequence, DateTimeOffset time, IBufferWriter<byte> into);
}
