using System.Buffers.Binary;
using HmsOps.Disk;
using HmsOps.Tsdb.Blocks;

namespace HmsOps.Tsdb.Sealing;

/// <summary>
/// The small file that says up to which time everything is in blocks, but for what came late since. Lost, it is as if nothing had been sealed: samples
/// are then in blocks and in the head, and a reader still sees each once.
/// </summary>
internal static class HorizonFile
{
    private static ReadOnlySpan<byte> Magic => "HMSHRZ1\n"u8;

    public static string PathIn(string folder) => $"{folder}/sealed";

    public static void Write(IDisk disk, string folder, long horizon)
    {
        Span<byte> bytes = stackalloc byte[20];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], horizon);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], BlockChecksum.Of(bytes[..16]));
        AtomicFile.Replace(disk, PathIn(folder), bytes);
    }

    /// <summary>The horizon; <see cref="long.MinValue"/> when nothing was sealed, or when the file is damaged, which is said in <paramref name="findings"/>.</summary>
    public static long Read(IDisk disk, string folder, List<LogFinding> findings)
    {
        var path = PathIn(folder);
        if (!disk.Exists(path))
            return long.MinValue;
        var bytes = AtomicFile.Read(disk, path);
        if (bytes.Length == 20 && bytes.AsSpan(0, 8).SequenceEqual(Magic) && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(16)) == BlockChecksum.Of(bytes.AsSpan(0, 16)))
            return BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8));
        findings.Add(new LogFinding(
            LogFindingKind.Skipped, "sealed", 0, 0, 0, 0, null,
            $"{path} is damaged and not used. Nothing is lost: what the memory holds is sealed once more, and merging makes one of both."));
        return long.MinValue;
    }
}
