using System.Numerics;
using HmsOps.Series;

namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// Finds the shortest <see cref="ColumnPlan"/>. Per order: residuals, their greatest common divisor, and the window that holds most of them. The
/// window is found in the sorted residuals, so that outliers on both sides (a counter's reset, a spike) can be left out as patches: starting from
/// the width that holds all, each narrower one is tried until its patches alone cost more than the best so far.
/// </summary>
internal static class ColumnSearch
{
    /// <summary>The most patches a column has: their number is one byte.</summary>
    public const int PatchesMax = 255;

    /// <summary>The shortest of plain, delta and delta of delta.</summary>
    public static ColumnPlan Best(ReadOnlySpan<long> numbers)
    {
        var best = Of(numbers, ColumnOrder.Plain);
        if (numbers.Length > 1)
            best = Shorter(best, Of(numbers, ColumnOrder.Delta));
        return numbers.Length > 2 ? Shorter(best, Of(numbers, ColumnOrder.DeltaOfDelta)) : best;
    }

    /// <summary>The same, and the line.</summary>
    public static ColumnPlan BestOfTimes(ReadOnlySpan<long> numbers)
    {
        var best = Best(numbers);
        if (numbers.Length < 3)
            return best;
        Span<long> steps = stackalloc long[numbers.Length - 1];
        IntegerColumn.Residuals(numbers, ColumnOrder.Delta, 0, steps);
        steps.Sort();
        return Shorter(best, Of(numbers, ColumnOrder.Line, steps[steps.Length / 2]));
    }

    /// <summary>The shortest plan in one order; the column is long enough for it.</summary>
    public static ColumnPlan Of(ReadOnlySpan<long> numbers, ColumnOrder order, long step = 0)
    {
        Span<long> space = stackalloc long[numbers.Length];
        var residuals = space[..(numbers.Length - IntegerColumn.Firsts(order))];
        IntegerColumn.Residuals(numbers, order, step, residuals);

        var lowest = residuals[0];
        var highest = lowest;
        foreach (var residual in residuals)
        {
            lowest = Math.Min(lowest, residual);
            highest = Math.Max(highest, residual);
        }
        var divisor = WorthWhile(Divisor.Of(residuals, lowest), (ulong)(highest - lowest), residuals.Length);
        var plan = new ColumnPlan
        {
            Order = order,
            Step = step,
            Lowest = lowest,
            Divisor = divisor,
            Width = BitsOf(divisor.Divide((ulong)(highest - lowest))),
        };
        plan = plan with { Bytes = IntegerColumn.Bytes(plan, numbers, default) };
        if (plan.Width == 0)
            return plan;

        Span<ulong> quotients = stackalloc ulong[residuals.Length];
        for (var i = 0; i < residuals.Length; i++)
            quotients[i] = divisor.Divide((ulong)(residuals[i] - lowest));
        Span<ulong> sorted = stackalloc ulong[residuals.Length];
        quotients.CopyTo(sorted);
        sorted.Sort();
        var narrower = Narrow(plan, sorted);
        if (narrower.Patches == 0)
            return plan;
        return Shorter(plan, narrower with { Bytes = IntegerColumn.Bytes(narrower, numbers, quotients) });
    }

    static ColumnPlan Shorter(in ColumnPlan one, in ColumnPlan other) => other.Bytes < one.Bytes ? other : one;

    /// <summary>A divisor costs its own bytes; in a short column they may be more than it saves.</summary>
    static Divisor WorthWhile(Divisor divisor, ulong range, int count)
    {
        var saved = BitPacking.Bytes(count, BitsOf(range)) - BitPacking.Bytes(count, BitsOf(divisor.Divide(range)));
        return saved > Varint.Size(divisor.Value) ? divisor : Divisor.One;
    }

    /// <summary>The window with the least cost by the estimate that a patch costs what its distance to the median costs.</summary>
    static ColumnPlan Narrow(in ColumnPlan all, ReadOnlySpan<ulong> sorted)
    {
        var count = sorted.Length;
        Span<int> costs = stackalloc int[count + 1]; // costs[i] = patches for the i lowest
        var median = sorted[count / 2];
        costs[0] = 0;
        for (var i = 0; i < count; i++)
            costs[i + 1] = costs[i] + 1 + Varint.Size(Varint.ZigZag((long)(sorted[i] - median)));

        var best = all;
        var bestCost = BitPacking.Bytes(count, all.Width);
        for (var width = all.Width - 1; width >= 0;)
        {
            // A patch has its place and about as many bits as the window it lies outside of: so many pay here. A quarter of the column may pay further
            // on, where the width falls all at once to what the rest needs; more than that hardly ever do, and looking for them costs.
            var paying = (bestCost - BitPacking.Bytes(count, width)) / (1 + Math.Max(1, width / 7));
            var most = Math.Min(Math.Min(PatchesMax, count - 1), Math.Max(paying, (count / 4) + 1));
            var limit = width == 0 ? 0 : ulong.MaxValue >> (64 - width);
            var (from, upTo, cost) = Densest(sorted, costs, limit, most);
            if (cost == int.MaxValue)
                break;
            // The window may be emptier than it is wide: then it is as good for less.
            width = BitsOf(sorted[upTo] - sorted[from]);
            cost += 1 + BitPacking.Bytes(count, width);
            if (cost < bestCost)
            {
                bestCost = cost;
                best = all with { Offset = sorted[from], Width = width, Patches = count - 1 - (upTo - from) };
            }
            width--;
        }
        return best;
    }

    /// <summary>Among the windows [from, upTo] that reach no further than the limit and leave out at most so many, the cheapest to leave out.</summary>
    static (int From, int UpTo, int Cost) Densest(ReadOnlySpan<ulong> sorted, ReadOnlySpan<int> costs, ulong limit, int most)
    {
        var count = sorted.Length;
        (int From, int UpTo, int Cost) best = (0, 0, int.MaxValue);
        var end = Math.Max(0, count - 1 - most);
        for (var from = 0; from <= most; from++)
        {
            end = Math.Max(end, Math.Min(from + count - 1 - most, count - 1));
            if (sorted[end] - sorted[from] > limit)
                continue;
            while (end + 1 < count && sorted[end + 1] - sorted[from] <= limit)
                end++;
            var cost = costs[from] + costs[count] - costs[end + 1];
            if (cost < best.Cost)
                best = (from, end, cost);
            if (end == count - 1)
                break;
        }
        return best;
    }

    static int BitsOf(ulong number) => 64 - BitOperations.LeadingZeroCount(number);
}
