using HmsOps.Observe.Prometheus.Chunks;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// A walk over an answer that comes in the order of rows by itself, which is looked after: Prometheus sorts by labels, and that is the same within one metric, unless it adds labels of its own (<c>external_labels</c>)
/// behind the sorting.
/// </summary>
internal sealed class CheckedCursor(SeriesCursor inner, Func<Labels, SourceUnavailableException> whenOutOfOrder) : SeriesCursor
{
    private Labels? _before;

    public override SeriesView Current => inner.Current;

    public override Labels Labels => inner.Labels;

    public override IReadOnlyList<string> Warnings => inner.Warnings;

    public override bool MoveNext()
    {
        if (!inner.MoveNext())
            return false;
        if (_before is { } before && Labels.CompareRows(before, inner.Labels) >= 0)
            throw whenOutOfOrder(inner.Labels);
        _before = inner.Labels;
        return true;
    }

    public override void Dispose()
    {
        inner.Dispose();
        base.Dispose();
    }
}

/// <summary>
/// A walk in the order of rows over an answer that comes in any: all of it is held, packed as in Prometheus' chunks (some three bytes a sample), and unpacked series by series. A series that comes twice is one.
/// </summary>
internal sealed class HeldCursor(SeriesCursor inner, Selection selection, long bytesMax) : SeriesCursor
{
    // What a series, and each chunk of it, takes beside its bytes.
    private const int SeriesBytes = 120;
    private const int ChunkBytes = 48;

    private readonly SampleColumns _columns = new();
    private readonly ChunkColumns _unpacked = new();
    private List<Held>? _held;
    private int _next;
    private Labels _labels;

    public override SeriesView Current => _columns.View(_labels);

    public override Labels Labels => _labels;

    public override IReadOnlyList<string> Warnings => inner.Warnings;

    public override bool MoveNext()
    {
        _held ??= Hold();
        _columns.Clear();
        if (_next == _held.Count)
            return false;
        _labels = _held[_next].Labels;
        for (; _next < _held.Count && _held[_next].Labels == _labels; _next++)
        {
            foreach (var chunk in _held[_next].Chunks)
                Unpack(chunk);
            _held[_next].Chunks.Clear();
        }
        _columns.Settle();
        return true;
    }

    public override void Dispose()
    {
        inner.Dispose();
        base.Dispose();
    }

    private List<Held> Hold()
    {
        var held = new List<Held>();
        var encoder = new ChunkEncoder();
        var bytes = 0L;
        while (inner.MoveNext())
        {
            var series = inner.Current;
            var chunks = new List<Chunk>();
            bytes += SeriesBytes + series.Labels.Bytes.Length;
            for (var at = 0; at < series.Times.Length;)
            {
                at = encoder.Encode(series, at, out var data);
                chunks.Add(new Chunk(encoder.Encoding, data.ToArray()));
                bytes += ChunkBytes + data.Length;
            }
            if (bytes > bytesMax)
                throw new QueryBudgetException($"The cluster's series come in no order, and putting them in order takes more than {bytesMax:n0} bytes. Narrow {{{string.Join(", ", selection.Matchers)}}} or its range, or aggregate what is selected.");
            held.Add(new Held(series.Labels, chunks));
        }
        held.Sort(static (a, b) => Labels.CompareRows(a.Labels, b.Labels));
        return held;
    }

    private void Unpack(Chunk chunk)
    {
        _unpacked.Decode(chunk.Encoding, chunk.Data);
        var times = _unpacked.Times;
        var values = _unpacked.Values;
        var histograms = _unpacked.Histograms;
        for (var i = 0; i < times.Length; i++)
            _columns.Add(times[i], histograms.IsEmpty ? values[i] : 0, histograms.IsEmpty ? null : histograms[i]);
    }

    private sealed record Held(Labels Labels, List<Chunk> Chunks);

    private sealed record Chunk(ChunkEncoding Encoding, byte[] Data);
}
