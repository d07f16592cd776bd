using System.Buffers;
using System.Text.Unicode;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteWrite;

/// <content>
/// Remote write 2.0: <c>io.prometheus.write.v2.Request</c>. Names and values are symbols of a table in the message; series name them by their place. A first
/// pass notes where each symbol lies, a second reads the series, whose keys are put together from the symbols.
/// </content>
internal sealed partial class WriteDecoder
{
    private const uint TwoSymbols = (4 << 3) | WireType.Block;
    private const uint TwoTimeseries = (5 << 3) | WireType.Block;

    private const uint TwoLabelRefs = (1 << 3) | WireType.Block; // of an exemplar too
    private const uint TwoLabelRef = (1 << 3) | WireType.Varint; // the same, not packed
    private const uint TwoHistograms = (3 << 3) | WireType.Block;
    private const uint TwoExemplars = (4 << 3) | WireType.Block;
    private const uint TwoMetadata = (5 << 3) | WireType.Block;

    private static readonly Flaw OddRefs = new("label_refs", "labels_refs are pairs of a name and a value; there is an odd one");
    private static readonly Flaw UnknownRef = new("label_refs", "labels_refs name a symbol that the table does not have");

    private readonly ArrayBufferWriter<byte> _keyBytes = new();
    private readonly List<uint> _refs = [];
    private Symbol[] _symbols = [];
    private int _symbolCount;
    private long _keyBytesLeft;
    private uint _nameRef;

    private bool TryReadTwo(ReadOnlySpan<byte> body)
    {
        _isTwo = true;
        _keyBytesLeft = limits.DecodedBytesMax;
        if (!TryReadSymbols(body))
            return false;
        var fields = new ProtoReader(body);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return Malformed("no field begins here", fields.At);
            if (tag != TwoTimeseries)
                fields.TrySkip(tag); // the first pass did, and well
            else if (!fields.TryReadBlock(out int start, out var length) || !TryReadSeriesTwo(body, start, length))
                return Malformed("a series is no series", fields.At);
        }
        return true;
    }

    private bool TryReadSymbols(ReadOnlySpan<byte> body)
    {
        var fields = new ProtoReader(body);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return Malformed("no field begins here", fields.At);
            if (tag != TwoSymbols)
            {
                if (!fields.TrySkip(tag))
                    return Malformed("a field reaches past the end", fields.At);
                continue;
            }
            if (!fields.TryReadBlock(out int start, out var length))
                return Malformed("a symbol reaches past the end", fields.At);
            if (_symbolCount >= limits.SymbolsMax)
                return Fail(WriteFault.TooLarge("symbol_limit", $"the request has more than {limits.SymbolsMax:n0} symbols; send fewer series a request"));
            if (_symbolCount == 0 && length != 0)
                return Malformed("the first symbol has to be empty", start);
            if (_symbolCount == _symbols.Length)
                Array.Resize(ref _symbols, Math.Max(1_024, 2 * _symbolCount));
            _symbols[_symbolCount++] = new Symbol(start, length, Utf8.IsValid(body.Slice(start, length)));
        }
        return true;
    }

    private bool TryReadSeriesTwo(ReadOnlySpan<byte> body, int start, int length)
    {
        if (!TryCountSeries() || !TryReadRefs(body, start, length))
            return false;
        var flaw = BuildKey(body, limits.Labels, out _nameRef);
        _keyBytesLeft -= _keyBytes.WrittenCount;
        if (_keyBytesLeft < 0)
        {
            return Fail(WriteFault.TooLarge(
                "decoded_limit", $"the labels of its series have more than {limits.DecodedBytesMax:n0} bytes; send fewer series a request, or raise limits.write.decoded"));
        }
        var place = flaw is null ? Batch.AddSeries(_keyBytes.WrittenSpan) : -1;
        _refusedOfSeries = 0;
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            var read = fields.TryReadTag(out var tag) && tag switch
            {
                SeriesSamples => TryReadSample(body, ref fields, place),
                TwoHistograms => TryReadHistogram(body, ref fields, place),
                TwoExemplars => TryReadExemplarTwo(body, ref fields, place),
                TwoMetadata => TryReadMetadataTwo(body, ref fields, place),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        if (flaw is not null)
            RefuseSeries(body, flaw);
        return true;
    }

    /// <summary>Collects what labels_refs of a series or exemplar say: packed as every sender writes them, or one by one.</summary>
    private bool TryReadRefs(ReadOnlySpan<byte> body, int start, int length)
    {
        _refs.Clear();
        var most = 2 * (limits.Labels.CountMax + 1); // one label more than may be, so that too many are seen to be too many
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            if (tag == TwoLabelRefs)
            {
                if (!fields.TryReadBlock(out int refs, out var refsLength))
                    return false;
                var packed = new ProtoReader(body, refs, refsLength);
                while (!packed.IsAtEnd)
                {
                    if (!TryReadRef(ref packed, most))
                        return false;
                }
            }
            else if (tag == TwoLabelRef ? !TryReadRef(ref fields, most) : !fields.TrySkip(tag))
            {
                return false;
            }
        }
        return true;
    }

    private bool TryReadRef(ref ProtoReader from, int most)
    {
        if (!from.TryReadVarint(out var one))
            return false;
        if (_refs.Count < most)
            _refs.Add((uint)Math.Min(one, uint.MaxValue));
        return true;
    }

    /// <summary>Puts label bytes together from symbols; answers what is wrong with them.</summary>
    private Flaw? BuildKey(ReadOnlySpan<byte> body, LabelLimits rules, out uint nameRef)
    {
        _keyBytes.ResetWrittenCount();
        nameRef = 0;
        if (_refs.Count == 0)
            return Flaw.NoLabels;
        if (_refs.Count > 2 * rules.CountMax)
            return rules.Count;
        if (_refs.Count % 2 != 0)
            return OddRefs;
        var bytes = 0;
        for (var i = 0; i < _refs.Count; i += 2)
        {
            if (_refs[i] >= (uint)_symbolCount || _refs[i + 1] >= (uint)_symbolCount)
                return UnknownRef;
            var (name, value) = (_symbols[_refs[i]], _symbols[_refs[i + 1]]);
            if (name.Length == 0)
                return Flaw.EmptyName;
            if (name.Length > rules.NameBytesMax)
                return rules.Name;
            if (value.Length > rules.ValueBytesMax)
                return rules.Value;
            if (!name.IsUtf8 || !value.IsUtf8)
                return Flaw.NotUtf8;
            bytes += name.Length + value.Length;
            if (bytes > rules.BytesMax)
                return rules.Bytes;
            var nameBytes = body.Slice(name.Start, name.Length);
            if (nameBytes.SequenceEqual(Labels.MetricName))
                nameRef = _refs[i + 1];
            if (value.Length > 0) // an empty value is an absent label
                LabelBytes.Write(_keyBytes, nameBytes, body.Slice(value.Start, value.Length));
        }
        return _keyBytes.WrittenCount == 0 ? Flaw.NoLabels : null;
    }

    private bool TryReadExemplarTwo(ReadOnlySpan<byte> body, ref ProtoReader fields, int place)
    {
        if (!fields.TryReadBlock(out int start, out var length) || !TryReadRefs(body, start, length))
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
        if (_refs.Count > 0)
        {
            var flaw = BuildKey(body, limits.Labels, out _);
            if (flaw is null && !Labels.TryFromBytes(_keyBytes.WrittenSpan.ToArray(), out labels))
                flaw = Unsorted;
            if (flaw is not null)
            {
                RefuseExemplar(body, flaw);
                return true;
            }
        }
        return TryAddExemplar(labels, (long)time, value, place);
    }

    private static readonly Flaw Unsorted = new("labels", "its labels are not sorted, or one is there twice");

    private bool TryReadMetadataTwo(ReadOnlySpan<byte> body, ref ProtoReader fields, int place)
    {
        if (!fields.TryReadBlock(out int start, out var length))
            return Malformed("metadata reaches past the end", fields.At);
        ulong type = 0, help = 0, unit = 0;
        var rest = new ProtoReader(body, start, length);
        while (!rest.IsAtEnd)
        {
            var read = rest.TryReadTag(out var tag) && tag switch
            {
                (1 << 3) | WireType.Varint => rest.TryReadVarint(out type),
                (3 << 3) | WireType.Varint => rest.TryReadVarint(out help),
                (4 << 3) | WireType.Varint => rest.TryReadVarint(out unit),
                _ => rest.TrySkip(tag),
            };
            if (!read)
                return Malformed("metadata is no metadata", rest.At);
        }
        if (place < 0 || _nameRef == 0 || (type == 0 && help == 0 && unit == 0))
            return true;
        if (help >= (ulong)_symbolCount || unit >= (ulong)_symbolCount)
        {
            if (Refused.Add("metadata_refs", "its metadata name a symbol that the table does not have"))
                Refused.NameFirst(ShownSeries(body));
            return true;
        }
        var family = MetadataMemory.FamilyOf(SymbolBytes(body, _nameRef), type);
        // The series of a metric are neighbours in nearly every request: say once what is the same for all.
        if (Batch.Metadata.Count > 0 && _metadata.IsLatest(family, type, SymbolBytes(body, (uint)unit), SymbolBytes(body, (uint)help)))
            return true;
        return TryAddMetadata(family, type, SymbolBytes(body, (uint)unit), SymbolBytes(body, (uint)help));
    }

    private ReadOnlySpan<byte> SymbolBytes(ReadOnlySpan<byte> body, uint at) => body.Slice(_symbols[at].Start, _symbols[at].Length);

    private string ShownTwo(ReadOnlySpan<byte> body) => _nameRef > 0 ? RefusalTally.Shown(SymbolBytes(body, _nameRef)) : "a series without a name";

    private void ClearSymbols() => (_symbolCount, _nameRef) = (0, 0);

    /// <summary>Where a symbol lies in the body, and whether it is text.</summary>
    private readonly record struct Symbol(int Start, int Length, bool IsUtf8);
}
