using System.Buffers;
using System.Buffers.Binary;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// The names and values of a block: sorted by their bytes, so that a number is a rank; front-coded, sixteen to a group, of which the first is
/// whole. Finding is a binary search over groups, then a walk through one. Immutable; callers bring the buffer a string is put together in.
/// </summary>
internal sealed class SymbolTable : ICachedPart
{
    private const int GroupSize = 16;

    private readonly ReadOnlyMemory<byte> _offsets;
    private readonly ReadOnlyMemory<byte> _groups;
    private readonly string _path;

    public SymbolTable(ReadOnlyMemory<byte> section, string path)
    {
        _path = path;
        var reader = new SectionReader(section.Span, path, Place);
        Count = reader.Int(int.MaxValue - GroupSize);
        var groups = (Count + GroupSize - 1) / GroupSize;
        if (groups > reader.Left / sizeof(uint))
            throw reader.Damaged("it ends too soon");
        _offsets = section.Slice(reader.At, groups * sizeof(uint));
        _groups = section[(reader.At + _offsets.Length)..];
    }

    public int Count { get; }

    public long Bytes => _offsets.Length + _groups.Length;

    private const string Place = "symbols";

    /// <summary>Writes the strings of a table in their order; answers the rank of each.</summary>
    public static int[] Write(ByteTable strings, ArrayBufferWriter<byte> into)
    {
        var order = new int[strings.Count];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        order.AsSpan().Sort((a, b) => strings[a].SequenceCompareTo(strings[b]));

        Varint.Write(into, (ulong)order.Length);
        var offsets = new byte[(order.Length + GroupSize - 1) / GroupSize * sizeof(uint)];
        var groups = new ArrayBufferWriter<byte>(1024);
        var ranks = new int[order.Length];
        for (var rank = 0; rank < order.Length; rank++)
        {
            ranks[order[rank]] = rank;
            var symbol = strings[order[rank]];
            if (rank % GroupSize == 0)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(offsets.AsSpan(rank / GroupSize * sizeof(uint)), checked((uint)groups.WrittenCount));
                Varint.WriteBlock(groups, symbol);
                continue;
            }
            var shared = symbol.CommonPrefixLength(strings[order[rank - 1]]);
            Varint.Write(groups, (ulong)shared);
            Varint.WriteBlock(groups, symbol[shared..]);
        }
        into.Write(offsets);
        into.Write(groups.WrittenSpan);
        return ranks;
    }

    /// <summary>The string of a number; valid until the buffer is used again.</summary>
    public ReadOnlySpan<byte> Get(int number, ref byte[] buffer)
    {
        if ((uint)number >= (uint)Count)
            throw new BlockDamagedException(_path, Place, $"there is no symbol {number}");
        var reader = GroupAt(number / GroupSize);
        var length = Whole(ref reader, ref buffer);
        for (var i = number % GroupSize; i > 0; i--)
            length = Next(ref reader, ref buffer, length);
        return buffer.AsSpan(0, length);
    }

    /// <summary>The number of a string, −1 when it is not there.</summary>
    public int Find(ReadOnlySpan<byte> symbol, ref byte[] buffer)
    {
        var (low, high) = (0, (Count + GroupSize - 1) / GroupSize); // the last group whose first is not above it
        while (low < high)
        {
            var middle = (low + high) / 2;
            var reader = GroupAt(middle);
            var first = reader.Take(reader.Count());
            if (first.SequenceCompareTo(symbol) <= 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == 0)
            return -1;
        return FindIn(low - 1, symbol, ref buffer);
    }

    private int FindIn(int group, ReadOnlySpan<byte> symbol, ref byte[] buffer)
    {
        var reader = GroupAt(group);
        var length = Whole(ref reader, ref buffer);
        for (var number = group * GroupSize; ; number++)
        {
            var order = buffer.AsSpan(0, length).SequenceCompareTo(symbol);
            if (order == 0)
                return number;
            if (order > 0 || number + 1 == Math.Min(Count, (group + 1) * GroupSize))
                return -1;
            length = Next(ref reader, ref buffer, length);
        }
    }

    private SectionReader GroupAt(int group)
    {
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(_offsets.Span[(group * sizeof(uint))..]);
        if (offset > (uint)_groups.Length)
            throw new BlockDamagedException(_path, Place, $"group {group} lies outside");
        return new SectionReader(_groups.Span[(int)offset..], _path, Place);
    }

    private static int Whole(ref SectionReader reader, ref byte[] buffer)
    {
        var symbol = reader.Take(reader.Count());
        Ensure(ref buffer, symbol.Length, 0);
        symbol.CopyTo(buffer);
        return symbol.Length;
    }

    private static int Next(ref SectionReader reader, ref byte[] buffer, int length)
    {
        var shared = reader.Int(length);
        var rest = reader.Take(reader.Count());
        Ensure(ref buffer, shared + rest.Length, shared);
        rest.CopyTo(buffer.AsSpan(shared));
        return shared + rest.Length;
    }

    private static void Ensure(ref byte[] buffer, int length, int keep)
    {
        if (buffer.Length >= length)
            return;
        var larger = new byte[Math.Max(length, Math.Max(256, buffer.Length * 2))];
        buffer.AsSpan(0, keep).CopyTo(larger);
        buffer = larger;
    }
}
