namespace HmsOps.Series;

/// <summary>What became of a source's samples since somebody asked last: for those who keep answers. Safe for concurrent use.</summary>
public interface IChanges
{
    /// <summary>The oldest time of which samples are kept; it moves on.</summary>
    long OldestKept { get; }

    /// <summary>A mark, to ask later what has changed since. What is not seen yet when it is taken counts as changed after it.</summary>
    long Mark();

    /// <summary>The oldest time of a sample that came or went since a mark: <see cref="long.MaxValue"/> when none did, <see cref="long.MinValue"/> when nobody knows any more.</summary>
    long ChangedFrom(long mark);
}
