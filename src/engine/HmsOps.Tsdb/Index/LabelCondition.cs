using System.Numerics;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// What a matcher comes to once it has been compared with the values there are: series that have one of some values of a label, or that have none of
/// them. Absent counts as the empty value, so a matcher that the empty value satisfies can only exclude.
/// </summary>
/// <param name="Name">The label.</param>
/// <param name="Ordinals">Which of its values, a bit each; null for the one of <paramref name="Single"/>.</param>
/// <param name="Single">The one value, when it is one.</param>
/// <param name="Excludes">True when the series that have them are the ones that do not match.</param>
/// <param name="Values">How many values they are.</param>
/// <param name="Series">How many series have them.</param>
internal sealed record LabelCondition(int Name, ulong[]? Ordinals, int Single, bool Excludes, int Values, long Series)
{
    /// <summary>True when it speaks of a value. One that came after the matcher was compared belongs to series that are not asked about.</summary>
    public bool Has(int ordinal)
    {
        if (Ordinals is null)
            return ordinal == Single;
        var word = ordinal >> 6;
        return word < Ordinals.Length && ((Ordinals[word] >> ordinal) & 1) != 0;
    }

    /// <summary>The next ordinal it speaks of, from one on; −1 when there is none.</summary>
    public int Next(int from)
    {
        if (Ordinals is null)
            return from <= Single ? Single : -1;
        for (var word = from >> 6; word < Ordinals.Length; word++)
        {
            var bits = Ordinals[word];
            if (word == from >> 6)
                bits &= ulong.MaxValue << from;
            if (bits != 0)
                return (word << 6) + BitOperations.TrailingZeroCount(bits);
        }
        return -1;
    }
}
