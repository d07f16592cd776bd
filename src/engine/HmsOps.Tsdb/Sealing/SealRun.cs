using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Index;

namespace HmsOps.Tsdb.Sealing;

/// <summary>
/// Writes what was cut of the head into blocks, one a window, while appends go on. A walk over the head fills several blocks at a time. Nothing counts
/// until all are written: a run that fails leaves no block. Used once.
/// </summary>
internal sealed class SealRun(SeriesHead head, BlockSet blocks, Func<int, BlockIdentity> name, ByteRate rate)
{
    private const int TogetherMax = 16; // blocks written at a time; each holds its index in memory until it is finished

    private readonly LabelsRoom _labels = new();
    private readonly List<BlockInfo> _written = [];
    private long _bytes;

    /// <summary>Runs; answers the blocks, durable and not yet in the set.</summary>
    public async Task<IReadOnlyList<BlockInfo>> RunAsync(SealCut cut, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var together in SealPlan.Of(head, cut).Chunk(TogetherMax))
                await WriteAsync(cut, together, cancellationToken);
            _labels.Return();
            return _written;
        }
        catch
        {
            foreach (var info in _written)
                Remove(info);
            throw;
        }
    }

    private async Task WriteAsync(SealCut cut, SealingWindow[] windows, CancellationToken cancellationToken)
    {
        var writers = windows.ToDictionary(window => window, window => new BlockWriter(blocks.Disk, blocks.Folder, name(window.Level)));
        try
        {
            var selection = new Selection([], windows[0].From, windows[^1].EndWithin(cut.Until));
            using (var cursor = new HeadCursor(
                HeadCut.Of(head, [], cancellationToken, cut.Batch), selection, selection.From, Math.Max(selection.From, cut.From), budget: null, cancellationToken))
            {
                while (cursor.MoveNext())
                {
                    Add(head.Index.LabelsOf(cursor.Id, _labels), cursor.Current, cut.Until, writers);
                    await rate.KeepAsync(_bytes + writers.Values.Sum(writer => writer.Bytes), cancellationToken);
                }
            }
            foreach (var writer in writers.Values.Where(writer => writer.Series > 0))
            {
                var info = writer.Finish();
                _written.Add(info);
                _bytes += info.Bytes;
            }
        }
        finally
        {
            foreach (var writer in writers.Values)
                writer.Dispose();
        }
    }

    private static void Add(Labels labels, SeriesView series, long until, Dictionary<SealingWindow, BlockWriter> writers)
    {
        for (var at = 0; at < series.Times.Length;)
        {
            var window = SealingWindow.Of(series.Times[at], until);
            var end = series.Times.LowerBound(window.EndWithin(until) + 1);
            // The walk spans all windows of this round from the first to the last; between them may lie some of another round's.
            if (writers.TryGetValue(window, out var writer))
                writer.Add(labels, series.Part(at, end));
            at = end;
        }
    }

    private void Remove(BlockInfo info)
    {
        try
        {
            blocks.Disk.Delete(info.Path);
        }
        catch (IOException)
        {
            // A disk that errs. An order to delete removes it before it is carried out; found by the next start, it holds what the head holds too.
        }
    }
}
