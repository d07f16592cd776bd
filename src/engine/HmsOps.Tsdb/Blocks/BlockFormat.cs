using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace HmsOps.Tsdb.Blocks;

/// <summary>The numbers of the block file, docs/formats/block.md.</summary>
internal static class BlockFormat
{
    public const int Version = 1;

    public const string Suffix = ".block";
    public const string TombstoneSuffix = ".tombstones";
    public const string DamagedSuffix = ".damaged";
    public const string UnfinishedSuffix = ".tmp";

    public const int HeaderBytes = 32;
    public const int TrailerBytes = 16;

    /// <summary>A page on disk, its checksum included.</summary>
    public const int PageBytes = 64 * 1024;

    public const int PagePayload = PageBytes - sizeof(uint);

    /// <summary>Rows, or time columns, of one part of a table: what a look-up of one series reads and parses.</summary>
    public const int PartRows = 2048;

    public static ReadOnlySpan<byte> HeaderMagic => "HMSBLK1\n"u8;

    public static ReadOnlySpan<byte> TrailerMagic => "\nHMSEND1"u8;

    public static ReadOnlySpan<byte> TombstoneMagic => "HMSTMB1\n"u8;
}

/// <summary>What a section of the index holds. Numbers as in the file.</summary>
internal enum SectionKind
{
    Symbols = 1,
    Names = 2,
    Keysets = 3,
    Rows = 4,
    Columns = 5,
    Postings = 6,
    Chunks = 7,
    Times = 8,
}

/// <summary>CRC32C (Castagnoli).</summary>
internal static class BlockChecksum
{
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var b in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
