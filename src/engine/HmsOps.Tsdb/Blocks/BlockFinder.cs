using HmsOps.Series;
using HmsOps.Tsdb.Chunks;
using HmsOps.Tsdb.Head;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// Looks in the blocks of one moment for the sample of a series at a time. Remembers the chunk it read last, for what is asked of one series is mostly
/// asked in a row. What is damaged is as if it were not there. One owner.
/// </summary>
internal sealed class BlockFinder(BlockPin pin) : IDisposable
{
    private readonly Dictionary<Block, InBlock> _inBlocks = [];

    /// <summary>The bits of the sample, of a histogram its digest; false when there is none.</summary>
    public bool TryFind(Labels labels, long time, out long bits, out bool isHistogram)
    {
        foreach (var block in pin.Blocks)
        {
            if (block.Info.Overlaps(time, time) && TryFind(block, labels, time, out bits, out isHistogram))
                return true;
        }
        (bits, isHistogram) = (0, false);
        return false;
    }

    public void Dispose()
    {
        foreach (var inBlock in _inBlocks.Values)
            inBlock.Dispose();
        pin.Dispose();
    }

    private bool TryFind(Block block, Labels labels, long time, out long bits, out bool isHistogram)
    {
        if (!_inBlocks.TryGetValue(block, out var inBlock))
            _inBlocks.Add(block, inBlock = new InBlock(block));
        try
        {
            return inBlock.TryFind(labels, time, out bits, out isHistogram);
        }
        catch (BlockDamagedException)
        {
            (bits, isHistogram) = (0, false);
            return false;
        }
    }

    private sealed class InBlock(Block block) : IDisposable
    {
        private readonly RowLabels _labels = new(block.Index);
        private readonly TimeColumnReader _times = new(block.Index, block.File);
        private readonly PageReader _chunks = new(block.File, block.Index.Footer.ChunkStream);
        private readonly double[] _values = new double[ValueChunk.SamplesMax];
        private readonly NativeHistogram[] _histograms = new NativeHistogram[ValueChunk.SamplesMax];
        private Labels? _asked;
        private int _row;
        private long _chunk = -1; // the offset of the chunk that is decoded

        public bool TryFind(Labels labels, long time, out long bits, out bool isHistogram)
        {
            (bits, isHistogram) = (0, false);
            if (_asked is not { } asked || asked != labels)
                (_asked, _row) = (labels, RowOf(labels));
            if (_row < 0)
                return false;
            foreach (var chunk in block.Index.ChunksOf(_row))
            {
                if (!_times.PlaceOf(chunk.TimeColumn).Overlaps(time, time) || _times.Read(chunk.TimeColumn).Times is not { } times)
                    continue;
                var place = Array.BinarySearch(times, time);
                if (place < 0 || block.IsDeleted(_row, time) || !TryDecode(chunk, times.Length))
                    return false;
                isHistogram = chunk.IsHistogram;
                bits = isHistogram ? HistogramDigest.Of(_histograms[place]) : BitConverter.DoubleToInt64Bits(_values[place]);
                return true;
            }
            return false;
        }

        public void Dispose()
        {
            _times.Dispose();
            _chunks.Dispose();
        }

        // Rows are sorted, so a score of them is looked at.
        private int RowOf(Labels labels)
        {
            var (low, high) = (0, block.Info.Series - 1);
            while (low <= high)
            {
                var middle = low + ((high - low) / 2);
                var order = Labels.CompareRows(_labels.Of(middle), labels);
                if (order == 0)
                    return middle;
                if (order < 0)
                    low = middle + 1;
                else
                    high = middle - 1;
            }
            return -1;
        }

        private bool TryDecode(ChunkPlace chunk, int samples)
        {
            if (_chunk == chunk.Offset)
                return true;
            _chunk = -1;
            if (!_chunks.TryRead(chunk.Offset, chunk.Length, chunk.Offset + chunk.Length, out var bytes, out _))
                return false;
            try
            {
                var length = chunk.IsHistogram
                    ? HistogramChunk.Decode(bytes, _histograms.AsSpan(0, samples))
                    : ValueChunk.Decode(bytes, _values.AsSpan(0, samples));
                if (length != bytes.Length)
                    return false;
            }
            catch (ChunkDamagedException)
            {
                return false;
            }
            _chunk = chunk.Offset;
            return true;
        }
    }
}
