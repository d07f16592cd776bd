using HmsOps.Disk;

namespace HmsOps.Observe.Wire;

/// <summary>Buffers of the pool that grow at the cost of a door's budget. Who holds one begins with an empty array and ends with <see cref="Give"/>.</summary>
internal static class PooledBytes
{
    /// <summary>What the first buffer holds at least.</summary>
    public const int FirstBytes = 64 * 1024;

    /// <summary>Takes a larger buffer, twice as large if the limit allows, and moves what is used; false when the budget has no room, and nothing was changed.</summary>
    public static bool TryGrow(ref byte[] buffer, int used, long atLeast, long most, ByteBudget budget)
    {
        var wanted = Math.Max(atLeast, Math.Min(Math.Max(FirstBytes, 2L * buffer.Length), most));
        var larger = LargeBuffers.Rent((int)Math.Min(wanted, Array.MaxLength));
        if (!budget.TryTake(larger.Length - buffer.Length))
        {
            LargeBuffers.Return(larger);
            return false;
        }
        buffer.AsSpan(0, used).CopyTo(larger);
        if (buffer.Length > 0)
            LargeBuffers.Return(buffer);
        buffer = larger;
        return true;
    }

    /// <summary>Gives a buffer back, and its bytes to the budget.</summary>
    public static void Give(ref byte[] buffer, ByteBudget budget)
    {
        if (buffer.Length > 0)
            LargeBuffers.Return(buffer);
        budget.Give(buffer.Length);
        buffer = [];
    }
}
