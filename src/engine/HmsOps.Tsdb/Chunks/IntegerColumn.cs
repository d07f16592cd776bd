using HmsOps.Series;

namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// 64-bit integers on disk: an order (<see cref="ColumnOrder"/>), residuals divided by a common divisor and packed in one width, patches for those
/// that do not fit. All arithmetic is modulo 2^64, so any column comes back to the bit. How many there are is not written: the reader knows.
/// Bytes: docs/formats/chunks.md.
/// </summary>
internal static class IntegerColumn
{
    const int PatchedBit = 0x80;
    const int DividedBit = 0x04;
    const int OrderBits = 0x03;

    /// <summary>The most bytes a column takes beside its packed numbers, when it has no patches.</summary>
    const int HeadBytesMax = 2 + (4 * Varint.BytesMax);

    /// <summary>The most bytes that a column of so many numbers takes.</summary>
    public static int BytesMax(int count) => HeadBytesMax + (8 * count);

    /// <summary>How many numbers an order writes before its residuals begin.</summary>
    public static int Firsts(ColumnOrder order) => order switch
    {
        ColumnOrder.Delta => 1,
        ColumnOrder.DeltaOfDelta => 2,
        _ => 0,
    };

    /// <summary>What is left of the numbers in an order; as many as there are, less its <see cref="Firsts"/>.</summary>
    public static void Residuals(ReadOnlySpan<long> numbers, ColumnOrder order, long step, Span<long> into)
    {
        switch (order)
        {
            case ColumnOrder.Plain:
                numbers.CopyTo(into);
                break;
            case ColumnOrder.Delta:
                for (var i = 0; i < into.Length; i++)
                    into[i] = numbers[i + 1] - numbers[i];
                break;
            case ColumnOrder.DeltaOfDelta:
                for (var i = 0; i < into.Length; i++)
                    into[i] = numbers[i + 2] - (2 * numbers[i + 1]) + numbers[i];
                break;
            default:
                for (var i = 0; i < into.Length; i++)
                    into[i] = numbers[i] - (i * step);
                break;
        }
    }

    /// <summary>The bytes <see cref="Write"/> will write; the quotients are asked for only when there are patches.</summary>
    public static int Bytes(in ColumnPlan plan, ReadOnlySpan<long> numbers, ReadOnlySpan<ulong> quotients)
    {
        var bytes = 2 + Varint.Size(Varint.ZigZag(Base(plan)));
        bytes += plan.Order switch
        {
            ColumnOrder.Delta => Varint.Size(Varint.ZigZag(numbers[0])),
            ColumnOrder.DeltaOfDelta => Varint.Size(Varint.ZigZag(numbers[0])) + Varint.Size(Varint.ZigZag(numbers[1] - numbers[0])),
            ColumnOrder.Line => Varint.Size(Varint.ZigZag(plan.Step)),
            _ => 0,
        };
        if (plan.Divisor != Divisor.One)
            bytes += Varint.Size(plan.Divisor.Value);
        bytes += BitPacking.Bytes(numbers.Length - Firsts(plan.Order), plan.Width);
        if (plan.Patches == 0)
            return bytes;
        bytes++;
        var last = -1;
        for (var i = 0; i < quotients.Length; i++)
        {
            var distance = quotients[i] - plan.Offset;
            if (distance >> plan.Width == 0)
                continue;
            bytes += Varint.Size((ulong)(i - last - 1)) + Varint.Size(Varint.ZigZag((long)distance));
            last = i;
        }
        return bytes;
    }

    /// <summary>Writes the column as planned; answers the bytes, which are the plan's.</summary>
    public static int Write(in ColumnPlan plan, ReadOnlySpan<long> numbers, Span<byte> into)
    {
        Span<long> space = stackalloc long[numbers.Length];
        var residuals = space[..(numbers.Length - Firsts(plan.Order))];
        Residuals(numbers, plan.Order, plan.Step, residuals);

        var divided = plan.Divisor != Divisor.One;
        into[0] = (byte)(plan.Width | (plan.Patches > 0 ? PatchedBit : 0));
        into[1] = (byte)((int)plan.Order | (divided ? DividedBit : 0));
        var at = 2;
        if (plan.Order is ColumnOrder.Delta or ColumnOrder.DeltaOfDelta)
            at += Varint.Write(into[at..], Varint.ZigZag(numbers[0]));
        if (plan.Order == ColumnOrder.DeltaOfDelta)
            at += Varint.Write(into[at..], Varint.ZigZag(numbers[1] - numbers[0]));
        if (plan.Order == ColumnOrder.Line)
            at += Varint.Write(into[at..], Varint.ZigZag(plan.Step));
        at += Varint.Write(into[at..], Varint.ZigZag(Base(plan)));
        if (divided)
            at += Varint.Write(into[at..], plan.Divisor.Value);

        var packedBytes = BitPacking.Bytes(residuals.Length, plan.Width);
        var packed = into.Slice(at, packedBytes);
        at += packedBytes;
        var patchesAt = at;
        at += plan.Patches > 0 ? 1 : 0;
        var patches = 0;
        Span<ulong> distances = stackalloc ulong[residuals.Length];
        var last = -1;
        for (var i = 0; i < residuals.Length; i++)
        {
            var distance = plan.Divisor.Divide((ulong)(residuals[i] - plan.Lowest)) - plan.Offset;
            if (plan.Patches > 0 && distance >> plan.Width != 0)
            {
                at += Varint.Write(into[at..], (ulong)(i - last - 1));
                at += Varint.Write(into[at..], Varint.ZigZag((long)distance));
                last = i;
                distance = 0;
                patches++;
            }
            distances[i] = distance;
        }
        // Fewer than planned when the numbers span all 64 bits: the lowest may then follow on the highest, and lie in the window.
        if (plan.Patches > 0)
            into[patchesAt] = (byte)patches;
        BitPacking.Pack(distances, plan.Width, packed);
        return at;
    }

    /// <summary>Reads exactly as many numbers as there is room for.</summary>
    public static void Read(ref ChunkReader from, Span<long> into)
    {
        var first = from.Byte();
        var second = from.Byte();
        var width = first & ~PatchedBit;
        if (width > 64)
            ChunkReader.Throw($"numbers of {width} bits");
        if ((second & ~(DividedBit | OrderBits)) != 0)
            ChunkReader.Throw($"a column's second byte is 0x{second:x2}");
        var order = (ColumnOrder)(second & OrderBits);
        var firsts = Firsts(order);
        if (firsts > into.Length)
            ChunkReader.Throw($"{into.Length} numbers in the order {order}");

        var start = firsts > 0 ? from.Signed() : 0;
        var slope = firsts > 1 || order == ColumnOrder.Line ? from.Signed() : 0;
        var origin = from.Signed();
        var divisor = (second & DividedBit) != 0 ? (long)from.Number() : 1;
        var residuals = into[firsts..];
        BitPacking.Unpack(from.Take(BitPacking.Bytes(residuals.Length, width)), width, origin, divisor, residuals);
        if ((first & PatchedBit) != 0)
            Patch(ref from, origin, divisor, residuals);

        switch (order)
        {
            case ColumnOrder.Delta:
                into[0] = start;
                Sum(residuals, start);
                break;
            case ColumnOrder.DeltaOfDelta:
                into[0] = start;
                into[1] = start + slope;
                SumTwice(residuals, start + slope, slope);
                break;
            case ColumnOrder.Line:
                for (var i = 0; i < into.Length; i++)
                    into[i] += i * slope;
                break;
        }
    }

    static void Patch(ref ChunkReader from, long origin, long divisor, Span<long> residuals)
    {
        var count = from.Byte();
        var position = -1;
        for (var i = 0; i < count; i++)
        {
            position += 1 + from.Count(ValueChunk.SamplesMax, "numbers between two patches");
            if (position >= residuals.Length)
                ChunkReader.Throw($"a patch for number {position} of {residuals.Length}");
            residuals[position] = origin + (divisor * from.Signed());
        }
    }

    static void Sum(Span<long> residuals, long sum)
    {
        foreach (ref var residual in residuals)
        {
            sum += residual;
            residual = sum;
        }
    }

    static void SumTwice(Span<long> residuals, long sum, long slope)
    {
        foreach (ref var residual in residuals)
        {
            slope += residual;
            sum += slope;
            residual = sum;
        }
    }

    static long Base(in ColumnPlan plan) => plan.Lowest + (long)(plan.Divisor.Value * plan.Offset);
}
