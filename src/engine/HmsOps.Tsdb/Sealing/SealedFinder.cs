using HmsOps.Series;
using HmsOps.Tsdb.Blocks;

namespace HmsOps.Tsdb.Sealing;

/// <summary>Tells intake whether what comes late is in a block already. Keeps what it read until the blocks change. Owned by the holder of the store's turn.</summary>
internal sealed class SealedFinder(BlockSet blocks) : IDisposable
{
    private BlockFinder? _finder;
    private long _version = -1;

    /// <summary>The bits of the sample, of a histogram its digest; false when there is none.</summary>
    public bool TryFind(Labels labels, long time, out long bits, out bool isHistogram)
    {
        (bits, isHistogram) = (0, false);
        if (!blocks.Covers(time))
            return false;
        var version = blocks.Version;
        if (_finder is null || version != _version)
        {
            Forget();
            (_finder, _version) = (new BlockFinder(blocks.Pin()), version);
        }
        return _finder.TryFind(labels, time, out bits, out isHistogram);
    }

    /// <summary>Lets go of the blocks: a pin that is held keeps replaced ones on the disk.</summary>
    public void Forget()
    {
        _finder?.Dispose();
        _finder = null;
    }

    public void Dispose() => Forget();
}
