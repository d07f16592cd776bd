using System.Buffers.Binary;
using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Blocks;

/// <summary>Reads a block from beginning to end: every checksum, every section, every chunk; and holds the parts against each other.</summary>
internal sealed class BlockVerification(BlockIndex index, IDiskFile file)
{
    private readonly List<BlockFault> _faults = [];

    public IEnumerable<BlockFault> Run(CancellationToken cancellationToken)
    {
        CheckFooter();
        CheckPages("chunk page", index.Footer.ChunkStream, cancellationToken);
        CheckPages("time page", index.Footer.TimeStream, cancellationToken);
        foreach (var section in index.Footer.Sections)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Try(() => index.Read(section));
        }
        if (_faults.Count == 0) // what is built of damaged parts would be accused in their stead
            CheckRows(cancellationToken);
        return _faults;
    }

    private void CheckFooter() => Try(() =>
    {
        if (BlockFooter.Read(file).Info.Identity.Id != index.Footer.Info.Identity.Id)
            _faults.Add(new BlockFault("header", "the file has become another block"));
    });

    private void CheckPages(string what, StreamMap map, CancellationToken cancellationToken)
    {
        var bytes = new byte[BlockFormat.PageBytes];
        for (var page = 0; page < map.Pages; page++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (place, payload) = (map.PlaceOf(page), map.PayloadOf(page));
            var why = WhyBad(place, bytes.AsSpan(0, payload + sizeof(uint)));
            if (why is not null)
                _faults.Add(new BlockFault($"{what} {page}, byte {place}", why));
        }
    }

    private string? WhyBad(long place, Span<byte> page)
    {
        try
        {
            if (file.Read(place, page) != page.Length)
                return "the file ends before it";
        }
        catch (IOException e)
        {
            return $"it cannot be read ({e.Message})";
        }
        return BlockChecksum.Of(page[..^4]) == BinaryPrimitives.ReadUInt32LittleEndian(page[^4..]) ? null : "its checksum fails";
    }

    private void CheckRows(CancellationToken cancellationToken)
    {
        using var times = new TimeColumnReader(index, file);
        using var pages = new PageReader(file, index.Footer.ChunkStream);
        var counted = new Counted();
        Try(() =>
        {
            var labels = new RowLabels(index);
            Labels? last = null;
            for (var row = 0; row < index.Rows; row++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var of = labels.Of(row);
                if (last is { } before && Labels.CompareRows(before, of) >= 0)
                    _faults.Add(new BlockFault($"row {row}", $"{of} does not come after {before}"));
                CheckChunks(row, of, times, pages, counted);
                last = of;
            }
            CheckPostings(labels, cancellationToken);
        });
        var info = index.Footer.Info;
        if (_faults.Count == 0 && (counted.Samples, counted.Chunks, counted.From, counted.To) != (info.Samples, info.Chunks, info.From, info.To))
        {
            _faults.Add(new BlockFault("footer", $"it says {info.Samples} samples in {info.Chunks} chunks from {info.From} to {info.To}, "
                + $"there are {counted.Samples} in {counted.Chunks} from {counted.From} to {counted.To}"));
        }
    }

    private void CheckChunks(int row, Labels labels, TimeColumnReader times, PageReader pages, Counted counted)
    {
        var end = long.MinValue;
        var first = true;
        foreach (var chunk in index.ChunksOf(row))
        {
            var place = times.PlaceOf(chunk.TimeColumn);
            var where = $"row {row}, chunk at {chunk.Offset}";
            if (!first && place.First <= end)
                _faults.Add(new BlockFault(where, $"{labels}: it begins before the one before ends"));
            (first, end) = (false, place.Last);
            if (times.Read(chunk.TimeColumn) is { Times: null } column)
                _faults.Add(new BlockFault(where, $"{labels}: {column.Damage}"));
            else if (!pages.TryRead(chunk.Offset, chunk.Length, chunk.Offset + chunk.Length, out var bytes, out var page))
                _faults.Add(new BlockFault(where, $"{labels}: page {page}, {pages.Damaged[page]}"));
            else if (WhyNoChunk(bytes, chunk.IsHistogram, place.Samples) is { } why)
                _faults.Add(new BlockFault(where, $"{labels}: {why}"));
            counted.Add(place);
        }
    }

    private static string? WhyNoChunk(ReadOnlySpan<byte> bytes, bool isHistogram, int samples)
    {
        try
        {
            var length = isHistogram ? HistogramChunk.Decode(bytes, new NativeHistogram[samples]) : ValueChunk.Decode(bytes, new double[samples]);
            return length == bytes.Length ? null : "it has bytes too many";
        }
        catch (ChunkDamagedException e)
        {
            return e.Message;
        }
    }

    // Each posting must be in the row's columns, and there must be as many as rows that have the label.
    private void CheckPostings(RowLabels labels, CancellationToken cancellationToken)
    {
        foreach (var section in index.Footer.Sections.Where(section => section.Kind == SectionKind.Postings))
        {
            var postings = index.Postings(section.Of)!; // the footer has it
            var posted = 0;
            for (var i = 0; i < postings.Values.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var rows = new RowSet(0, index.Rows - 1);
                postings.AddRows(i, rows);
                var symbol = postings.Values[i];
                foreach (var row in rows.ToArray())
                {
                    posted++;
                    if (labels.ValueOf(row, section.Of) != symbol)
                        _faults.Add(new BlockFault(section.Place, $"row {row} does not have symbol {symbol}"));
                }
            }
            var having = Enumerable.Range(0, index.Rows).Count(row => labels.ValueOf(row, section.Of) >= 0);
            if (posted != having)
                _faults.Add(new BlockFault(section.Place, $"{posted} rows, while {having} have the label"));
        }
    }

    private void Try(Action check)
    {
        try
        {
            check();
        }
        catch (BlockDamagedException damage)
        {
            _faults.Add(damage.Fault);
        }
        catch (IOException e)
        {
            _faults.Add(new BlockFault("file", $"it cannot be read ({e.Message})"));
        }
    }

    private sealed class Counted
    {
        public long Samples { get; private set; }

        public long Chunks { get; private set; }

        public long From { get; private set; } = long.MaxValue;

        public long To { get; private set; } = long.MinValue;

        public void Add(TimeColumnPlace place)
        {
            Samples += place.Samples;
            Chunks++;
            (From, To) = (Math.Min(From, place.First), Math.Max(To, place.Last));
        }
    }
}
