using System.Buffers.Binary;
using HmsOps.Record;

namespace HmsOps.Present.Tests.Stage;

/// <summary>Identifiers that count: the same in every run.</summary>
public sealed class CountingIds : IIds
{
    private int _made;

    public Guid NewId(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], ++_made);
        bytes[6] = 0x70;
        return new Guid(bytes, bigEndian: true);
    }

    public void Fill(Span<byte> bytes) => bytes.Fill(0x41);
}
