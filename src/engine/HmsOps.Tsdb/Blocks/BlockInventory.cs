using System.Buffers.Binary;
using HmsOps.Disk;

namespace HmsOps.Tsdb.Blocks;

/// <summary>What a block held, as the inventory has it.</summary>
internal sealed record InventoryEntry(UInt128 Id, long From, long To, int Series, long Samples)
{
    public static InventoryEntry Of(BlockInfo info) => new(info.Identity.Id, info.From, info.To, info.Series, info.Samples);

    public string FileName => BlockIdentity.NameOf(Id) + BlockFormat.Suffix;

    public override string ToString() => $"{Samples} samples of {Series} series, {BlockWarnings.Instant(From)} to {BlockWarnings.Instant(To)}";
}

/// <summary>
/// The small file that says what each block holds: a block that cannot be opened any more, or is gone, cannot say it itself. Nothing is served by it. It is written after a block
/// came and before one goes, so a block that it names and that is not there was lost; one that it lacks is taken as it is.
/// </summary>
internal static class BlockInventory
{
    private const int HeadBytes = 12;
    private const int EntryBytes = 44;

    private static ReadOnlySpan<byte> Magic => "HMSINV1\n"u8;

    public static string PathIn(string folder) => $"{folder}/inventory";

    public static void Write(IDisk disk, string folder, IReadOnlyList<InventoryEntry> entries)
    {
        var bytes = new byte[HeadBytes + (entries.Count * EntryBytes) + sizeof(uint)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), entries.Count);
        var at = bytes.AsSpan(HeadBytes);
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(at, entry.Id);
            BinaryPrimitives.WriteInt64LittleEndian(at[16..], entry.From);
            BinaryPrimitives.WriteInt64LittleEndian(at[24..], entry.To);
            BinaryPrimitives.WriteInt32LittleEndian(at[32..], entry.Series);
            BinaryPrimitives.WriteInt64LittleEndian(at[36..], entry.Samples);
            at = at[EntryBytes..];
        }
        BinaryPrimitives.WriteUInt32LittleEndian(at, BlockChecksum.Of(bytes.AsSpan(0, bytes.Length - sizeof(uint))));
        AtomicFile.Replace(disk, PathIn(folder), bytes);
    }

    /// <summary>What it says; null when there is none or it cannot be read, which is then said in <paramref name="fault"/>.</summary>
    public static IReadOnlyList<InventoryEntry>? Read(IDisk disk, string folder, out string? fault)
    {
        fault = null;
        var path = PathIn(folder);
        if (!disk.Exists(path))
            return null;
        var bytes = AtomicFile.Read(disk, path);
        var content = bytes.AsSpan(0, Math.Max(0, bytes.Length - sizeof(uint)));
        if (content.Length < HeadBytes || !content[..8].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(content.Length)) != BlockChecksum.Of(content)
            || content.Length != HeadBytes + ((long)BinaryPrimitives.ReadInt32LittleEndian(content[8..]) * EntryBytes))
        {
            fault = $"{path} is damaged and not used. Nothing is lost by it: it only says what blocks hold that cannot say so themselves, and is written anew.";
            return null;
        }
        var entries = new List<InventoryEntry>();
        for (var at = content[HeadBytes..]; !at.IsEmpty; at = at[EntryBytes..])
        {
            entries.Add(new InventoryEntry(
                BinaryPrimitives.ReadUInt128LittleEndian(at), BinaryPrimitives.ReadInt64LittleEndian(at[16..]), BinaryPrimitives.ReadInt64LittleEndian(at[24..]),
                BinaryPrimitives.ReadInt32LittleEndian(at[32..]), BinaryPrimitives.ReadInt64LittleEndian(at[36..])));
        }
        return entries;
    }
}
