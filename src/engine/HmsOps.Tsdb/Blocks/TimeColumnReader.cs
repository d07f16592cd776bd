using HmsOps.Disk;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Blocks;

/// <summary>Decodes time columns and remembers them, for most are shared by many series. One owner.</summary>
internal sealed class TimeColumnReader(BlockIndex index, IDiskFile file) : IDisposable
{
    private const int TimesMax = 1 << 20; // 8 MiB of times; beyond, what was decoded is forgotten

    private readonly PageReader _pages = new(file, index.Footer.TimeStream);
    private readonly Dictionary<int, (long[]? Times, string? Damage)> _columns = [];
    private int _times;
    private (int Number, TimePart? Part) _part = (-1, null);

    public TimeColumnPlace PlaceOf(int column)
    {
        var part = column / BlockFormat.PartRows;
        if (_part.Number != part)
            _part = (part, index.TimePart(part));
        return _part.Part![column % BlockFormat.PartRows];
    }

    /// <summary>The times of a column; null, and why, when they cannot be had.</summary>
    public (long[]? Times, string? Damage) Read(int column)
    {
        if (_columns.TryGetValue(column, out var known))
            return known;
        var read = Decode(PlaceOf(column));
        if (_times > TimesMax)
        {
            _columns.Clear();
            _times = 0;
        }
        _times += read.Times?.Length ?? 1;
        _columns.Add(column, read);
        return read;
    }

    public void Dispose() => _pages.Dispose();

    private (long[]? Times, string? Damage) Decode(TimeColumnPlace place)
    {
        if (!_pages.TryRead(place.Offset, place.Length, place.Offset + place.Length, out var bytes, out var page))
            return (null, $"page {page} of the time columns is damaged, {_pages.Damaged[page]}");
        var times = new long[place.Samples];
        try
        {
            if (TimeChunk.Decode(bytes, times) != place.Length)
                return (null, "a time column is damaged, it has bytes too many");
        }
        catch (ChunkDamagedException e)
        {
            return (null, $"a time column is damaged, {e.Message}");
        }
        return IsTrue(times, place) ? (times, null) : (null, "a time column is damaged, it is not what the index says");
    }

    private static bool IsTrue(long[] times, TimeColumnPlace place)
    {
        for (var i = 1; i < times.Length; i++)
        {
            if (times[i] <= times[i - 1])
                return false;
        }
        return times[0] == place.First && times[^1] == place.Last;
    }
}
