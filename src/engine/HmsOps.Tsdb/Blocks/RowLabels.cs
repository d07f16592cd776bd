using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>Puts label sets of rows together. Remembers the symbols it met of late, for neighbours share most of theirs. One owner.</summary>
internal sealed class RowLabels(BlockIndex index)
{
    private const int Remembered = 1024; // a power of two

    private readonly SymbolTable _symbols = index.Symbols;
    private readonly Keysets _keysets = index.Keysets;
    private readonly RowRuns _runs = index.RowRuns;
    private readonly (int Number, byte[] Bytes)[] _recent = new (int, byte[])[Remembered];
    private byte[] _buffer = new byte[256];
    private (int Number, KeysetColumns? Columns) _keyset = (-1, null);

    public Labels Of(int row)
    {
        var (keyset, place) = _runs.Locate(row);
        var names = _keysets.NamesOf(keyset);
        var columns = ColumnsOf(keyset);
        var size = 0;
        for (var i = 0; i < names.Length; i++)
            size += LabelBytes.Size(Symbol(names[i]).Length, Symbol(columns[i][place]).Length);
        var bytes = new byte[size];
        var at = 0;
        for (var i = 0; i < names.Length; i++)
            at += LabelBytes.Write(bytes.AsSpan(at), Symbol(names[i]), Symbol(columns[i][place]));
        return Labels.TryFromBytes(bytes, out var labels) ? labels : throw new BlockDamagedException(index.Path, "columns " + keyset, $"row {row} has no label set");
    }

    /// <summary>The symbol of a label's value, −1 where the row lacks the label.</summary>
    public int ValueOf(int row, int label)
    {
        var (keyset, place) = _runs.Locate(row);
        var at = _keysets.NamesOf(keyset).BinarySearch(label);
        return at < 0 ? -1 : ColumnsOf(keyset)[at][place];
    }

    public int KeysetOf(int row) => _runs.Locate(row).Keyset;

    public byte[] Symbol(int number)
    {
        ref var recent = ref _recent[number & (Remembered - 1)];
        if (recent.Bytes is null || recent.Number != number)
            recent = (number, _symbols.Get(number, ref _buffer).ToArray());
        return recent.Bytes;
    }

    private KeysetColumns ColumnsOf(int keyset)
    {
        if (_keyset.Number != keyset)
            _keyset = (keyset, index.Columns(keyset));
        return _keyset.Columns!;
    }
}
