using System.Buffers.Binary;
using System.Numerics;

namespace HmsOps.Ledger.Batches;

/// <summary>CRC-32C (Castagnoli), by the processor's own instruction where it has one. "123456789" gives e3069283.</summary>
internal static class Checksum
{
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
