using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using HmsOps.Disk;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>An order to delete: the samples from one time to another, both included, of the series that satisfy matchers.</summary>
internal sealed record Deletion(IReadOnlyList<Matcher> Matchers, long From, long To)
{
    private const int MatchersMax = 1024;

    public void Write(IBufferWriter<byte> into)
    {
        Varint.Write(into, Varint.ZigZag(From));
        Varint.Write(into, Varint.ZigZag(To));
        Varint.Write(into, (ulong)Matchers.Count);
        foreach (var matcher in Matchers)
        {
            into.Write([(byte)matcher.Op]);
            Varint.WriteBlock(into, Encoding.UTF8.GetBytes(matcher.Name));
            Varint.WriteBlock(into, Encoding.UTF8.GetBytes(matcher.Value));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote, and moves past it; false when it is not that.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Deletion? deletion)
    {
        deletion = null;
        if (!Varint.TryRead(ref bytes, out var from) || !Varint.TryRead(ref bytes, out var to) || !Varint.TryRead(ref bytes, out var count) || count > MatchersMax)
            return false;
        var matchers = new Matcher[count];
        for (var i = 0; i < matchers.Length; i++)
        {
            if (!TryReadMatcher(ref bytes, out matchers[i]!))
                return false;
        }
        deletion = new Deletion(matchers, Varint.UnZigZag(from), Varint.UnZigZag(to));
        return true;
    }

    private static bool TryReadMatcher(ref ReadOnlySpan<byte> bytes, out Matcher? matcher)
    {
        matcher = null;
        if (bytes.IsEmpty || bytes[0] > (byte)MatchOp.NotRegex)
            return false;
        var op = (MatchOp)bytes[0];
        bytes = bytes[1..];
        if (!Varint.TryReadBlock(ref bytes, out var name) || !Varint.TryReadBlock(ref bytes, out var value))
            return false;
        try
        {
            matcher = new Matcher(Encoding.UTF8.GetString(name), op, Encoding.UTF8.GetString(value));
            return true;
        }
        catch (ArgumentException)
        {
            return false; // an expression that is none
        }
    }
}

/// <summary>A deletion as it is applied to one block. The rows are looked up when they are first asked for.</summary>
internal sealed class RowDeletion(Deletion deletion, BlockIndex index)
{
    private RowSet? _rows;

    public Deletion Order => deletion;

    public long From => deletion.From;

    public long To => deletion.To;

    public bool Covers(int row) => Rows.Contains(row);

    public RowSet Rows => _rows ??= new RowSelection(index, CancellationToken.None).Rows(deletion.Matchers);
}

/// <summary>
/// The file beside a block that says what of it was deleted. It is replaced whole, so after a crash an order is there or it is not. Orders are
/// kept as they were given: the rows they mean follow from the block, and a merged block that comes of it can be given the same order.
/// </summary>
internal static class TombstoneFile
{
    public static string PathOf(string folder, UInt128 block) => $"{folder}/{BlockIdentity.NameOf(block)}{BlockFormat.TombstoneSuffix}";

    public static void Write(IDisk disk, string path, UInt128 block, IReadOnlyCollection<Deletion> deletions)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        bytes.Write(BlockFormat.TombstoneMagic);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes.GetSpan(16), block);
        bytes.Advance(16);
        Varint.Write(bytes, (ulong)deletions.Count);
        foreach (var deletion in deletions)
            deletion.Write(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.GetSpan(sizeof(uint)), BlockChecksum.Of(bytes.WrittenSpan));
        bytes.Advance(sizeof(uint));
        AtomicFile.Replace(disk, path, bytes.WrittenSpan);
    }

    /// <summary>The orders, in the order in which they were given; none when there is no file.</summary>
    public static IReadOnlyList<Deletion> Read(IDisk disk, string path, UInt128 block)
    {
        if (!disk.Exists(path))
            return [];
        var bytes = AtomicFile.Read(disk, path);
        if (bytes.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4)) != BlockChecksum.Of(bytes.AsSpan(0, bytes.Length - 4)))
            throw new BlockDamagedException(path, "file", "its checksum fails, so what was deleted is not known");
        var reader = new SectionReader(bytes.AsSpan(0, bytes.Length - 4), path, "file");
        if (!reader.Take(8).SequenceEqual(BlockFormat.TombstoneMagic) || reader.UInt128() != block)
            throw reader.Damaged("it is not the tombstones of this block");
        var count = reader.Count();
        var rest = reader.Take(reader.Left);
        var deletions = new List<Deletion>();
        for (; count > 0; count--)
            deletions.Add(Deletion.TryRead(ref rest, out var deletion) ? deletion : throw reader.Damaged("an order to delete is not in the form of one"));
        return rest.IsEmpty ? deletions : throw reader.Damaged("there is more in it than it says");
    }
}
