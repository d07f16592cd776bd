using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Sending;

/// <summary>
/// Writes a part of a batch as a message of remote write: each series once, with its samples in the order in which they came. One owner; allocates nothing a sample once it
/// has grown.
/// </summary>
internal abstract class OutgoingMessage(MessageWriter into)
{
    private const int ExemplarValue = 2; // the time is the next field

    private int[] _first = [];
    private int[] _last = [];
    private int[] _behind = []; // of each sample the next one of its series
    private int[] _order = [];  // the series of the part, as they came
    private List<int>?[] _exemplars = [];

    /// <summary>What was written; empty when there was nothing the message has a place for.</summary>
    public virtual ReadOnlyMemory<byte> Bytes => into.Bytes;

    /// <summary>True when it would be larger than a request may be.</summary>
    public virtual bool IsTooLarge => into.IsFull;

    protected MessageWriter Into => into;

    /// <summary>Writes the samples from one place to before another, and perhaps what came beside them.</summary>
    public void Write(SampleBatch batch, int from, int to, bool withBeside)
    {
        into.Clear();
        Begin();
        var series = Group(batch, from, to, withBeside);
        for (var i = 0; i < series && !IsTooLarge; i++)
            WriteSeries(batch, _order[i]);
        if (withBeside)
            WriteMetadata(batch.Metadata);
    }

    /// <summary>How many items of a part the message has room for.</summary>
    public abstract long Items(SampleBatch batch, int from, int to, bool withBeside);

    protected virtual void Begin()
    {
    }

    protected abstract int TimeSeries { get; }

    protected abstract void WriteLabels(ReadOnlySpan<byte> key);

    protected abstract void WriteSample(long time, double value, long start);

    protected abstract void WriteHistogram(long time, NativeHistogram histogram, long start);

    protected abstract int ExemplarField { get; }

    protected virtual void EndSeries(ReadOnlySpan<byte> key)
    {
    }

    protected abstract void WriteMetadata(IReadOnlyList<MetricMetadata> said);

    private int Group(SampleBatch batch, int from, int to, bool withBeside)
    {
        if (_first.Length < batch.SeriesCount)
        {
            Array.Resize(ref _first, 2 * batch.SeriesCount);
            Array.Resize(ref _last, 2 * batch.SeriesCount);
            Array.Resize(ref _order, 2 * batch.SeriesCount);
            Array.Resize(ref _exemplars, 2 * batch.SeriesCount);
        }
        if (_behind.Length < batch.Count)
            Array.Resize(ref _behind, 2 * batch.Count);
        _first.AsSpan(0, batch.SeriesCount).Fill(-1);
        _exemplars.AsSpan(0, batch.SeriesCount).Clear();
        var count = 0;
        var series = batch.SampleSeries;
        for (var i = from; i < to; i++)
        {
            var of = series[i];
            _behind[i] = -1;
            if (_first[of] < 0)
                _order[count++] = _first[of] = i;
            else
                _behind[_last[of]] = i;
            _last[of] = i;
        }
        for (var i = 0; i < count; i++)
            _order[i] = series[_order[i]];
        for (var i = 0; withBeside && i < batch.Exemplars.Count; i++)
        {
            var of = batch.Exemplars[i].Series;
            if (_first[of] < 0 && _exemplars[of] is null)
                _order[count++] = of;
            (_exemplars[of] ??= []).Add(i);
        }
        return count;
    }

    private void WriteSeries(SampleBatch batch, int series)
    {
        var key = batch.KeyOf(series).Span;
        var block = into.BeginBlock(TimeSeries);
        WriteLabels(key);
        for (var i = _first[series]; i >= 0; i = _behind[i])
        {
            var start = batch.Starts.IsEmpty ? 0 : batch.Starts[i];
            if (!batch.Histograms.IsEmpty && batch.Histograms[i] is { } histogram)
                WriteHistogram(batch.Times[i], histogram, start);
            else
                WriteSample(batch.Times[i], batch.Values[i], start);
        }
        foreach (var at in _exemplars[series] ?? [])
            WriteExemplar(batch.Exemplars[at]);
        EndSeries(key);
        into.EndBlock(block);
    }

    private void WriteExemplar(in Exemplar exemplar)
    {
        var block = into.BeginBlock(ExemplarField);
        WriteLabels(exemplar.Labels.Bytes);
        into.WriteDouble(ExemplarValue, exemplar.Value);
        into.WriteVarint(ExemplarValue + 1, (ulong)exemplar.Time);
        into.EndBlock(block);
    }
}

/// <summary>What the types of metrics are numbered, in both messages.</summary>
internal static class MetadataTypes
{
    private static readonly string[] Names = ["unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];

    public static ulong NumberOf(string type) => (ulong)Math.Max(0, Array.IndexOf(Names, type));
}

/// <summary>Remote write 1.0: <c>prometheus.WriteRequest</c>, which knows no start of what is counted.</summary>
internal sealed class MessageOne(MessageWriter into) : OutgoingMessage(into)
{
    private const int Samples = 2;
    private const int Histograms = 4;
    private const int Metadata = 3;

    protected override int TimeSeries => 1;

    protected override int ExemplarField => 3;

    public override long Items(SampleBatch batch, int from, int to, bool withBeside) => to - from + (withBeside ? batch.Exemplars.Count + batch.Metadata.Count : 0);

    protected override void WriteLabels(ReadOnlySpan<byte> key) => Into.WriteBytes(key); // they lie as the message wants them

    protected override void WriteSample(long time, double value, long start)
    {
        var block = Into.BeginBlock(Samples);
        Into.WriteDouble(1, value);
        Into.WriteVarint(2, (ulong)time);
        Into.EndBlock(block);
    }

    protected override void WriteHistogram(long time, NativeHistogram histogram, long start) => HistogramMessage.Write(Into, Histograms, histogram, time);

    protected override void WriteMetadata(IReadOnlyList<MetricMetadata> said)
    {
        foreach (var metric in said)
        {
            var block = Into.BeginBlock(Metadata);
            Into.WriteVarint(1, MetadataTypes.NumberOf(metric.Type));
            Into.WriteText(2, metric.Metric);
            Into.WriteText(4, metric.Help);
            Into.WriteText(5, metric.Unit);
            Into.EndBlock(block);
        }
    }
}

/// <summary>
/// Remote write 2.0: <c>io.prometheus.write.v2.Request</c>. Names, values and words are symbols, each once in the message; what is known of a metric stands with its series.
/// </summary>
internal sealed class MessageTwo(MessageWriter series, MessageWriter whole, Func<string, MetricMetadata?> describe) : OutgoingMessage(series)
{
    private const int SymbolsKept = 200_000; // of earlier requests, for most come again

    private readonly Dictionary<byte[], (long Request, int Ref)> _symbols = new(ByteKeys.Comparer);
    private readonly Dictionary<int, MetricMetadata?> _described = []; // by the symbol of the metric's name
    private readonly List<byte[]> _listed = [];
    private long _request;
    private bool _isWritten;

    public override ReadOnlyMemory<byte> Bytes
    {
        get
        {
            if (!_isWritten)
                WriteWhole();
            return whole.Bytes;
        }
    }

    public override bool IsTooLarge => Into.IsFull || (_isWritten && whole.IsFull);

    protected override int TimeSeries => 5;

    protected override int ExemplarField => 4;

    // What is said of metrics stands with their series, and the cluster does not count it.
    public override long Items(SampleBatch batch, int from, int to, bool withBeside) => to - from + (withBeside ? batch.Exemplars.Count : 0);

    protected override void Begin()
    {
        if (_symbols.Count > SymbolsKept)
            _symbols.Clear();
        _request++;
        _isWritten = false;
        _listed.Clear();
        _described.Clear();
        _ = RefOf([]); // the first one is empty
    }

    protected override void WriteLabels(ReadOnlySpan<byte> key)
    {
        var refs = Into.BeginBlock(1);
        while (LabelBytes.TryRead(ref key, out var name, out var value))
        {
            Into.WriteVarint((ulong)RefOf(name));
            Into.WriteVarint((ulong)RefOf(value));
        }
        Into.EndBlock(refs);
    }

    protected override void WriteSample(long time, double value, long start)
    {
        var block = Into.BeginBlock(2);
        Into.WriteDouble(1, value);
        Into.WriteVarint(2, (ulong)time);
        if (start != 0)
            Into.WriteVarint(3, (ulong)start);
        Into.EndBlock(block);
    }

    protected override void WriteHistogram(long time, NativeHistogram histogram, long start) => HistogramMessage.Write(Into, 3, histogram, time, start);

    protected override void EndSeries(ReadOnlySpan<byte> key)
    {
        if (Described(key) is not { } said)
            return;
        var block = Into.BeginBlock(5);
        Into.WriteVarint(1, MetadataTypes.NumberOf(said.Type));
        Into.WriteVarint(3, (ulong)RefOf(System.Text.Encoding.UTF8.GetBytes(said.Help)));
        Into.WriteVarint(4, (ulong)RefOf(System.Text.Encoding.UTF8.GetBytes(said.Unit)));
        Into.EndBlock(block);
    }

    // It stands with the series.
    protected override void WriteMetadata(IReadOnlyList<MetricMetadata> said)
    {
    }

    private MetricMetadata? Described(ReadOnlySpan<byte> key)
    {
        while (LabelBytes.TryRead(ref key, out var name, out var value))
        {
            if (!name.SequenceEqual(Labels.MetricName))
                continue;
            var symbol = RefOf(value);
            if (!_described.TryGetValue(symbol, out var said))
                _described.Add(symbol, said = MetricFamily.Describe(System.Text.Encoding.UTF8.GetString(value), describe));
            return said;
        }
        return null;
    }

    private int RefOf(ReadOnlySpan<byte> symbol)
    {
        var known = _symbols.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (known.TryGetValue(symbol, out var key, out var entry) && entry.Request == _request)
            return entry.Ref;
        key ??= symbol.ToArray();
        _symbols[key] = (_request, _listed.Count);
        _listed.Add(key);
        return _listed.Count - 1;
    }

    private void WriteWhole()
    {
        whole.Clear();
        _isWritten = true;
        if (Into.Length == 0)
            return;
        foreach (var symbol in _listed)
            whole.WriteBlock(4, symbol);
        whole.WriteBytes(Into.Bytes.Span);
    }
}

/// <summary>Of which family a series is.</summary>
internal static class MetricFamily
{
    private static readonly string[] Endings = ["_bucket", "_count", "_sum", "_gcount", "_gsum", "_total", "_created", "_info"];

    /// <summary>What is known of the metric a series is of: by its name, or without the ending of its kind.</summary>
    public static MetricMetadata? Describe(string metric, Func<string, MetricMetadata?> describe)
    {
        if (describe(metric) is { } said)
            return said;
        var ending = Array.Find(Endings, ending => metric.Length > ending.Length && metric.EndsWith(ending, StringComparison.Ordinal));
        return ending is null ? null : describe(metric[..^ending.Length]);
    }
}
