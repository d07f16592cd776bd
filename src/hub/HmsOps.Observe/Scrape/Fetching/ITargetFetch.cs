using System.Buffers;
using HmsOps.Observe.Exposition;

namespace HmsOps.Observe.Scrape.Fetching;

/// <summary>Asks a target. Real ones go over the network; a simulation answers itself. Safe for concurrent use.</summary>
public interface ITargetFetch
{
    /// <summary>Asks once. The token is the target's timeout; that it ran out is an <see cref="OperationCanceledException"/>.</summary>
    Task<FetchOutcome> FetchAsync(ScrapeTarget target, CancellationToken cancellationToken);
}

/// <summary>What a target answered.</summary>
public abstract record FetchOutcome
{
    private FetchOutcome()
    {
    }

    /// <summary>A body in a known format. Whoever takes it disposes of it.</summary>
    public sealed record Answered(FetchedBody Body, ExpositionFormat Format) : FetchOutcome;

    /// <summary>Nothing that can be read.</summary>
    /// <param name="Code">For counters: <c>status</c>, <c>refused</c>, <c>packed_limit</c>, …</param>
    /// <param name="Reason">For people.</param>
    public sealed record Failed(string Code, string Reason) : FetchOutcome;
}

/// <summary>A body in a rented buffer.</summary>
public sealed class FetchedBody(byte[] rented, int length, Action returned) : IDisposable
{
    public ReadOnlySpan<byte> Span => rented.AsSpan(0, length);

    public int Length => length;

    /// <summary>A body of bytes that nobody rented.</summary>
    public static FetchedBody Of(ReadOnlySpan<byte> bytes)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Math.Max(1, bytes.Length));
        bytes.CopyTo(rented);
        return new FetchedBody(rented, bytes.Length, static () => { });
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(rented);
        returned();
    }
}
