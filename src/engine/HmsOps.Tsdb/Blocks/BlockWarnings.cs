using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>What an answer lacks because bytes of a block are damaged, in sentences; a bounded number of them.</summary>
internal sealed class BlockWarnings(string block)
{
    private const int SentencesMax = 32;

    private readonly List<string> _sentences = [];
    private readonly HashSet<string> _places = [];
    private long _more;

    public IReadOnlyList<string> Sentences =>
        _more == 0 ? _sentences : [.. _sentences, $"block {block}: {_more} more chunks or sections are left out"];

    /// <summary>A series lacks a stretch of its samples.</summary>
    public void Lacks(string what, Labels series, long from, long to) =>
        Add($"block {block}: {what}: {series} lacks {Instant(from)}..{Instant(to)}");

    /// <summary>A section of the index is damaged; said once.</summary>
    public void LeftOut(BlockFault fault, string consequence)
    {
        if (_places.Add(fault.Place))
            Add($"block {block}: {fault}: {consequence}");
    }

    private void Add(string sentence)
    {
        if (_sentences.Count < SentencesMax)
            _sentences.Add(sentence);
        else
            _more++;
    }

    public static string Instant(long time) =>
        time >= -62135596800000 && time <= 253402300799999
            ? DateTimeOffset.FromUnixTimeMilliseconds(time).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ") : $"{time} ms";
}
