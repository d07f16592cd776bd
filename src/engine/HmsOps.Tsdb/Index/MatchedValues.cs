using System.Text;
using HmsOps.Series;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// Compares matchers with the values of their label. What a regular expression came to is remembered with the number of values it was compared
/// with: values are only ever added, so the next time it is compared with the new ones alone.
/// </summary>
internal sealed class MatchedValues(LabelTable labels)
{
    private const int RememberedMax = 256; // patterns; a dashboard and its rules use some dozens
    private const long RememberedBytesMax = 8 << 20; // of their bits: a million values are 125 kB a pattern
    private const int FewValues = 32; // comparing with these costs no more than looking them up

    private readonly Lock _lock = new(); // around the memory alone, never while comparing
    private readonly Dictionary<(int Name, MatchOp Op, string Pattern), Remembered> _remembered = [];
    private readonly Queue<(int Name, MatchOp Op, string Pattern)> _order = [];
    private long _rememberedBytes;

    /// <summary>
    /// The values of a label that a matcher accepts, or if the empty value satisfies it, those that it does not accept. Null when there are none.
    /// </summary>
    public LabelCondition? Of(int name, Matcher matcher, bool matchesEmpty, CancellationToken cancellationToken)
    {
        if (matcher.Op is MatchOp.Equal or MatchOp.NotEqual && matcher.Value.Length > 0)
            return One(name, Encoding.UTF8.GetBytes(matcher.Value), matchesEmpty);
        var count = labels.ValuesOf(name);
        if (matcher.Alternatives is { } texts && texts.Count < count && (matcher.Op == MatchOp.NotRegex) == matchesEmpty)
            return Condition(name, matchesEmpty, LookedUp(name, texts, count));
        return Condition(name, matchesEmpty, Compared(name, matcher, matchesEmpty, count, cancellationToken));
    }

    private LabelCondition? One(int name, ReadOnlySpan<byte> value, bool excludes)
    {
        var handle = labels.FindValue(name, value);
        return handle < 0 ? null : new LabelCondition(name, null, labels.PlaceOf(handle).Ordinal, excludes, 1, labels.PostingOf(handle).Count);
    }

    private LabelCondition? Condition(int name, bool excludes, ulong[] ordinals)
    {
        var condition = new LabelCondition(name, ordinals, 0, excludes, 0, 0);
        var (values, series) = (0, 0L);
        for (var ordinal = condition.Next(0); ordinal >= 0; ordinal = condition.Next(ordinal + 1))
        {
            values++;
            series += labels.PostingOf(labels.HandleOf(name, ordinal)).Count;
        }
        return values == 0 ? null : condition with { Values = values, Series = series };
    }

    // The texts are what the set is made of, not what is left out of it: a|b, or not(a|b) where that excludes.
    private ulong[] LookedUp(int name, IReadOnlyList<byte[]> texts, int count)
    {
        var ordinals = new ulong[(count + 63) / 64];
        foreach (var text in texts)
        {
            var handle = labels.FindValue(name, text);
            if (handle >= 0 && labels.PlaceOf(handle).Ordinal is var ordinal && ordinal < count)
                ordinals[ordinal >> 6] |= 1UL << ordinal;
        }
        return ordinals;
    }

    private ulong[] Compared(int name, Matcher matcher, bool matchesEmpty, int count, CancellationToken cancellationToken)
    {
        if (count <= FewValues)
            return Compare(name, matcher, matchesEmpty, new Remembered([], 0), count, cancellationToken);
        var key = (name, matcher.Op, matcher.Value);
        Remembered? before;
        lock (_lock)
            _remembered.TryGetValue(key, out before);
        if (before is not null && before.Count >= count)
            return before.Ordinals;
        var ordinals = Compare(name, matcher, matchesEmpty, before ?? new Remembered([], 0), count, cancellationToken);
        Remember(key, new Remembered(ordinals, count));
        return ordinals;
    }

    private ulong[] Compare(
        int name, Matcher matcher, bool matchesEmpty, Remembered before, int count, CancellationToken cancellationToken)
    {
        var ordinals = new ulong[(count + 63) / 64];
        before.Ordinals.CopyTo(ordinals, 0);
        for (var ordinal = before.Count; ordinal < count; ordinal++)
        {
            cancellationToken.ThrowIfCancellationRequested(); // each time: a pattern may be slow
            if (matcher.Matches(labels.ValueText(labels.HandleOf(name, ordinal))) != matchesEmpty)
                ordinals[ordinal >> 6] |= 1UL << ordinal;
        }
        return ordinals;
    }

    private void Remember((int Name, MatchOp Op, string Pattern) key, Remembered what)
    {
        lock (_lock)
        {
            if (!_remembered.TryGetValue(key, out var before))
                _order.Enqueue(key);
            else if (before.Count >= what.Count)
                return;
            _remembered[key] = what;
            _rememberedBytes += (what.Ordinals.Length - (before?.Ordinals.Length ?? 0)) * sizeof(ulong);
            while (_order.Count > RememberedMax || (_rememberedBytes > RememberedBytesMax && _order.Count > 1))
            {
                _remembered.Remove(_order.Dequeue(), out var oldest);
                _rememberedBytes -= (oldest?.Ordinals.Length ?? 0) * sizeof(ulong);
            }
        }
    }

    /// <summary>Immutable, shared with conditions in use.</summary>
    private sealed record Remembered(ulong[] Ordinals, int Count);
}
