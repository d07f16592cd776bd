using HmsOps.Tsdb.Pages;

namespace HmsOps.Bench.Index;

/// <summary>Pages in memory, so that no disk is measured.</summary>
internal sealed class PagesInMemory(MemoryStream bytes) : IPageSink, IPageSource
{
    private int _at;

    public PagesInMemory()
        : this(new MemoryStream())
    {
    }

    public MemoryStream Bytes { get; } = bytes;

    public long Left => Bytes.Length - _at;

    public void Write(ReadOnlySpan<byte> bytes) => Bytes.Write(bytes);

    public int Read(Span<byte> into)
    {
        var part = (int)Math.Min(into.Length, Left);
        Bytes.GetBuffer().AsSpan(_at, part).CopyTo(into);
        _at += part;
        return part;
    }
}
