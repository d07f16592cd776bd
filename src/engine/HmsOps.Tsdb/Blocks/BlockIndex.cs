using HmsOps.Disk;

namespace HmsOps.Tsdb.Blocks;

/// <summary>Reads the sections of one block's index through the cache, each checked against its checksum when it is read.</summary>
internal sealed class BlockIndex(IDiskFile file, BlockFooter footer, BlockCache cache)
{
    private readonly long _block = cache.NextBlock();

    public string Path => file.Path;

    public BlockFooter Footer => footer;

    public int Rows => footer.Info.Series;

    public SymbolTable Symbols => Get(SectionKind.Symbols, 0, section => new SymbolTable(section, Path));

    public MetricRows Names => Get(SectionKind.Names, 0, section => new MetricRows(section, Rows, Path));

    public Keysets Keysets => Get(SectionKind.Keysets, 0, section => new Keysets(section, Path));

    public RowRuns RowRuns => Get(SectionKind.Rows, 0, section => new RowRuns(section, Rows, Keysets.Count, Path));

    /// <summary>The columns of a keyset, one a label.</summary>
    public KeysetColumns Columns(int keyset) => Get(SectionKind.Columns, keyset, section =>
        new KeysetColumns(section, Keysets.NamesOf(keyset).Length, RowRuns.RowsOf(keyset), Symbols.Count, Path, $"columns {keyset}"));

    /// <summary>The postings of a label, null when no row has it.</summary>
    public LabelPostings? Postings(int label) => Find(SectionKind.Postings, label) is null
        ? null : Get(SectionKind.Postings, label, section => new LabelPostings(section, Rows, Path));

    /// <summary>The chunks of a row.</summary>
    public ReadOnlySpan<ChunkPlace> ChunksOf(int row) => ChunkPart(row / BlockFormat.PartRows).Of(row % BlockFormat.PartRows);

    public ChunkPart ChunkPart(int part) => Get(SectionKind.Chunks, part, section => new ChunkPart(
        section.Span, PartOf(Rows, part), footer.TimeColumns, footer.Info.ChunkBytes, Path, $"chunks {part}"));

    public TimeColumnPlace TimeColumn(int column)
    {
        var part = column / BlockFormat.PartRows;
        return TimePart(part)[column % BlockFormat.PartRows];
    }

    public TimePart TimePart(int part) => Get(SectionKind.Times, part, section => new TimePart(
        section.Span, PartOf(footer.TimeColumns, part), footer.Info.TimeBytes, Path, $"times {part}"));

    public void Forget() => cache.Forget(_block);

    /// <summary>The bytes of a section, checked.</summary>
    public byte[] Read(BlockSection section)
    {
        var bytes = new byte[section.Length];
        if (file.Read(section.Offset, bytes) != bytes.Length)
            throw new BlockDamagedException(Path, section.Place, "the file ends too soon");
        if (BlockChecksum.Of(bytes) != section.Crc)
            throw new BlockDamagedException(Path, section.Place, "its checksum fails");
        return bytes;
    }

    private T Get<T>(SectionKind kind, int of, Func<ReadOnlyMemory<byte>, T> parse)
        where T : ICachedPart =>
        cache.Get(_block, BlockSection.KeyOf(kind, of), () => parse(Read(
            Find(kind, of) ?? throw new BlockDamagedException(Path, "footer", $"it has no section {kind} {of}"))));

    private BlockSection? Find(SectionKind kind, int of)
    {
        var key = BlockSection.KeyOf(kind, of);
        var sections = footer.Sections;
        var (low, high) = (0, sections.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (sections[middle].Key < key)
                low = middle + 1;
            else
                high = middle;
        }
        return low < sections.Length && sections[low].Key == key ? sections[low] : null;
    }

    private static int PartOf(int things, int part) => Math.Min(BlockFormat.PartRows, things - (part * BlockFormat.PartRows));
}

/// <summary>The metrics of a block, each a range of rows. Rows without a name come first, as the symbol −1.</summary>
internal sealed class MetricRows : ICachedPart
{
    private readonly int[] _symbols;
    private readonly int[] _first;

    public MetricRows(ReadOnlyMemory<byte> section, int rows, string path)
    {
        var reader = new SectionReader(section.Span, path, "names");
        var count = reader.Count();
        (_symbols, _first) = (new int[count], new int[count + 1]);
        var number = 0L;
        for (var i = 0; i < count; i++)
        {
            var step = reader.Int(int.MaxValue);
            number += step;
            if (number > int.MaxValue || (step == 0 && i > 0))
                throw reader.Damaged("names out of order");
            _symbols[i] = (int)number - 1;
            _first[i + 1] = _first[i] + reader.Int(rows - _first[i]);
        }
        reader.End();
        if (_first[count] != rows)
            throw reader.Damaged("names of fewer rows than there are");
    }

    public ReadOnlySpan<int> Symbols => _symbols;

    public long Bytes => 8L * _symbols.Length + 100;

    public (int First, int Last) RowsOf(int name) => (_first[name], _first[name + 1] - 1);

    /// <summary>The place of a name, negative when no row has it.</summary>
    public int Find(int symbol) => Array.BinarySearch(_symbols, symbol);
}

/// <summary>The lists of label names, as symbols.</summary>
internal sealed class Keysets : ICachedPart
{
    private readonly int[][] _names;

    public Keysets(ReadOnlyMemory<byte> section, string path)
    {
        var reader = new SectionReader(section.Span, path, "keysets");
        _names = new int[reader.Count()][];
        for (var i = 0; i < _names.Length; i++)
        {
            var names = new int[reader.Count()];
            var last = 0L;
            for (var j = 0; j < names.Length; j++)
            {
                last += reader.Int(int.MaxValue);
                names[j] = last <= int.MaxValue ? (int)last : throw reader.Damaged("symbols beyond all numbers");
            }
            _names[i] = names;
            Bytes += 40 + (names.Length * sizeof(int));
        }
        reader.End();
    }

    public int Count => _names.Length;

    public long Bytes { get; }

    public ReadOnlySpan<int> NamesOf(int keyset) => _names[keyset];
}

/// <summary>Which keyset a row has, and its place there.</summary>
internal sealed class RowRuns : ICachedPart
{
    private readonly int[] _start; // of each run its first row
    private readonly int[] _keyset;
    private readonly int[] _place; // of each run the place of its first row in the keyset
    private readonly int[] _rows; // of each keyset

    public RowRuns(ReadOnlyMemory<byte> section, int rows, int keysets, string path)
    {
        var reader = new SectionReader(section.Span, path, "rows");
        var runs = reader.Count();
        (_start, _keyset, _place, _rows) = (new int[runs], new int[runs], new int[runs], new int[keysets]);
        var row = 0;
        for (var i = 0; i < runs; i++)
        {
            _start[i] = row;
            _keyset[i] = reader.Int(keysets - 1);
            _place[i] = _rows[_keyset[i]];
            var length = reader.Int(rows - row);
            if (length == 0)
                throw reader.Damaged("a run of no rows");
            _rows[_keyset[i]] += length;
            row += length;
        }
        reader.End();
        if (row != rows)
            throw reader.Damaged("runs of fewer rows than there are");
    }

    public long Bytes => 12L * _start.Length + 4L * _rows.Length + 100;

    public int RowsOf(int keyset) => _rows[keyset];

    public (int Keyset, int Place) Locate(int row)
    {
        var run = Array.BinarySearch(_start, row);
        run = run < 0 ? ~run - 1 : run;
        return (_keyset[run], _place[run] + row - _start[run]);
    }
}

/// <summary>The label values of the rows of one keyset.</summary>
internal sealed class KeysetColumns : ICachedPart
{
    private readonly PackedColumn[] _columns;

    public KeysetColumns(ReadOnlyMemory<byte> section, int labels, int rows, int symbols, string path, string place)
    {
        var reader = new SectionReader(section.Span, path, place);
        _columns = new PackedColumn[labels];
        for (var i = 0; i < labels; i++)
        {
            _columns[i] = PackedColumn.Read(ref reader, rows, symbols, section);
            Bytes += _columns[i].Bytes;
        }
        reader.End();
        Bytes += section.Length;
    }

    public long Bytes { get; }

    public PackedColumn this[int label] => _columns[label];
}
