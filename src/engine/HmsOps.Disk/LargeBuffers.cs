using System.Numerics;

namespace HmsOps.Disk;

/// <summary>
/// Buffers of 64 KiB and more, for what comes and goes in large pieces: bodies of requests, frames on their way to the disk. The framework's shared pool
/// keeps one of each size for each thread that ever gave one back; this keeps a few for all, and no more than <see cref="KeptBytesMax"/>. Thread-safe.
/// </summary>
public static class LargeBuffers
{
    /// <summary>The smallest it hands out.</summary>
    public const int BytesMin = 64 * 1024;

    /// <summary>What it keeps for later at most.</summary>
    public const int KeptBytesMax = 8 * 1024 * 1024;

    private const int SizesMax = 8; // 64 KiB to 8 MiB; what is larger is never kept

    private static readonly Lock Gate = new();
    private static readonly Stack<byte[]>[] Kept = [.. Enumerable.Range(0, SizesMax).Select(_ => new Stack<byte[]>())];
    private static int _keptBytes;

    /// <summary>A buffer of at least so many bytes. What is in it means nothing.</summary>
    public static byte[] Rent(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (bytes > 1 << 30)
            return GC.AllocateUninitializedArray<byte>(bytes);
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(bytes, BytesMin));
        if (PlaceOf(size) < SizesMax)
        {
            lock (Gate)
            {
                if (Kept[PlaceOf(size)].TryPop(out var kept))
                {
                    _keptBytes -= size;
                    return kept;
                }
            }
        }
        return GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>Gives back what <see cref="Rent"/> answered; the empty array is nobody's.</summary>
    public static void Return(byte[] buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        var size = buffer.Length;
        if (size < BytesMin || !BitOperations.IsPow2(size) || PlaceOf(size) >= SizesMax)
            return;
        lock (Gate)
        {
            if (_keptBytes + size > KeptBytesMax)
                return;
            _keptBytes += size;
            Kept[PlaceOf(size)].Push(buffer);
        }
    }

    private static int PlaceOf(int size) => BitOperations.Log2((uint)(size / BytesMin));
}
