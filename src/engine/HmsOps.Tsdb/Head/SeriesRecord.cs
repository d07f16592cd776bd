using System.Runtime.InteropServices;

namespace HmsOps.Tsdb.Head;

/// <summary>What is true of a series; lies in its record.</summary>
[Flags]
internal enum SeriesMarks : ushort
{
    None = 0,

    /// <summary>The log names it under the numbering in use.</summary>
    Declared = 1,

    /// <summary>The tail's values differ: they lie in its slot.</summary>
    HasValues = 2,

    /// <summary>The tail's times are not evenly spaced: how far each is from the first lies in its slot.</summary>
    HasOffsets = 4,

    /// <summary>The tail is of histograms, and lies in a <see cref="HistogramTail"/>.</summary>
    HasHistograms = 8,

    /// <summary>The newest sample is a histogram: <see cref="SeriesRecord.LastBits"/> is its digest.</summary>
    LastIsHistogram = 16,

    /// <summary>There are late samples of it.</summary>
    HasLate = 32,

    /// <summary>It has samples.</summary>
    Listed = 64,

    /// <summary>All its samples were dropped, and it does not count as a series until it has one again.</summary>
    Forgotten = 128,

    /// <summary>Its samples are made of observations, folded into a histogram.</summary>
    Observed = 256,

    /// <summary>Its samples are made of increments, folded into a counter.</summary>
    Counted = 512,

    /// <summary>Where its samples come from.</summary>
    Kinds = Observed | Counted,

    /// <summary>Where its tail lies.</summary>
    TailShape = HasValues | HasOffsets | HasHistograms,
}

/// <summary>
/// All the head knows of a series, but for its labels: one cache line, without a pointer. The tail is its newest samples, not yet encoded: evenly
/// spaced equal values need nothing beside the record, however many they are.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct SeriesRecord
{
    public const long Never = long.MinValue;

    /// <summary>The writer's: time of the newest sample taken in order, readers may not see it yet. Kept when samples are dropped.</summary>
    public long LastTime;

    /// <summary>The writer's: bits of that sample, what the next one is written as a difference to.</summary>
    public long LastBits;

    /// <summary>Time of the tail's first sample.</summary>
    public long First;

    /// <summary>Bits of the tail's first sample, and of all when there are no values in a slot.</summary>
    public long Run;

    /// <summary>When what the tail counts began to be counted; 0 if unknown.</summary>
    public long Start;

    /// <summary>Milliseconds between the two newest samples; in an evenly spaced tail between any two.</summary>
    public uint Step;

    /// <summary>Handle of the tail's slot, 0 without one.</summary>
    public uint Slot;

    /// <summary>Handle of the newest sealed piece, 0 when there is none.</summary>
    public uint Newest;

    /// <summary>Samples ever appended in order: the position of the next one.</summary>
    public uint Next;

    /// <summary>Samples in the tail.</summary>
    public ushort Count;

    public SeriesMarks Marks;

    /// <summary>The codec's, about what served this series before.</summary>
    public ushort Hint;

    /// <summary>The log's: samples written since one was written whole.</summary>
    public byte Coded;

    /// <summary>The log's: decimals that served before, or that none did.</summary>
    public byte Decimals;

    public readonly bool Is(SeriesMarks mark) => (Marks & mark) != SeriesMarks.None;

    /// <summary>True when the tail's samples lie at even distances.</summary>
    public readonly bool IsEven => !Is(SeriesMarks.HasOffsets | SeriesMarks.HasHistograms);
}
