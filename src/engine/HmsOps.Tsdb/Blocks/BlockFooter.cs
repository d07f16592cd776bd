using System.Buffers;
using System.Buffers.Binary;
using HmsOps.Disk;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>One section of the index: a checksummed piece that is read as a whole.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Of">Of a keyset's columns, of a label's postings, of a part: which.</param>
/// <param name="Offset">Where in the file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Crc">CRC32C of them.</param>
internal readonly record struct BlockSection(SectionKind Kind, int Of, long Offset, int Length, uint Crc)
{
    public long Key => KeyOf(Kind, Of);

    public static long KeyOf(SectionKind kind, int of) => (long)kind << 32 | (uint)of;

    public string Place => Kind is SectionKind.Columns or SectionKind.Postings or SectionKind.Chunks or SectionKind.Times
        ? $"{Kind.ToString().ToLowerInvariant()} {Of}" : Kind.ToString().ToLowerInvariant();
}

/// <summary>The end of a block file: what is in it, and where.</summary>
internal sealed record BlockFooter
{
    public required BlockInfo Info { get; init; }

    public required int TimeColumns { get; init; }

    /// <summary>Numbers of the pages of time columns among the full pages of the file.</summary>
    public required int[] TimePages { get; init; }

    /// <summary>The sections in the order of the file.</summary>
    public required BlockSection[] Sections { get; init; }

    public long FullPages => (Info.ChunkBytes / BlockFormat.PagePayload) + (Info.TimeBytes / BlockFormat.PagePayload);

    private long ChunkTail => BlockFormat.HeaderBytes + (FullPages * BlockFormat.PageBytes);

    private long TimeTail => ChunkTail + TailBytes(Info.ChunkBytes);

    /// <summary>Where the index begins: after the last page.</summary>
    public long IndexStart => TimeTail + TailBytes(Info.TimeBytes);

    public StreamMap ChunkStream => new(Info.ChunkBytes, TimePages, isTime: false, ChunkTail);

    public StreamMap TimeStream => new(Info.TimeBytes, TimePages, isTime: true, TimeTail);

    /// <summary>The footer and what ends the file.</summary>
    public byte[] ToBytes()
    {
        var bytes = new ArrayBufferWriter<byte>(256 + (Sections.Length * 10));
        WriteId(bytes, Info.Identity.Id);
        Varint.Write(bytes, (ulong)Info.Identity.Level);
        Varint.Write(bytes, (ulong)Info.Identity.Replaces.Count);
        foreach (var id in Info.Identity.Replaces)
            WriteId(bytes, id);
        Varint.Write(bytes, Varint.ZigZag(Info.From));
        Varint.Write(bytes, Varint.ZigZag(Info.To));
        foreach (var number in new[] { Info.Series, Info.Chunks, Info.Samples, Info.ChunkBytes, Info.TimeBytes, TimeColumns, TimePages.Length })
            Varint.Write(bytes, (ulong)number);
        for (var i = 0; i < TimePages.Length; i++)
            Varint.Write(bytes, (ulong)(TimePages[i] - (i == 0 ? 0 : TimePages[i - 1])));
        Varint.Write(bytes, (ulong)Sections.Length);
        foreach (var section in Sections)
        {
            bytes.Write([(byte)section.Kind]);
            Varint.Write(bytes, (ulong)section.Of);
            Varint.Write(bytes, (ulong)section.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.GetSpan(sizeof(uint)), section.Crc);
            bytes.Advance(sizeof(uint));
        }
        var whole = new byte[bytes.WrittenCount + BlockFormat.TrailerBytes];
        bytes.WrittenSpan.CopyTo(whole);
        var trailer = whole.AsSpan(bytes.WrittenCount);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, (uint)bytes.WrittenCount);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], BlockChecksum.Of(whole.AsSpan(0, bytes.WrittenCount + 4)));
        BlockFormat.TrailerMagic.CopyTo(trailer[8..]);
        return whole;
    }

    public static byte[] Header(UInt128 id)
    {
        var header = new byte[BlockFormat.HeaderBytes];
        BlockFormat.HeaderMagic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), BlockFormat.Version);
        BinaryPrimitives.WriteUInt128LittleEndian(header.AsSpan(12), id);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), BlockChecksum.Of(header.AsSpan(0, 28)));
        return header;
    }

    /// <summary>Reads header and footer, and holds them against each other and the length of the file.</summary>
    public static BlockFooter Read(IDiskFile file)
    {
        var length = file.Length;
        if (length < BlockFormat.HeaderBytes + BlockFormat.TrailerBytes)
            throw new BlockDamagedException(file.Path, "file", $"{length} bytes are too few for a block");
        var id = ReadHeader(file);
        var trailer = Read(file, length - BlockFormat.TrailerBytes, BlockFormat.TrailerBytes);
        if (!trailer.AsSpan(8).SequenceEqual(BlockFormat.TrailerMagic))
            throw new BlockDamagedException(file.Path, "end of file", "a block does not end like this: it is cut off, or something was appended");
        var footerLength = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
        if (footerLength > length - BlockFormat.HeaderBytes - BlockFormat.TrailerBytes || footerLength > int.MaxValue / 2)
            throw new BlockDamagedException(file.Path, "end of file", $"a footer of {footerLength} bytes does not fit the file");
        var start = length - BlockFormat.TrailerBytes - footerLength;
        var bytes = Read(file, start, (int)footerLength + 4);
        if (BlockChecksum.Of(bytes) != BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(4)))
            throw new BlockDamagedException(file.Path, "footer", "its checksum fails");
        var footer = Parse(bytes.AsSpan(0, (int)footerLength), file.Path, length, start);
        return footer.Info.Identity.Id == id ? footer : throw new BlockDamagedException(file.Path, "header", "it is that of another block");
    }

    private static UInt128 ReadHeader(IDiskFile file)
    {
        var header = Read(file, 0, BlockFormat.HeaderBytes);
        if (!header.AsSpan(0, 8).SequenceEqual(BlockFormat.HeaderMagic))
            throw new BlockDamagedException(file.Path, "header", "a block does not begin like this");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(28)) != BlockChecksum.Of(header.AsSpan(0, 28)))
            throw new BlockDamagedException(file.Path, "header", "its checksum fails");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8));
        if (version != BlockFormat.Version)
            throw new NotSupportedException($"{file.Path} is a block of version {version}, this program reads {BlockFormat.Version}: run the newer program that wrote it.");
        return BinaryPrimitives.ReadUInt128LittleEndian(header.AsSpan(12));
    }

    private static BlockFooter Parse(ReadOnlySpan<byte> bytes, string path, long fileLength, long footerStart)
    {
        var reader = new SectionReader(bytes, path, "footer");
        var id = reader.UInt128();
        var level = reader.Int(byte.MaxValue);
        var replaces = new UInt128[reader.Int(reader.Left / 16)];
        for (var i = 0; i < replaces.Length; i++)
            replaces[i] = reader.UInt128();
        var (from, to) = (reader.Signed(), reader.Signed());
        var info = new BlockInfo
        {
            Identity = new BlockIdentity(id, level) { Replaces = replaces },
            Path = path,
            From = from,
            To = to,
            Series = reader.Int(int.MaxValue / 2),
            Chunks = reader.Long(long.MaxValue),
            Samples = reader.Long(long.MaxValue),
            ChunkBytes = reader.Long(fileLength),
            TimeBytes = reader.Long(fileLength),
            Bytes = fileLength,
        };
        var timeColumns = reader.Int(int.MaxValue / 2);
        var timePages = new int[reader.Count()];
        for (var i = 0; i < timePages.Length; i++)
            timePages[i] = (i == 0 ? 0 : timePages[i - 1]) + reader.Int(int.MaxValue / 2 - (i == 0 ? 0 : timePages[i - 1]));
        var footer = new BlockFooter { Info = info, TimeColumns = timeColumns, TimePages = timePages, Sections = new BlockSection[reader.Count()] };
        footer.ReadSections(ref reader, footerStart);
        footer.Check(ref reader);
        reader.End();
        return footer;
    }

    private void ReadSections(ref SectionReader reader, long footerStart)
    {
        var offset = IndexStart;
        for (var i = 0; i < Sections.Length; i++)
        {
            var (kind, of, length) = ((SectionKind)reader.Byte(), reader.Int(int.MaxValue), reader.Int(int.MaxValue));
            if (length > footerStart - offset)
                throw reader.Damaged($"section {i} lies outside");
            Sections[i] = new BlockSection(kind, of, offset, length, reader.UInt32());
            if (i > 0 && Sections[i].Key <= Sections[i - 1].Key)
                throw reader.Damaged($"section {i} is out of order");
            offset += length;
        }
        if (offset != footerStart)
            throw reader.Damaged("the sections do not fill the file");
    }

    private void Check(ref SectionReader reader)
    {
        if (TimePages.Length != Info.TimeBytes / BlockFormat.PagePayload)
            throw reader.Damaged("the pages of time columns do not hold them");
        for (var i = 0; i < TimePages.Length; i++)
        {
            if (TimePages[i] >= FullPages || (i > 0 && TimePages[i] == TimePages[i - 1]))
                throw reader.Damaged("pages of time columns that cannot be");
        }
        if (Info.Series == 0 || Info.From > Info.To)
            throw reader.Damaged("a block without samples");
        Expect(ref reader, SectionKind.Chunks, Info.Series);
        Expect(ref reader, SectionKind.Times, TimeColumns);
    }

    // So that the memory a part is read into is bounded by the file.
    private void Expect(ref SectionReader reader, SectionKind kind, int things)
    {
        var parts = (things + BlockFormat.PartRows - 1) / BlockFormat.PartRows;
        if (Sections.Count(section => section.Kind == kind) != parts)
            throw reader.Damaged($"it does not have {parts} sections of {kind.ToString().ToLowerInvariant()}");
    }

    private static byte[] Read(IDiskFile file, long offset, int length)
    {
        var bytes = new byte[length];
        return file.Read(offset, bytes) == length ? bytes : throw new BlockDamagedException(file.Path, $"byte {offset}", "the file ends too soon");
    }

    private static void WriteId(ArrayBufferWriter<byte> into, UInt128 id)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(into.GetSpan(16), id);
        into.Advance(16);
    }

    private static long TailBytes(long stream)
    {
        var tail = stream % BlockFormat.PagePayload;
        return tail == 0 ? 0 : tail + sizeof(uint);
    }
}
