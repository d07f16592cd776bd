using System.Buffers;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// Gathers the label sets of rows: names and values as numbers, a column for each label of each keyset. What is kept of a row is a byte or two
/// a label; at the end the numbers become ranks of sorted symbols.
/// </summary>
internal sealed class RowTableWriter
{
    private readonly ByteTable _strings = new();
    private readonly ByteTable _keysetKeys = new(); // a keyset's names as varints of their numbers
    private readonly List<Keyset> _keysets = [];
    private readonly List<(int Keyset, int Rows)> _runs = [];
    private readonly List<(int Name, int Rows)> _names = []; // metrics in the order of rows; −1: rows without a name
    private byte[] _key = new byte[64];

    public int Rows { get; private set; }

    public void Add(Labels labels)
    {
        var keyset = KeysetOf(labels);
        if (_runs.Count > 0 && _runs[^1].Keyset == keyset)
            _runs[^1] = (keyset, _runs[^1].Rows + 1);
        else
            _runs.Add((keyset, 1));
        var name = _keysets[keyset].Add(labels, _strings);
        if (_names.Count > 0 && _names[^1].Name == name)
            _names[^1] = (name, _names[^1].Rows + 1);
        else
            _names.Add((name, 1));
        Rows++;
    }

    /// <summary>Hands out the sections, in the order of the file.</summary>
    public void Write(Action<SectionKind, int, ArrayBufferWriter<byte>> section)
    {
        var into = new ArrayBufferWriter<byte>(64 * 1024);
        var ranks = SymbolTable.Write(_strings, into);
        Hand(SectionKind.Symbols, 0);
        WriteNames(ranks, into);
        Hand(SectionKind.Names, 0);
        WriteKeysets(ranks, into);
        Hand(SectionKind.Keysets, 0);
        WriteRuns(into);
        Hand(SectionKind.Rows, 0);
        // A block of many rows is written with a few arrays of its length: one a column would be a multiple of the store's memory.
        var row = new int[Rows];
        var marks = new ColumnMarks(ranks.Length);
        for (var i = 0; i < _keysets.Count; i++)
        {
            foreach (var column in _keysets[i].Columns)
                PackedColumn.Write(Ranked(column, ranks, row), marks, into);
            Hand(SectionKind.Columns, i);
        }
        var postings = new LabelPostingsWriter(Rows, ranks.Length);
        foreach (var name in LabelsByRank(ranks))
        {
            FillSymbols(name, ranks, row);
            postings.Write(row, into);
            Hand(SectionKind.Postings, ranks[name]);
        }

        void Hand(SectionKind kind, int of)
        {
            section(kind, of, into);
            into.ResetWrittenCount();
        }
    }

    private int KeysetOf(Labels labels)
    {
        if (_runs.Count > 0 && _keysets[_runs[^1].Keyset].Has(labels, _strings))
            return _runs[^1].Keyset;
        var (length, count) = (0, 0);
        foreach (var label in labels)
        {
            if (length + Varint.BytesMax > _key.Length)
                Array.Resize(ref _key, _key.Length * 2);
            length += Varint.Write(_key.AsSpan(length), (uint)_strings.Add(label.Name));
            count++;
        }
        var keyset = _keysetKeys.Add(_key.AsSpan(0, length));
        if (keyset == _keysets.Count)
            _keysets.Add(new Keyset(_key.AsSpan(0, length), count));
        return keyset;
    }

    private void WriteNames(int[] ranks, ArrayBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)_names.Count);
        var last = 0;
        foreach (var (name, rows) in _names)
        {
            var number = name < 0 ? 0 : ranks[name] + 1;
            Varint.Write(into, (ulong)(number - last));
            Varint.Write(into, (ulong)rows);
            last = number;
        }
    }

    private void WriteKeysets(int[] ranks, ArrayBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)_keysets.Count);
        foreach (var keyset in _keysets)
        {
            Varint.Write(into, (ulong)keyset.Names.Length);
            var last = 0;
            foreach (var name in keyset.Names)
            {
                Varint.Write(into, (ulong)(ranks[name] - last));
                last = ranks[name];
            }
        }
    }

    private void WriteRuns(ArrayBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)_runs.Count);
        foreach (var (keyset, rows) in _runs)
        {
            Varint.Write(into, (ulong)keyset);
            Varint.Write(into, (ulong)rows);
        }
    }

    private IEnumerable<int> LabelsByRank(int[] ranks) =>
        _keysets.SelectMany(keyset => keyset.Names).Distinct()
            .Where(name => !_strings[name].SequenceEqual(Labels.MetricName)).OrderBy(name => ranks[name]);

    // Of each row the rank of its value + 1, 0 where the row lacks the label.
    private void FillSymbols(int name, int[] ranks, Span<int> symbols)
    {
        var columns = new VarintColumn.Reader?[_keysets.Count];
        for (var i = 0; i < columns.Length; i++)
            columns[i] = Array.IndexOf(_keysets[i].Names, name) is var at and >= 0 ? new VarintColumn.Reader(_keysets[i].Columns[at]) : null;
        foreach (var (keyset, rows) in _runs)
        {
            if (columns[keyset] is { } column)
            {
                for (var i = 0; i < rows; i++)
                    symbols[i] = ranks[column.Next()] + 1;
                columns[keyset] = column;
            }
            else
            {
                symbols[..rows].Clear();
            }
            symbols = symbols[rows..];
        }
    }

    private static Span<int> Ranked(VarintColumn column, int[] ranks, Span<int> into)
    {
        var values = into[..column.Count];
        column.CopyTo(values);
        for (var i = 0; i < values.Length; i++)
            values[i] = ranks[values[i]];
        return values;
    }

    /// <summary>The rows of one list of names.</summary>
    private sealed class Keyset
    {
        private readonly int[] _last; // the value of each label in the row before

        public Keyset(ReadOnlySpan<byte> key, int count)
        {
            (Names, _last, Columns) = (new int[count], new int[count], new VarintColumn[count]);
            for (var i = 0; i < count; i++)
            {
                Names[i] = Varint.TryRead(ref key, out var name) ? (int)name : throw new InvalidOperationException("A keyset's key is not what was written.");
                (_last[i], Columns[i]) = (-1, new VarintColumn());
            }
        }

        public int[] Names { get; }

        public VarintColumn[] Columns { get; }

        /// <summary>True when a label set has these names and no others.</summary>
        public bool Has(Labels labels, ByteTable strings)
        {
            var at = 0;
            foreach (var label in labels)
            {
                if (at == Names.Length || !strings[Names[at++]].SequenceEqual(label.Name))
                    return false;
            }
            return at == Names.Length;
        }

        /// <summary>Adds a row; answers the number of its metric's name, −1 if it has none.</summary>
        public int Add(Labels labels, ByteTable strings)
        {
            var (at, metric) = (0, -1);
            foreach (var label in labels)
            {
                if (_last[at] < 0 || !strings[_last[at]].SequenceEqual(label.Value))
                    _last[at] = strings.Add(label.Value);
                Columns[at].Add(_last[at]);
                if (label.Name.SequenceEqual(Labels.MetricName))
                    metric = _last[at];
                at++;
            }
            return metric;
        }
    }
}
