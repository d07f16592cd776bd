using System.Buffers;
using HmsOps.Series;

namespace HmsOps.Tsdb.Outgoing;

/// <summary>How far the store's log had come: all that was taken before it is in the queue, and nothing after it.</summary>
/// <param name="Next">The sequence of the log that comes next.</param>
/// <param name="ClosedUpTo">Up to when observed series were made into samples.</param>
internal readonly record struct TakenUpTo(long Next, long ClosedUpTo);

/// <summary>What every frame of the queue begins with: docs/formats/sample-queue.md.</summary>
/// <param name="Epoch">Series numbers are valid within one epoch: what lies before its first frame is not needed to read it.</param>
/// <param name="IsFirst">The epoch begins here.</param>
/// <param name="Since">When the first of its items came, milliseconds since 1970.</param>
/// <param name="Taken">Where the store's log stood at its end.</param>
internal readonly record struct OutgoingFrame(long Epoch, bool IsFirst, long Since, TakenUpTo Taken)
{
    public const byte Type = 1;

    public void Write(IBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)Epoch);
        Varint.Write(into, IsFirst ? 1UL : 0);
        Varint.Write(into, Varint.ZigZag(Since));
        Varint.Write(into, Varint.ZigZag(Taken.Next));
        Varint.Write(into, Varint.ZigZag(Taken.ClosedUpTo));
    }

    /// <summary>Of what follows a frame's head: whether it declares nothing and has no samples, and nothing beside them.</summary>
    public static bool IsBeginning(ReadOnlySpan<byte> content) => content is [0, 0];

    public static bool TryRead(ref ReadOnlySpan<byte> from, out OutgoingFrame head)
    {
        head = default;
        if (!Varint.TryRead(ref from, out var epoch) || !Varint.TryRead(ref from, out var flags) || flags > 1 || !Varint.TryRead(ref from, out var since)
            || !Varint.TryRead(ref from, out var next) || !Varint.TryRead(ref from, out var closed))
        {
            return false;
        }
        head = new OutgoingFrame((long)epoch, flags == 1, Varint.UnZigZag(since), new TakenUpTo(Varint.UnZigZag(next), Varint.UnZigZag(closed)));
        return true;
    }
}

/// <summary>How far a series' samples are apart, as writer and reader of the queue expect the next one.</summary>
internal static class OutgoingStep
{
    /// <summary>Notes a sample in the series' record, so that the next one leans on it.</summary>
    public static void Take(ref Head.SeriesRecord record, long time, long bits, bool isHistogram)
    {
        var step = time - record.LastTime;
        record.Step = step is > 0 and <= uint.MaxValue ? (uint)step : 0;
        Head.SeriesHead.Take(ref record, time, bits, isHistogram);
    }
}
