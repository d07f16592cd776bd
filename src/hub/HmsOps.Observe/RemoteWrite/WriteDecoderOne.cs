using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteWrite;

/// <content>Remote write 1.0: <c>prometheus.WriteRequest</c>.</content>
internal sealed partial class WriteDecoder
{
    private const uint OneTimeseries = (1 << 3) | WireType.Block;
    private const uint OneMetadata = (3 << 3) | WireType.Block;

    private const uint SeriesLabels = (1 << 3) | WireType.Block; // of an exemplar too
    private const uint SeriesSamples = (2 << 3) | WireType.Block;
    private const uint OneExemplars = (3 << 3) | WireType.Block;
    private const uint OneHistograms = (4 << 3) | WireType.Block;

    private const uint ExemplarValue = (2 << 3) | WireType.Fixed64;
    private const uint ExemplarTimestamp = (3 << 3) | WireType.Varint;

    private bool _isTwo;

    private bool TryReadOne(ReadOnlySpan<byte> body)
    {
        _isTwo = false;
        var fields = new ProtoReader(body);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return Malformed("no field begins here", fields.At);
            switch (tag)
            {
                case OneTimeseries:
                    if (!fields.TryReadBlock(out int start, out var length))
                        return Malformed("a series reaches past the end", fields.At);
                    if (!TryReadSeriesOne(body, start, length))
                        return Malformed("a series is no series", start);
                    break;
                case OneMetadata:
                    if (!fields.TryReadBlock(out start, out length))
                        return Malformed("metadata reaches past the end", fields.At);
                    if (!TryReadMetadataOne(body, start, length))
                        return Malformed("metadata is no metadata", start);
                    break;
                default:
                    if (!fields.TrySkip(tag))
                        return Malformed("an unknown field reaches past the end", fields.At);
                    break;
            }
        }
        return true;
    }

    private bool TryReadSeriesOne(ReadOnlySpan<byte> body, int start, int length)
    {
        if (!TryCountSeries() || !TryReadLabels(body, start, length, _key, out var keyStart, out var keyLength))
            return false;
        _key.Check(body, body.Slice(keyStart, keyLength));
        var place = _key.Flaw is not null ? -1 : _key.IsUntidy ? AddUntidy(body) : Batch.AddSeries(keyStart, keyLength);
        _refusedOfSeries = 0;

        // Nearly always the labels stand first and together, and have been read.
        var begin = keyStart == start && !_key.IsUntidy ? keyStart + keyLength : start;
        var fields = new ProtoReader(body, begin, start + length - begin);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            var read = tag switch
            {
                SeriesSamples => TryReadSample(body, ref fields, place),
                OneHistograms => TryReadHistogram(body, ref fields, place),
                OneExemplars => TryReadExemplarOne(body, ref fields, place),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        if (_key.Flaw is { } flaw)
            RefuseSeries(body, flaw);
        return true;
    }

    private int AddUntidy(ReadOnlySpan<byte> body)
    {
        if (_key.Write(body) is not { } key)
            return -1;
        return Batch.AddSeries(key.Span);
    }

    /// <summary>Reads the labels of a series or exemplar, and checks that all else can be stepped over.</summary>
    private static bool TryReadLabels(ReadOnlySpan<byte> body, int start, int length, SeriesKey key, out int keyStart, out int keyLength)
    {
        key.Begin();
        keyStart = start;
        var keyEnd = key.AddRun(body, start, start + length);
        keyLength = 0;
        var fields = new ProtoReader(body, keyEnd, start + length - keyEnd);
        while (!fields.IsAtEnd)
        {
            var at = fields.At;
            if (!fields.TryReadTag(out var tag))
                return false;
            if (tag != SeriesLabels)
            {
                if (!fields.TrySkip(tag))
                    return false;
                continue;
            }
            if (!fields.TryReadBlock(out int label, out var labelLength) || !key.TryAdd(body, label, labelLength))
                return false;
            if (key.Count == 1)
                keyStart = at; // other fields stand before the labels
            else if (at != keyEnd)
                key.MarkStrewn();
            keyEnd = fields.At;
        }
        keyLength = keyEnd - keyStart;
        return true;
    }

    private bool TryReadExemplarOne(ReadOnlySpan<byte> body, ref ProtoReader fields, int place)
    {
        if (!fields.TryReadBlock(out int start, out var length) || !TryReadLabels(body, start, length, _exemplarKey, out var keyStart, out var keyLength))
            return Malformed("an exemplar is cut off or no exemplar", fields.At);
        double value = 0;
        ulong time = 0;
        var rest = new ProtoReader(body, start, length);
        while (!rest.IsAtEnd)
        {
            var read = rest.TryReadTag(out var tag) && tag switch
            {
                ExemplarValue => rest.TryReadDouble(out value),
                ExemplarTimestamp => rest.TryReadVarint(out time),
                _ => rest.TrySkip(tag),
            };
            if (!read)
                return Malformed("an exemplar is no exemplar", rest.At);
        }
        var labels = Labels.Empty;
        if (_exemplarKey.Count > 0)
        {
            _exemplarKey.Check(body, body.Slice(keyStart, keyLength));
            if (_exemplarKey.Flaw is null && (_exemplarKey.IsUntidy || !Labels.TryFromBytes(_body.Slice(keyStart, keyLength), out labels)))
                labels = Copied(_exemplarKey.Write(body));
            if (_exemplarKey.Flaw is { } flaw)
            {
                RefuseExemplar(body, flaw);
                return true;
            }
        }
        return TryAddExemplar(labels, (long)time, value, place);
    }

    private void RefuseExemplar(ReadOnlySpan<byte> body, Flaw flaw)
    {
        if (Refused.Add($"exemplar_{flaw.Reason}", $"of its exemplar: {flaw.Sentence}"))
            Refused.NameFirst(ShownSeries(body));
    }

    // What is written is canonical, and the buffer it was written to is used again.
    private static Labels Copied(ReadOnlyMemory<byte>? key) =>
        key is { } written && Labels.TryFromBytes(written.ToArray(), out var labels) ? labels : Labels.Empty;

    private bool TryReadMetadataOne(ReadOnlySpan<byte> body, int start, int length)
    {
        ulong type = 0;
        ReadOnlySpan<byte> metric = default, help = default, unit = default;
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            var read = fields.TryReadTag(out var tag) && tag switch
            {
                (1 << 3) | WireType.Varint => fields.TryReadVarint(out type),
                (2 << 3) | WireType.Block => fields.TryReadBlock(out metric),
                (4 << 3) | WireType.Block => fields.TryReadBlock(out help),
                (5 << 3) | WireType.Block => fields.TryReadBlock(out unit),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        return TryAddMetadata(metric, type, unit, help);
    }

    private string ShownSeries(ReadOnlySpan<byte> body) => _isTwo ? ShownTwo(body) : _key.Shown(body);
}
