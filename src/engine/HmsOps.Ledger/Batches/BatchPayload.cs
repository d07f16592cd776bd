using System.Buffers.Binary;

namespace HmsOps.Ledger.Batches;

/// <summary>
/// Walks a frame's payload: count × { u32 length, u32 CRC-32C of the entry, entry }. Nothing in it is trusted: a length that reaches past the
/// end, an entry too long, empty, holding a zero byte or not matching its checksum ends the walk with <see cref="Fault"/> set.
/// </summary>
internal ref struct BatchPayload(ReadOnlySpan<byte> payload)
{
    public const int RecordHeaderBytes = 8;

    private readonly ReadOnlySpan<byte> _payload = payload;
    private int _next;

    /// <summary>The entry the walk stands on.</summary>
    public ReadOnlySpan<byte> Entry { get; private set; }

    /// <summary>Where in the payload the entry's record begins.</summary>
    public int Offset { get; private set; }

    /// <summary>Why the walk ended early; null when it has not, or ended where the payload does.</summary>
    public string? Fault { get; private set; }

    public bool MoveNext()
    {
        Offset = _next;
        var rest = _payload[_next..];
        if (rest.IsEmpty)
            return false;
        if (rest.Length < RecordHeaderBytes)
            return Fail("the batch ends within an entry's length");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (length is 0 or > LedgerEntry.BytesMax || length > rest.Length - RecordHeaderBytes)
            return Fail($"an entry of {length} bytes does not fit its batch");
        Entry = rest.Slice(RecordHeaderBytes, (int)length);
        if (Checksum.Of(Entry) != BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]))
            return Fail("an entry does not match its checksum");
        if (Entry.Contains((byte)0))
            return Fail("an entry holds a zero byte");
        _next += RecordHeaderBytes + (int)length;
        return true;
    }

    private bool Fail(string fault)
    {
        Fault = fault;
        return false;
    }
}
