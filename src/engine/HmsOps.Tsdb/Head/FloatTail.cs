using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// The raw tail of a series of floats. Evenly spaced equal values are their record alone: first time, step, count. The first value that differs, or the
/// first time out of step, takes a slot for up to <see cref="SamplesMax"/> of them, which grows as they come.
/// </summary>
internal static class FloatTail
{
    /// <summary>Samples in a slot.</summary>
    public const int SamplesMax = 32;

    /// <summary>Samples in a tail that needs no slot.</summary>
    public const int RunMax = ushort.MaxValue;

    private const int CapacityMin = 8;

    /// <summary>True when the next sample would make the tail something it cannot be: it has to be sealed before.</summary>
    public static bool IsFullFor(int id, in SeriesRecord record, long time, long bits)
    {
        if (time - record.First > uint.MaxValue)
            return true;
        if (record.Is(SeriesMarks.HasValues | SeriesMarks.HasOffsets))
            return record.Count >= (record.Newest == 0 ? (int)Spread.Of(id, CapacityMin, SamplesMax) : SamplesMax);
        var goesOn = bits == record.Run && (record.Count == 1 || time - LastOf(record) == record.Step);
        return record.Count >= (goesOn ? RunMax : SamplesMax);
    }

    /// <summary>Appends to a tail that is of floats, or empty, and not full.</summary>
    public static void Append(HeadArena arena, ref SeriesRecord record, long time, long bits, uint step)
    {
        if (record.Count == 0)
        {
            (record.First, record.Run, record.Step, record.Count) = (time, bits, step, 1);
            return;
        }
        var shape = record.Marks & SeriesMarks.TailShape;
        if (bits != record.Run)
            shape |= SeriesMarks.HasValues;
        if (record.Count > 1 && step != record.Step)
            shape |= SeriesMarks.HasOffsets;
        if ((shape & (SeriesMarks.HasValues | SeriesMarks.HasOffsets)) != SeriesMarks.None)
        {
            if (shape != (record.Marks & SeriesMarks.TailShape) || record.Count == Capacity(record.Count))
                Reshape(arena, ref record, shape);
            var slot = arena[record.Slot];
            if ((shape & SeriesMarks.HasValues) != SeriesMarks.None)
                Longs(slot)[record.Count] = bits;
            if ((shape & SeriesMarks.HasOffsets) != SeriesMarks.None)
                Offsets(slot, shape, Capacity(record.Count + 1))[record.Count] = (uint)(time - record.First);
        }
        record.Step = step;
        record.Count++;
    }

    /// <summary>The time of the newest sample of a tail of floats; it has one.</summary>
    public static long LastOf(HeadArena arena, in SeriesRecord record) => record.Is(SeriesMarks.HasOffsets)
        ? record.First + Offsets(arena[record.Slot], record.Marks, Capacity(record.Count))[record.Count - 1]
        : LastOf(record);

    /// <summary>Gives the slot back and leaves the tail empty.</summary>
    public static void Clear(HeadArena arena, ref SeriesRecord record)
    {
        if (record.Slot != 0)
            arena.Give(record.Slot, SlotBytes(record.Marks, Capacity(record.Count)));
        record.Slot = 0;
        record.Count = 0;
        record.Marks &= ~SeriesMarks.TailShape;
    }

    /// <summary>Drops samples from the front of a tail that has no slot.</summary>
    public static void SkipFirst(ref SeriesRecord record, int samples)
    {
        record.First += (long)samples * record.Step;
        record.Count -= (ushort)samples;
    }

    /// <summary>Bytes of the slot; 0 when there is none.</summary>
    public static int SlotBytes(in SeriesRecord record) => record.Slot == 0 ? 0 : SlotBytes(record.Marks, Capacity(record.Count));

    /// <summary>Reads the first times of a tail, from its record and its slot.</summary>
    public static void ReadTimes(in SeriesRecord record, ReadOnlySpan<byte> slot, Span<long> into)
    {
        if (record.Is(SeriesMarks.HasOffsets))
        {
            var offsets = Offsets(slot, record.Marks, Capacity(record.Count));
            for (var i = 0; i < into.Length; i++)
                into[i] = record.First + offsets[i];
            return;
        }
        var time = record.First;
        foreach (ref var place in into)
        {
            place = time;
            time += record.Step;
        }
    }

    /// <summary>Reads the first values of a tail.</summary>
    public static void ReadValues(in SeriesRecord record, ReadOnlySpan<byte> slot, Span<double> into)
    {
        if (record.Is(SeriesMarks.HasValues))
            MemoryMarshal.Cast<byte, double>(slot)[..into.Length].CopyTo(into);
        else
            into.Fill(BitConverter.Int64BitsToDouble(record.Run));
    }

    private static long LastOf(in SeriesRecord record) => record.First + ((record.Count - 1L) * record.Step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Capacity(int count) => count <= CapacityMin ? CapacityMin : count <= 2 * CapacityMin ? 2 * CapacityMin : SamplesMax;

    private static int SlotBytes(SeriesMarks shape, int capacity) =>
        capacity * (((shape & SeriesMarks.HasValues) != SeriesMarks.None ? sizeof(long) : 0) + ((shape & SeriesMarks.HasOffsets) != SeriesMarks.None ? sizeof(uint) : 0));

    // Room for one more, in the shape that one more needs; what was implied by the record is written out.
    private static void Reshape(HeadArena arena, ref SeriesRecord record, SeriesMarks shape)
    {
        int count = record.Count;
        var capacity = Capacity(count + 1);
        var handle = arena.Take(SlotBytes(shape, capacity));
        var old = record.Slot == 0 ? default : arena[record.Slot];
        var slot = arena[handle];
        if ((shape & SeriesMarks.HasValues) != SeriesMarks.None)
        {
            if (record.Is(SeriesMarks.HasValues))
                Longs(old)[..count].CopyTo(Longs(slot));
            else
                Longs(slot)[..count].Fill(record.Run);
        }
        if ((shape & SeriesMarks.HasOffsets) != SeriesMarks.None)
        {
            var offsets = Offsets(slot, shape, capacity);
            if (record.Is(SeriesMarks.HasOffsets))
                Offsets(old, record.Marks, Capacity(count))[..count].CopyTo(offsets);
            else
                Count(offsets[..count], record.Step);
        }
        if (record.Slot != 0)
            arena.Give(record.Slot, SlotBytes(record.Marks, Capacity(count)));
        record.Slot = handle;
        record.Marks = (record.Marks & ~SeriesMarks.TailShape) | shape;
    }

    private static void Count(Span<uint> offsets, uint step)
    {
        var offset = 0u;
        foreach (ref var place in offsets)
        {
            place = offset;
            offset += step;
        }
    }

    private static Span<long> Longs(Span<byte> slot) => MemoryMarshal.Cast<byte, long>(slot);

    private static Span<uint> Offsets(Span<byte> slot, SeriesMarks shape, int capacity) =>
        MemoryMarshal.Cast<byte, uint>(slot[((shape & SeriesMarks.HasValues) != SeriesMarks.None ? capacity * sizeof(long) : 0)..])[..capacity];

    private static ReadOnlySpan<uint> Offsets(ReadOnlySpan<byte> slot, SeriesMarks shape, int capacity) =>
        MemoryMarshal.Cast<byte, uint>(slot[((shape & SeriesMarks.HasValues) != SeriesMarks.None ? capacity * sizeof(long) : 0)..])[..capacity];
}

/// <summary>
/// Series that began together would all be sealed together, and merged together. What is first of a series is made sooner, by its id: that spreads the work,
/// and room given back by one is there for the next.
/// </summary>
internal static class Spread
{
    /// <summary>A number of the range, both ends included, the same for an id each time.</summary>
    public static uint Of(int id, int from, int to) => (uint)from + (uint)(((ulong)((uint)id * 2_654_435_769) * (uint)(to - from + 1)) >> 32);
}
