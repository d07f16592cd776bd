using System.Buffers;
using System.Security.Cryptography;
using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// Writes one block, series after series in the order of rows. Chunks and time columns go to the file as their pages fill; of a series there
/// stays in memory what its row of the index takes. Until <see cref="Finish"/> the file has another name and counts for nothing. One owner.
/// </summary>
internal sealed class BlockWriter : IDisposable
{
    private const int WriteMax = 256 * 1024; // one write of the index

    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly BlockIdentity _identity;
    private readonly IDiskFile _file;
    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly RowTableWriter _rows = new();
    private readonly ChunkTableWriter _chunkTable = new();
    private readonly TimeColumnWriter _timeColumns = new();
    private readonly PageStream _chunks;
    private readonly PageStream _times;
    private readonly List<int> _timePages = [];
    private readonly byte[] _encoded = new byte[ValueChunk.BytesMax(ValueChunk.SamplesMax)];
    private readonly ArrayBufferWriter<byte> _histograms = new(4096);
    private readonly List<BlockSection> _sections = [];
    private int _pages;
    private long _written;
    private ushort _hint;
    private byte[] _lastLabels = [];
    private Labels _last;
    private (long Chunks, long Samples) _count;
    private (long From, long To) _range = (long.MaxValue, long.MinValue);
    private bool _isFinished;

    public BlockWriter(IDisk disk, string folder, BlockIdentity identity)
    {
        (_disk, _folder, _identity) = (disk, folder, identity);
        _chunks = new PageStream(page => WritePage(page, isTime: false));
        _times = new PageStream(page => WritePage(page, isTime: true));
        _file = disk.Create(UnfinishedPath, 0);
        Emit(BlockFooter.Header(identity.Id));
    }

    /// <summary>Bytes of the file so far, those of pages that are not full among them.</summary>
    public long Bytes => Math.Max(_written, BlockFormat.HeaderBytes + _chunks.Length + _times.Length);

    /// <summary>Series added so far.</summary>
    public int Series => _rows.Rows;

    private string Path => $"{_folder}/{_identity.FileName}";

    private string UnfinishedPath => Path + BlockFormat.UnfinishedSuffix;

    /// <summary>Adds a series with its samples. What is out of order is refused before anything of it is written.</summary>
    public void Add(Labels labels, SeriesView samples)
    {
        Check(labels, samples);
        var times = samples.Times;
        for (var at = 0; at < times.Length;)
        {
            var isHistogram = IsHistogram(samples, at);
            var end = ChunkCut.End(samples, at);
            var length = isHistogram ? AddHistograms(samples.Histograms[at..end], ref end, at) : AddValues(samples.Values[at..end]);
            var start = samples.Starts.IsEmpty ? 0 : samples.Starts[at];
            _chunkTable.Add(length, _timeColumns.Add(times[at..end], _times), isHistogram, start);
            _count.Chunks++;
            at = end;
        }
        _chunkTable.EndRow();
        _rows.Add(labels);
        _count.Samples += times.Length;
        _range = (Math.Min(_range.From, times[0]), Math.Max(_range.To, times[^1]));
        Remember(labels);
    }

    /// <summary>Writes the index, makes all durable, and gives the file its name. From then on the block is there.</summary>
    public BlockInfo Finish()
    {
        if (_isFinished || _rows.Rows == 0)
            throw new InvalidOperationException("A block is finished once, and holds at least one series.");
        _chunks.End();
        _times.End();
        _rows.Write((kind, of, bytes) => WriteSection(kind, of, bytes.WrittenSpan));
        WriteParts(SectionKind.Chunks, _chunkTable.EndPart, _chunkTable.Parts);
        WriteParts(SectionKind.Times, _timeColumns.EndPart, _timeColumns.Parts);
        var footer = new BlockFooter
        {
            Info = InfoOf(bytes: 0),
            TimeColumns = _timeColumns.Count,
            TimePages = [.. _timePages],
            Sections = [.. _sections],
        };
        Emit(footer.ToBytes());
        _file.Flush();
        _file.Dispose();
        _disk.Rename(UnfinishedPath, Path);
        _disk.FlushFolder(_folder);
        _isFinished = true;
        return InfoOf(_written) with { Sha256 = _sha.GetHashAndReset() };
    }

    /// <summary>Closes the file; one that was not finished is deleted.</summary>
    public void Dispose()
    {
        _sha.Dispose();
        _file.Dispose();
        if (_isFinished)
            return;
        try
        {
            _disk.Delete(UnfinishedPath);
        }
        catch (IOException)
        {
            // A disk that errs: whoever opens the folder next removes what was not finished.
        }
    }

    private void Check(Labels labels, SeriesView samples)
    {
        if (_isFinished)
            throw new InvalidOperationException("The block is finished.");
        var times = samples.Times;
        if (times.IsEmpty)
            throw new ArgumentException($"{labels} has no samples: a block holds series that have some.", nameof(samples));
        if (samples.Values.Length != times.Length || (!samples.Histograms.IsEmpty && samples.Histograms.Length != times.Length)
            || (!samples.Starts.IsEmpty && samples.Starts.Length != times.Length))
        {
            throw new ArgumentException($"The columns of {labels} differ in length.", nameof(samples));
        }
        for (var i = 1; i < times.Length; i++)
        {
            if (times[i] <= times[i - 1])
                throw new ArgumentException($"The times of {labels} do not ascend at sample {i}.", nameof(samples));
        }
        if (_rows.Rows > 0 && Labels.CompareRows(_last, labels) >= 0)
            throw new ArgumentException($"{labels} does not come after {_last}: series are added once each, in the order of rows.", nameof(labels));
    }

    private int AddValues(ReadOnlySpan<double> values)
    {
        var length = ValueChunk.Encode(values, _encoded, ref _hint, Effort.Thorough);
        _chunks.Append(_encoded.AsSpan(0, length));
        return length;
    }

    private int AddHistograms(ReadOnlySpan<NativeHistogram?> samples, ref int end, int at)
    {
        var fitting = HistogramChunk.FittingPrefix(samples!);
        end = at + fitting;
        _histograms.ResetWrittenCount();
        HistogramChunk.Encode(samples[..fitting]!, _histograms);
        _chunks.Append(_histograms.WrittenSpan);
        return _histograms.WrittenCount;
    }

    private void Remember(Labels labels)
    {
        var bytes = labels.Bytes;
        if (_lastLabels.Length < bytes.Length)
            _lastLabels = new byte[bytes.Length * 2];
        bytes.CopyTo(_lastLabels);
        if (!Labels.TryFromBytes(_lastLabels.AsMemory(0, bytes.Length), out _last))
            throw new ArgumentException($"{labels} is not canonical.", nameof(labels));
    }

    private void WriteParts(SectionKind kind, Action end, List<byte[]> parts)
    {
        end();
        for (var i = 0; i < parts.Count; i++)
            WriteSection(kind, i, parts[i]);
    }

    private void WriteSection(SectionKind kind, int of, ReadOnlySpan<byte> bytes)
    {
        _sections.Add(new BlockSection(kind, of, _written, bytes.Length, BlockChecksum.Of(bytes)));
        Emit(bytes);
    }

    private void WritePage(ReadOnlySpan<byte> page, bool isTime)
    {
        if (isTime && page.Length == BlockFormat.PageBytes)
            _timePages.Add(_pages);
        _pages++;
        Emit(page);
    }

    private void Emit(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var part = bytes[..Math.Min(bytes.Length, WriteMax)];
            _sha.AppendData(part);
            _file.Write(_written, part);
            _written += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    private BlockInfo InfoOf(long bytes) => new()
    {
        Identity = _identity,
        Path = Path,
        From = _range.From,
        To = _range.To,
        Series = _rows.Rows,
        Chunks = _count.Chunks,
        Samples = _count.Samples,
        Bytes = bytes,
        ChunkBytes = _chunks.Length,
        TimeBytes = _times.Length,
    };

    private static bool IsHistogram(SeriesView samples, int at) => !samples.Histograms.IsEmpty && samples.Histograms[at] is not null;
}

/// <summary>
/// Where a chunk ends: where floats and histograms change places, where the start changes, at the most samples it can hold, and at steps of a
/// grid of time as wide as those samples usually are. Without the grid a series that missed one scrape would be a sample apart from its siblings
/// for the rest of the block, and share none of their time columns.
/// </summary>
internal static class ChunkCut
{
    private static readonly long[] Grids =
        [.. new[] { 1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 10080 }.Select(minutes => minutes * 60_000L)];

    public static int End(SeriesView samples, int at)
    {
        var times = samples.Times;
        var most = Math.Min(times.Length - at, ValueChunk.SamplesMax);
        var last = GridEnd(times, at);
        var isHistogram = !samples.Histograms.IsEmpty && samples.Histograms[at] is not null;
        var end = at + 1;
        while (end < at + most && times[end] < last
            && (samples.Histograms.IsEmpty || (samples.Histograms[end] is not null) == isHistogram)
            && (samples.Starts.IsEmpty || samples.Starts[end] == samples.Starts[at]))
        {
            end++;
        }
        return end;
    }

    private static long GridEnd(ReadOnlySpan<long> times, int at)
    {
        if (times.Length <= ValueChunk.SamplesMax / 2)
            return long.MaxValue; // one chunk is what such a series needs
        var span = (Int128)times[^1] - times[0];
        var reach = span / (times.Length - 1) * ValueChunk.SamplesMax;
        var grid = Grids[0];
        foreach (var wider in Grids)
            grid = wider <= reach ? wider : grid;
        if (reach < grid)
            return long.MaxValue; // denser than the grid: counting samples is as good
        var into = ((times[at] % grid) + grid) % grid;
        return (long)Int128.Min(long.MaxValue, (Int128)times[at] - into + grid);
    }
}
