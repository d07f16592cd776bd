using System.Buffers.Binary;

namespace HmsOps.Ledger.Batches;

/// <summary>The 96 bytes a ledger's frame carries between header and payload; docs/formats/ledger.md draws them.</summary>
/// <param name="Time">Time of the batch's first entry. Entry n of a batch is n ticks of 100 ns later, so no entry stores a time of its own.</param>
/// <param name="Epoch">The writer's term: one more than that of the writer before it.</param>
/// <param name="Root">Root of the tree after the batch.</param>
/// <param name="Previous">SHA-256 of the 128 header bytes of the frame before; zero in the first frame.</param>
internal readonly record struct BatchExtension(DateTimeOffset Time, long Epoch, TreeHash Root, TreeHash Previous)
{
    public const int Bytes = 96;

    public void Write(Span<byte> into)
    {
        into[..Bytes].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(into, EntryClock.ToNanoseconds(Time));
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], Epoch);
        Root.CopyTo(into[16..]);
        Previous.CopyTo(into[48..]);
    }

    /// <summary>False when the bytes are not an extension: the wrong length, a time off the 100 ns grid or the calendar, or something where zeros belong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out BatchExtension extension)
    {
        extension = default;
        if (from.Length != Bytes || from[80..].ContainsAnyExcept((byte)0))
            return false;
        if (!EntryClock.TryFromNanoseconds(BinaryPrimitives.ReadInt64LittleEndian(from), out var time))
            return false;
        extension = new(time, BinaryPrimitives.ReadInt64LittleEndian(from[8..]), new TreeHash(from[16..48]), new TreeHash(from[48..80]));
        return true;
    }
}
