using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using HmsOps.Disk;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>An order to delete: the samples from one time to another, both included, of the series that satisfy matchers.</summary>
internal sealed record Deletion(IReadOnlyList<Matcher> Matchers, long From, long To);

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
        {
            Varint.Write(bytes, Varint.ZigZag(deletion.From));
            Varint.Write(bytes, Varint.ZigZag(deletion.To));
            Varint.Write(bytes, (ulong)deletion.Matchers.Count);
            foreach (var matcher in deletion.Matchers)
            {
                bytes.Write([(byte)matcher.Op]);
                Varint.WriteBlock(bytes, Encoding.UTF8.GetBytes(matcher.Name));
                Varint.WriteBlock(bytes, Encoding.UTF8.GetBytes(matcher.Value));
            }
        }
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
        var deletions = new List<Deletion>();
        for (var left = reader.Count(); left > 0; left--)
            deletions.Add(ReadDeletion(ref reader));
        reader.End();
        return deletions;
    }

    private static Deletion ReadDeletion(ref SectionReader reader)
    {
        var (from, to) = (reader.Signed(), reader.Signed());
        var matchers = new Matcher[reader.Count()];
        for (var i = 0; i < matchers.Length; i++)
        {
            var op = reader.Byte();
            var name = Encoding.UTF8.GetString(reader.Take(reader.Count()));
            var value = Encoding.UTF8.GetString(reader.Take(reader.Count()));
            try
            {
                matchers[i] = op <= (byte)MatchOp.NotRegex ? new Matcher(name, (MatchOp)op, value) : throw reader.Damaged($"a matcher of kind {op}");
            }
            catch (ArgumentException e)
            {
                throw reader.Damaged($"a matcher that cannot be: {e.Message}");
            }
        }
        return new Deletion(matchers, from, to);
    }
}
