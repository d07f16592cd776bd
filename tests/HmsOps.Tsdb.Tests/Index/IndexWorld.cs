using HmsOps.Series;
using HmsOps.Tsdb.Index;
using HmsOps.Tsdb.Pages;

namespace HmsOps.Tsdb.Tests.Index;

/// <summary>An index beside a list of the same label sets, and how the list would answer.</summary>
internal sealed class IndexWorld
{
    public static readonly UInt128 Key = new(0x0123456789abcdef, 0xfedcba9876543210);

    public SeriesIndex Index { get; set; } = new(Key);

    public List<Labels> Series { get; } = [];

    public static Labels Set(string text)
    {
        var builder = new LabelsBuilder();
        foreach (var pair in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            builder.Set(pair[..pair.IndexOf('=')], pair[(pair.IndexOf('=') + 1)..]);
        return builder.Build();
    }

    public int Add(Labels labels)
    {
        var identity = Index.IdentityOf(labels.Bytes);
        var found = Index.Find(identity);
        if (found >= 0)
            return found;
        Series.Add(labels);
        return Index.Add(labels, identity);
    }

    public int[] Expected(IReadOnlyList<Matcher> matchers) =>
        [.. Enumerable.Range(0, Series.Count).Where(id => matchers.All(matcher => matcher.Matches(Series[id])))];

    public int[] Select(params Matcher[] matchers) => Index.Select(matchers, CancellationToken.None);

    public static byte[] Saved(SeriesIndex index)
    {
        var sink = new MemorySink();
        index.Save(sink);
        return [.. sink.Bytes];
    }

    public static SeriesIndex Loaded(byte[] bytes, UInt128? key = null) => SeriesIndex.Load(new MemorySource(bytes), key ?? Key);

    private sealed class MemorySink : IPageSink
    {
        public List<byte> Bytes { get; } = [];

        public void Write(ReadOnlySpan<byte> bytes) => Bytes.AddRange(bytes);
    }

    private sealed class MemorySource(byte[] bytes) : IPageSource
    {
        private int _at;

        public long Left => bytes.Length - _at;

        public int Read(Span<byte> into)
        {
            var part = Math.Min(into.Length, bytes.Length - _at);
            bytes.AsSpan(_at, part).CopyTo(into);
            _at += part;
            return part;
        }
    }
}
