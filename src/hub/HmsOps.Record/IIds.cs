namespace HmsOps.Record;

/// <summary>Where new identifiers come from: chance is handed in, so a simulated day has the same ids in every run.</summary>
public interface IIds
{
    /// <summary>A UUID of version 7 for that time.</summary>
    Guid NewId(DateTimeOffset at);

    /// <summary>Fills a span with random bytes.</summary>
    void Fill(Span<byte> bytes);
}
