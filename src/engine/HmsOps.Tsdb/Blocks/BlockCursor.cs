using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// Walks rows of a block: reads the chunks that overlap the range, in the order of the file, decodes them into columns that are used again for
/// the next series, and cuts out what was deleted. What is damaged is left out and told in <see cref="Warnings"/>.
/// </summary>
internal sealed class BlockCursor(
    BlockIndex index, IDiskFile file, int[] rows, IReadOnlyList<RowDeletion> deletions, BlockWarnings warnings,
    Selection selection, QueryBudget budget, CancellationToken cancellationToken) : SeriesCursor
{
    private const long GapMax = 16 * 1024; // bytes between two chunks that are cheaper read than skipped
    private const long ReadMax = 256 * 1024;

    private readonly SampleColumns _samples = new();
    private readonly TimeColumnReader _times = new(index, file);
    private readonly PageReader _chunks = new(file, index.Footer.ChunkStream);
    private RowLabels? _labels;
    private (int Number, ChunkPart? Part) _part = (-1, null);
    private long _until;
    private int _at = -1;
    private Labels _current;

    /// <inheritdoc/>
    public override SeriesView Current => _samples.View(_current);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings => warnings.Sentences;

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        while (++_at < rows.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _samples.Clear();
            try
            {
                if (TryLoad(rows[_at]))
                    return true;
            }
            catch (BlockDamagedException damage)
            {
                warnings.LeftOut(damage.Fault, "series whose rows it describes are left out");
            }
        }
        _samples.Clear();
        return false;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _times.Dispose();
        _chunks.Dispose();
        base.Dispose();
    }

    private bool TryLoad(int row)
    {
        var end = long.MinValue; // of the chunks so far
        foreach (var chunk in ChunksOf(row))
        {
            var place = _times.PlaceOf(chunk.TimeColumn);
            if (!place.Overlaps(selection.From, selection.To))
                continue;
            if (end != long.MinValue && place.First <= end)
                throw new BlockDamagedException(index.Path, $"chunks of row {row}", "they overlap");
            end = place.Last;
            Load(row, chunk, place);
        }
        foreach (var deletion in deletions)
        {
            if (deletion.Covers(row))
                _samples.CutOut(deletion.From, deletion.To);
        }
        if (_samples.Count == 0)
            return false;
        _current = LabelsOf(row);
        return true;
    }

    private void Load(int row, ChunkPlace chunk, TimeColumnPlace place)
    {
        var (times, damage) = _times.Read(chunk.TimeColumn);
        if (times is null)
        {
            warnings.Lacks(damage!, LabelsOf(row), place.First, place.Last);
            return;
        }
        var from = place.First >= selection.From ? 0 : ((ReadOnlySpan<long>)times).LowerBound(selection.From);
        var to = place.Last <= selection.To ? times.Length : ((ReadOnlySpan<long>)times).LowerBound(selection.To + 1);
        if (from == to)
            return;
        budget.Charge(to - from, selection);
        if (!_chunks.TryRead(chunk.Offset, chunk.Length, Until(chunk), out var bytes, out var page))
        {
            warnings.Lacks($"page {page} is damaged, {_chunks.Damaged[page]}", LabelsOf(row), place.First, place.Last);
            return;
        }
        if (TryDecode(bytes, chunk.IsHistogram, times.Length, out var why))
        {
            _samples.Take(times, from, to, chunk.IsHistogram, chunk.Start);
            return;
        }
        _samples.TakeNone(times.Length, chunk.IsHistogram);
        warnings.Lacks($"the chunk at {chunk.Offset} is damaged, {why}", LabelsOf(row), place.First, place.Last);
    }

    private bool TryDecode(ReadOnlySpan<byte> bytes, bool isHistogram, int samples, out string why)
    {
        try
        {
            var length = isHistogram
                ? HistogramChunk.Decode(bytes, _samples.RoomForHistograms(samples))
                : ValueChunk.Decode(bytes, _samples.RoomForValues(samples));
            why = "it has bytes too many";
            return length == bytes.Length;
        }
        catch (ChunkDamagedException e)
        {
            why = e.Message;
            return false;
        }
    }

    // How far the walk will read on from here without a gap worth skipping.
    private long Until(ChunkPlace chunk)
    {
        var end = chunk.Offset + chunk.Length;
        if (end <= _until)
            return _until;
        _until = end;
        var part = _part.Number;
        for (var i = _at; i < rows.Length && rows[i] / BlockFormat.PartRows == part; i++)
        {
            foreach (var next in _part.Part!.Of(rows[i] % BlockFormat.PartRows))
            {
                if (next.Offset < _until || !_times.PlaceOf(next.TimeColumn).Overlaps(selection.From, selection.To))
                    continue;
                if (next.Offset - _until > GapMax || _until - chunk.Offset > ReadMax)
                    return _until;
                _until = next.Offset + next.Length;
            }
        }
        return _until;
    }

    private ReadOnlySpan<ChunkPlace> ChunksOf(int row)
    {
        var part = row / BlockFormat.PartRows;
        if (_part.Number != part)
            _part = (part, index.ChunkPart(part));
        return _part.Part!.Of(row % BlockFormat.PartRows);
    }

    private Labels LabelsOf(int row) => (_labels ??= new RowLabels(index)).Of(row);
}
