using System.Buffers;
using HmsOps.Series;

namespace HmsOps.Tsdb.Wal;

/// <summary>What a frame of the log holds: docs/formats/metric-log.md.</summary>
internal enum FrameType : byte
{
    /// <summary>Version 1's samples: read, not written.</summary>
    FirstSamples = 1,

    /// <summary>Version 1's observations: read, not written.</summary>
    FirstObservations = 2,

    /// <summary>Samples whose declarations have their labels whole: read, not written.</summary>
    SecondSamples = 3,

    /// <summary>Observations whose declarations have their labels whole: read, not written.</summary>
    SecondObservations = 4,

    /// <summary>An order to delete.</summary>
    Deletion = 5,

    Samples = 6,
    Observations = 7,
}

/// <summary>What every payload begins with.</summary>
/// <param name="Epoch">Series numbers are valid within one epoch: what lies before the first frame of an epoch is not needed to read it.</param>
/// <param name="IsFirst">The epoch begins here.</param>
/// <param name="Stamp">When the batch arrived, milliseconds since 1970; never goes back.</param>
internal readonly record struct FrameHead(long Epoch, bool IsFirst, long Stamp)
{
    public void Write(IBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)Epoch);
        Varint.Write(into, IsFirst ? 1UL : 0);
        Varint.Write(into, (ulong)Stamp);
    }

    public static bool TryRead(ref ReadOnlySpan<byte> from, out FrameHead head)
    {
        head = default;
        if (!Varint.TryRead(ref from, out var epoch) || !Varint.TryRead(ref from, out var flags) || !Varint.TryRead(ref from, out var stamp))
            return false;
        head = new FrameHead((long)epoch, flags == 1, (long)stamp);
        return flags <= 1;
    }
}

/// <summary>Doubles as the log writes them: little-endian, every bit kept.</summary>
internal static class LogDouble
{
    public static void Write(IBufferWriter<byte> into, double value)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteDoubleLittleEndian(into.GetSpan(sizeof(double)), value);
        into.Advance(sizeof(double));
    }

    public static bool TryRead(ref ReadOnlySpan<byte> from, out double value)
    {
        value = 0;
        if (from.Length < sizeof(double))
            return false;
        value = System.Buffers.Binary.BinaryPrimitives.ReadDoubleLittleEndian(from);
        from = from[sizeof(double)..];
        return true;
    }
}
