using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace HmsOps.Disk;

/// <summary>CRC-32C (Castagnoli), eight bytes an instruction.</summary>
public static class Crc32C
{
    /// <summary>The checksum of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Continue(uint.MaxValue, bytes);

    /// <summary>The checksum of bytes of which four, at <paramref name="fieldAt"/>, count as zero: the place of the checksum itself.</summary>
    public static uint OfAllBut(ReadOnlySpan<byte> bytes, int fieldAt)
    {
        var crc = Continue(uint.MaxValue, bytes[..fieldAt]);
        crc = BitOperations.Crc32C(crc, 0u);
        return ~Continue(crc, bytes[(fieldAt + sizeof(uint))..]);
    }

    private static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var b in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}

/// <summary>The bytes of a frame: docs/formats/framed-log.md.</summary>
internal static class FrameLayout
{
    public const int HeaderBytes = 32;
    public const int SectorBytes = 512; // what a disk writes whole or not at all
    public const int UsedAt = 4;
    public const int TypeAt = 8;
    public const int ExtensionAt = 9;
    public const int FlagsAt = 10;
    public const int HeadCrcAt = 12;
    public const int SequenceAt = 16;
    public const int PayloadCrcAt = 24;
    public const int CountAt = 28;

    public static ReadOnlySpan<byte> Magic => "HFRM"u8;

    /// <summary>Encodes into exactly as many bytes as the frame has.</summary>
    public static void Encode(
        Span<byte> into, byte type, long sequence, int count, ReadOnlySpan<byte> extension, ReadOnlySpan<byte> payload)
    {
        var headBytes = HeaderBytes + extension.Length;
        Magic.CopyTo(into);
        BinaryPrimitives.WriteInt32LittleEndian(into[UsedAt..], into.Length);
        into[TypeAt] = type;
        into[ExtensionAt] = (byte)(extension.Length / 8);
        into[FlagsAt..HeadCrcAt].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(into[SequenceAt..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(into[PayloadCrcAt..], Crc32C.Of(payload));
        BinaryPrimitives.WriteInt32LittleEndian(into[CountAt..], count);
        extension.CopyTo(into[HeaderBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(into[HeadCrcAt..], Crc32C.OfAllBut(into[..headBytes], HeadCrcAt));
        payload.CopyTo(into[headBytes..]);
    }

    /// <summary>Checks header and extension; answers how many bytes the frame says it has.</summary>
    public static bool HeadChecks(ReadOnlySpan<byte> head, int extensionBytes, out int used, out long sequence)
    {
        used = 0;
        sequence = 0;
        if (head.Length < HeaderBytes + extensionBytes || !head.StartsWith(Magic) || head[ExtensionAt] * 8 != extensionBytes
            || BinaryPrimitives.ReadUInt16LittleEndian(head[FlagsAt..]) != 0)
        {
            return false;
        }
        head = head[..(HeaderBytes + extensionBytes)];
        if (BinaryPrimitives.ReadUInt32LittleEndian(head[HeadCrcAt..]) != Crc32C.OfAllBut(head, HeadCrcAt))
            return false;
        used = BinaryPrimitives.ReadInt32LittleEndian(head[UsedAt..]);
        sequence = BinaryPrimitives.ReadInt64LittleEndian(head[SequenceAt..]);
        var count = BinaryPrimitives.ReadInt32LittleEndian(head[CountAt..]);
        return used >= head.Length && count >= 1 && sequence >= 0 && sequence <= long.MaxValue - count; // there is a next one
    }

    public static bool PayloadChecks(ReadOnlySpan<byte> frame, int extensionBytes) =>
        BinaryPrimitives.ReadUInt32LittleEndian(frame[PayloadCrcAt..]) == Crc32C.Of(frame[(HeaderBytes + extensionBytes)..]);

    /// <summary>True when a whole sector, or what the frame has of its last one, is zeros: it looks like a tear, so a strict log must not write it.</summary>
    public static bool HasZeroSector(ReadOnlySpan<byte> frame)
    {
        for (var at = 0; at < frame.Length; at += SectorBytes)
        {
            var sector = frame[at..Math.Min(at + SectorBytes, frame.Length)];
            if (!sector.ContainsAnyExcept((byte)0))
                return true;
        }
        return false;
    }
}

/// <summary>The first page of a segment: docs/formats/framed-log.md.</summary>
internal readonly record struct HeaderPage(
    bool Strict, long FirstSequence, long SegmentNumber, long CreatedNanoseconds, long WriterEpoch,
    long SegmentBytes, int Align, int ExtensionBytes)
{
    public const int Bytes = 4096;
    public const int OriginBytes = 16;
    public const int StateBytes = 32;
    public const int StateAt = 48;
    public const int Version = 1;

    private const int VersionAt = 8;
    private const int FlagsAt = 10;
    private const int CrcAt = 12;
    private const int OriginAt = 16;
    private const int FirstSequenceAt = 32;
    private const int SegmentNumberAt = 40;
    private const int CreatedAt = 80;
    private const int WriterEpochAt = 88;
    private const int SegmentBytesAt = 128;
    private const int AlignAt = 136;
    private const int ExtensionAt = 140;
    private const ushort StrictFlag = 2; // 1 says sealed: a file of the ledger's own, never one of ours

    private static ReadOnlySpan<byte> Magic => "HMSLEDG1"u8;

    public void Write(Span<byte> page, ReadOnlySpan<byte> origin, ReadOnlySpan<byte> state)
    {
        page.Clear();
        Magic.CopyTo(page);
        BinaryPrimitives.WriteUInt16LittleEndian(page[VersionAt..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(page[FlagsAt..], Strict ? StrictFlag : (ushort)0);
        origin.CopyTo(page[OriginAt..]);
        BinaryPrimitives.WriteInt64LittleEndian(page[FirstSequenceAt..], FirstSequence);
        BinaryPrimitives.WriteInt64LittleEndian(page[SegmentNumberAt..], SegmentNumber);
        state.CopyTo(page[StateAt..]);
        BinaryPrimitives.WriteInt64LittleEndian(page[CreatedAt..], CreatedNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(page[WriterEpochAt..], WriterEpoch);
        BinaryPrimitives.WriteInt64LittleEndian(page[SegmentBytesAt..], SegmentBytes);
        BinaryPrimitives.WriteInt32LittleEndian(page[AlignAt..], Align);
        BinaryPrimitives.WriteInt32LittleEndian(page[ExtensionAt..], ExtensionBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(page[CrcAt..], Crc32C.OfAllBut(page, CrcAt));
    }

    /// <summary>Reads a page whose checksum holds; a version or flag it does not know is in <paramref name="mismatch"/>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> page, ReadOnlySpan<byte> origin, out HeaderPage header, out string? mismatch)
    {
        header = default;
        mismatch = null;
        if (page.Length < Bytes || !page.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(page[CrcAt..]) != Crc32C.OfAllBut(page[..Bytes], CrcAt))
        {
            return false;
        }
        var version = BinaryPrimitives.ReadUInt16LittleEndian(page[VersionAt..]);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(page[FlagsAt..]);
        header = new HeaderPage(
            (flags & StrictFlag) != 0,
            BinaryPrimitives.ReadInt64LittleEndian(page[FirstSequenceAt..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[SegmentNumberAt..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[CreatedAt..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[WriterEpochAt..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[SegmentBytesAt..]),
            BinaryPrimitives.ReadInt32LittleEndian(page[AlignAt..]),
            BinaryPrimitives.ReadInt32LittleEndian(page[ExtensionAt..]));
        mismatch = version != Version
                ? $"is written in format version {version}, and this program knows version {Version}: open it with the program that wrote it."
            : (flags & ~StrictFlag) != 0 ? $"has flags {flags} that this program does not know: open it with the program that wrote it."
            : !page.Slice(OriginAt, OriginBytes).SequenceEqual(origin) ? "belongs to another log: its origin is not this one's."
            : null;
        return true;
    }

    /// <summary>What differs between the manner a segment was written in and the one it is opened in.</summary>
    public string? MannerMismatch(FramedLogOptions options) =>
        Strict != options.Strict
            ? $"is a {(Strict ? "strict" : "tolerant")} log and cannot be opened {(options.Strict ? "strict" : "tolerant")}."
        : Align != options.Align ? $"has frames aligned to {Align} bytes, not {options.Align}."
        : ExtensionBytes != options.ExtensionBytes ? $"has frame extensions of {ExtensionBytes} bytes, not {options.ExtensionBytes}."
        : null;
}
