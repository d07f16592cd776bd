using System.Buffers.Binary;
using System.Numerics;

namespace HmsOps.LedgerVerifier.Folders;

/// <summary>Where the fields of a segment are, as docs/formats/framed-log.md and docs/formats/ledger.md draw them. Little-endian throughout.</summary>
internal static class Layout
{
    public const int PageBytes = 4096;
    public const int SectorBytes = 512;
    public const int OriginBytes = 16;

    public static ReadOnlySpan<byte> SegmentMagic => "HMSLEDG1"u8;

    public static ReadOnlySpan<byte> FrameMagic => "HFRM"u8;

    /// <summary>The header page of a segment.</summary>
    public static class Page
    {
        public const int Version = 8;
        public const int Flags = 10;
        public const int Crc = 12;
        public const int Origin = 16;
        public const int FirstSequence = 32;
        public const int Number = 40;
        public const int Root = 48;
        public const int SegmentBytes = 128;
        public const int Align = 136;
        public const int ExtensionBytes = 140;

        public const ushort KnownVersion = 1;
        public const ushort Strict = 2;
    }

    /// <summary>A frame: 32 bytes of header, 96 of extension, then the entries.</summary>
    public static class Frame
    {
        public const int Used = 4;
        public const int Type = 8;
        public const int ExtensionLength = 9;
        public const int Flags = 10;
        public const int Crc = 12;
        public const int FirstSequence = 16;
        public const int PayloadCrc = 24;
        public const int Count = 28;
        public const int Time = 32;
        public const int Epoch = 40;
        public const int Root = 48;
        public const int Previous = 80;
        public const int Zero = 112;
        public const int HeadBytes = 128;

        public const byte BatchType = 1;
        public const int ExtensionBytes = 96;
    }

    /// <summary>An entry within a frame: u32 length, u32 CRC, bytes.</summary>
    public static class Entry
    {
        public const int HeadBytes = 8;
        public const int BytesMax = 65_535;
    }

    public static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    public static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    public static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    public static bool IsZero(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);

    /// <summary>CRC-32C (Castagnoli).</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes) => ~Crc(uint.MaxValue, bytes);

    /// <summary>CRC-32C of bytes that carry it themselves: its own four bytes count as zeros.</summary>
    public static uint CrcAround(ReadOnlySpan<byte> bytes, int crcAt)
    {
        var before = Crc(uint.MaxValue, bytes[..crcAt]);
        return ~Crc(BitOperations.Crc32C(before, 0u), bytes[(crcAt + sizeof(uint))..]);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}
