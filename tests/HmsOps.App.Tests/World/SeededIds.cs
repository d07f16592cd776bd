using HmsOps.Record;

namespace HmsOps.App.Tests.World;

/// <summary>Identifiers from a seed: the same in every run.</summary>
internal sealed class SeededIds(Random random) : IIds
{
    public Guid NewId(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    public void Fill(Span<byte> bytes) => random.NextBytes(bytes);
}
