using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using HmsOps.Series;

namespace HmsOps.Tsdb.Observations;

/// <summary>
/// The ids of recent observations, so that a resend is a no-op. Remembered as the first 128 bits of SHA-256 over series and id (the
/// series too: two senders that both count from 1 do not silence each other), in the order of arrival. About 60 bytes an id.
/// Owned by the holder of the store's turn.
/// </summary>
internal sealed class ObservationIds(int idsMax)
{
    // Chapter B's client resends within seconds; a hub away longer than this has lost the batch at the client already.
    private const long RememberedMs = 10 * 60 * 1000;

    private readonly HashSet<UInt128> _known = [];
    private readonly Queue<(long Second, UInt128 Key)> _order = new();

    public int Count => _known.Count;

    public long ForgottenEarly { get; private set; }

    public static UInt128 KeyOf(Labels series, ReadOnlySpan<byte> id)
    {
        var length = series.Bytes.Length + id.Length + Varint.BytesMax;
        var rented = length > 512 ? ArrayPool<byte>.Shared.Rent(length) : null;
        var text = rented ?? stackalloc byte[512];
        // The length first, so that no two pairs of series and id are one text.
        var at = Varint.Write(text, (ulong)series.Bytes.Length);
        series.Bytes.CopyTo(text[at..]);
        id.CopyTo(text[(at + series.Bytes.Length)..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..(at + series.Bytes.Length + id.Length)], hash);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }


    public bool Contains(UInt128 key) => _known.Contains(key);

    public void Add(UInt128 key, long arrival)
    {
        Forget(arrival);
        if (!_known.Add(key))
            return;
        _order.Enqueue((arrival, key));
        if (_known.Count <= idsMax)
            return;
        _known.Remove(_order.Dequeue().Key);
        ForgottenEarly++;
    }

    /// <summary>All with their arrival, oldest first.</summary>
    public IEnumerable<(long Arrival, UInt128 Key)> All() => _order;

    /// <summary>Forgets what is older than ten minutes at an arrival.</summary>
    public void Forget(long arrival)
    {
        while (_order.TryPeek(out var oldest) && arrival - oldest.Second > RememberedMs)
            _known.Remove(_order.Dequeue().Key);
    }
}
