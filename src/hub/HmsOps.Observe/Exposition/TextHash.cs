using System.Buffers.Binary;

namespace HmsOps.Observe.Exposition;

/// <summary>
/// 128 bits over bytes: two lanes of a multiply-and-fold hash (after wyhash). It tells apart the series of one target, whose sender could only deceive
/// itself with a collision; it is neither kept nor sent.
/// </summary>
internal static class TextHash
{
    private const ulong One = 0xa0761d6478bd642f;
    private const ulong Two = 0xe7037ed1a0b428db;
    private const ulong Three = 0x8ebc6af09c88c6e3;
    private const ulong Four = 0x589965cc75374cc3;

    public static UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        var a = One ^ (ulong)bytes.Length;
        var b = Three;
        while (bytes.Length >= 16)
        {
            var x = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            var y = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
            a = Fold(a ^ x, Two ^ y);
            b = Fold(b ^ y, Four ^ x);
            bytes = bytes[16..];
        }
        Span<byte> last = stackalloc byte[16];
        last.Clear();
        bytes.CopyTo(last);
        var p = BinaryPrimitives.ReadUInt64LittleEndian(last);
        var q = BinaryPrimitives.ReadUInt64LittleEndian(last[8..]);
        a = Fold(a ^ p, Two ^ q);
        b = Fold(b ^ q, Four ^ p);
        return new UInt128(Fold(a ^ One, b ^ Two), Fold(b ^ Three, a ^ Four));
    }

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}
