using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using HmsOps.Series;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// Sorts series as <see cref="Labels.CompareRows"/> does. Few are compared label by label. For many, the label values among them are ranked once,
/// names first, so that a series becomes a number of 128 bits: the rank of its metric's name, then that of each label for as long as there are bits;
/// only what is equal in all of them is compared label by label.
/// </summary>
internal sealed class RowOrder(LabelTable labels, LabelRecords records)
{
    private const int Few = 64; // below this, ranking costs more than it saves
    private const int BetweenChecks = 4_096;

    /// <summary>How the rows of two ids stand to each other.</summary>
    public int Compare(int a, int b) => Compare(a, b, labels.FindName(Labels.MetricName));

    /// <summary>Sorts ids by the rows they stand for.</summary>
    public void Sort(Span<int> ids, CancellationToken cancellationToken)
    {
        var metricName = labels.FindName(Labels.MetricName);
        if (ids.Length <= Few)
            ids.Sort((a, b) => Compare(a, b, metricName));
        else
            SortByRanks(ids, metricName, cancellationToken);
    }

    private void SortByRanks(Span<int> ids, int metricName, CancellationToken cancellationToken)
    {
        var handles = labels.HandleLimit;
        var ranks = ArrayPool<int>.Shared.Rent(handles);
        var keys = ArrayPool<UInt128>.Shared.Rent(ids.Length);
        try
        {
            ranks.AsSpan(0, handles).Clear();
            var used = Collect(ids, ranks, metricName, cancellationToken, out var isNameFirst);
            Rank(used, ranks, cancellationToken);
            var bits = BitOperations.Log2((uint)used.Count) + 1;
            var isWhole = true;
            for (var i = 0; i < ids.Length; i++)
            {
                if (i % BetweenChecks == 0)
                    cancellationToken.ThrowIfCancellationRequested();
                keys[i] = KeyOf(ids[i], ranks, bits, metricName, isNameFirst, ref isWhole);
            }
            keys.AsSpan(0, ids.Length).Sort(ids);
            if (!isWhole)
                SortEquals(keys.AsSpan(0, ids.Length), ids, metricName);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(ranks);
            ArrayPool<UInt128>.Shared.Return(keys);
        }
    }

    // Which values there are among the series; and whether each has its metric's name first, which is then no part of the comparison.
    private List<int> Collect(ReadOnlySpan<int> ids, int[] ranks, int metricName, CancellationToken cancellationToken, out bool isNameFirst)
    {
        var used = new List<int>();
        isNameFirst = true;
        for (var i = 0; i < ids.Length; i++)
        {
            if (i % BetweenChecks == 0)
                cancellationToken.ThrowIfCancellationRequested();
            var isFirst = true;
            for (var record = records.Read(ids[i]); record.MoveNext(); isFirst = false)
            {
                isNameFirst &= !isFirst || record.Name == metricName;
                ref var rank = ref ranks[labels.HandleOf(record.Name, record.Ordinal)];
                if (rank != 0)
                    continue;
                rank = 1;
                used.Add(labels.HandleOf(record.Name, record.Ordinal));
            }
            isNameFirst &= !isFirst; // the set without labels has no name
        }
        return used;
    }

    private void Rank(List<int> used, int[] ranks, CancellationToken cancellationToken)
    {
        var rank = 0;
        var byName = used.GroupBy(handle => labels.PlaceOf(handle).Name).ToArray();
        Array.Sort(byName, (a, b) => labels.NameText(a.Key).SequenceCompareTo(labels.NameText(b.Key)));
        foreach (var values in byName)
        {
            int[] sorted = [.. values];
            SortValues(sorted, cancellationToken);
            foreach (var handle in sorted)
                ranks[handle] = ++rank;
        }
    }

    /// <summary>Sorts values of one label by their bytes. They often begin alike: the eight bytes after that settle nearly all comparisons.</summary>
    public void SortValues(int[] handles, CancellationToken cancellationToken)
    {
        if (handles.Length < 2)
            return;
        var common = labels.ValueText(handles[0]);
        foreach (var handle in handles.AsSpan(1))
            common = common[..common.CommonPrefixLength(labels.ValueText(handle))];
        cancellationToken.ThrowIfCancellationRequested();
        var keys = new ulong[handles.Length];
        for (var i = 0; i < handles.Length; i++)
            keys[i] = EightBytes(labels.ValueText(handles[i])[common.Length..]);
        cancellationToken.ThrowIfCancellationRequested();
        Array.Sort(keys, handles);
        for (var (start, turns) = (0, 0); start < handles.Length; turns++)
        {
            if (turns % BetweenChecks == 0)
                cancellationToken.ThrowIfCancellationRequested();
            var end = start + 1;
            while (end < handles.Length && keys[end] == keys[start])
                end++;
            if (end - start > 1)
                handles.AsSpan(start, end - start).Sort((a, b) => labels.ValueText(a).SequenceCompareTo(labels.ValueText(b)));
            start = end;
        }
    }

    // A text that ends has zeros there, and is compared in full with one that has them itself.
    private static ulong EightBytes(ReadOnlySpan<byte> text)
    {
        if (text.Length >= sizeof(ulong))
            return BinaryPrimitives.ReadUInt64BigEndian(text);
        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        text.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }

    private UInt128 KeyOf(int id, int[] ranks, int bits, int metricName, bool isNameFirst, ref bool isWhole)
    {
        var left = 128 - bits; // the metric's name has the top
        UInt128 key = 0;
        UInt128 metric = 0;
        for (var record = records.Read(id); record.MoveNext();)
        {
            var rank = (UInt128)(uint)ranks[labels.HandleOf(record.Name, record.Ordinal)];
            if (record.Name == metricName)
            {
                metric = rank;
                if (isNameFirst)
                    continue;
            }
            if (left < bits)
            {
                isWhole = false;
                continue; // the metric's name may still come
            }
            left -= bits;
            key |= rank << left;
        }
        return key | (metric << (128 - bits));
    }

    private void SortEquals(ReadOnlySpan<UInt128> keys, Span<int> ids, int metricName)
    {
        for (var start = 0; start < ids.Length;)
        {
            var end = start + 1;
            while (end < ids.Length && keys[end] == keys[start])
                end++;
            if (end - start > 1)
                ids[start..end].Sort((a, b) => Compare(a, b, metricName));
            start = end;
        }
    }

    private int Compare(int a, int b, int metricName)
    {
        if (a == b)
            return 0;
        var order = MetricOf(a, metricName).SequenceCompareTo(MetricOf(b, metricName));
        if (order != 0)
            return order;
        var left = records.Read(a);
        var right = records.Read(b);
        while (true)
        {
            var hasLeft = left.MoveNext();
            var hasRight = right.MoveNext();
            if (!hasLeft || !hasRight)
                return hasLeft.CompareTo(hasRight);
            if (left.Name != right.Name)
                return labels.NameText(left.Name).SequenceCompareTo(labels.NameText(right.Name));
            if (left.Ordinal == right.Ordinal)
                continue;
            return labels.ValueText(labels.HandleOf(left.Name, left.Ordinal)).SequenceCompareTo(
                labels.ValueText(labels.HandleOf(right.Name, right.Ordinal)));
        }
    }

    private ReadOnlySpan<byte> MetricOf(int id, int metricName)
    {
        for (var record = records.Read(id); record.MoveNext();)
        {
            if (record.Name == metricName)
                return labels.ValueText(labels.HandleOf(record.Name, record.Ordinal));
        }
        return default;
    }
}
