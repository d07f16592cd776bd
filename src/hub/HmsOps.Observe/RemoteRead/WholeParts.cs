using System.Runtime.InteropServices;
using HmsOps.Observe.History;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Wire;

namespace HmsOps.Observe.RemoteRead;

/// <summary>An answer that comes whole: a <c>ReadResponse</c> in snappy's block format, from a store that streams no chunks.</summary>
internal sealed class WholeParts(Stream body, string name, long from, long to, HistoryDamage damage)
    : AnswerParts(body, name, from, to, damage)
{
    private const int PackedBytesMax = 64 << 20;
    private const int DecodedBytesMax = 256 << 20;
    private const int BucketsMax = 10_000;
    private const int ReadBytes = 64 * 1024;

    private const uint Label = (1 << 3) | WireType.Block;
    private const uint Sample = (2 << 3) | WireType.Block;
    private const uint Histogram = (4 << 3) | WireType.Block;

    private readonly HistogramReader _histograms = new(BucketsMax);
    private readonly List<Place> _series = [];
    private byte[] _message = [];
    private bool _isRead;
    private int _next;
    private int _at; // where the next sample of the series stands; 0: it has not begun

    protected override async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (!_isRead)
            Unpack(await ReceiveAsync(cancellationToken));
        _isRead = true;
        while (Batch.Count < BatchSamples && _next < _series.Count)
            TakeSeries(_series[_next]);
        return Batch.Count > 0;
    }

    private async Task<int> ReceiveAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            var buffer = Buffer(Math.Max(ReadBytes, length < Buffer(0).Length ? 0 : 2 * length));
            var read = await Body.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
                return length;
            length += read;
            if (length > PackedBytesMax)
                throw Damaged(length, $"the answer has more than {PackedBytesMax:n0} bytes; ask for shorter slices");
        }
    }

    private void Unpack(int length)
    {
        var packed = Buffer(0).AsSpan(0, length);
        if (!Snappy.TryReadLength(packed, out var unpacked))
            throw Damaged(0, "the answer is not in snappy's block format");
        if (unpacked > DecodedBytesMax)
            throw Damaged(0, $"the answer says it unpacks to {unpacked:n0} bytes; at most {DecodedBytesMax:n0} are taken. Ask for shorter slices");
        _message = new byte[unpacked];
        if (!Snappy.TryUnpack(packed, _message, out _))
            throw Damaged(0, "the answer is not in snappy's block format, or damaged");
        var fields = new ProtoReader(_message);
        while (!fields.IsAtEnd)
        {
            var at = fields.At;
            if (!fields.TryReadTag(out var tag) || !(tag == Label ? fields.TryReadBlock(out int start, out var size) && TryReadResult(start, size) : fields.TrySkip(tag)))
                throw Damaged(at, "a field of the unpacked answer cannot be read");
        }
    }

    private bool TryReadResult(int start, int length)
    {
        var fields = new ProtoReader(_message, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            if (tag != Label)
            {
                if (!fields.TrySkip(tag))
                    return false;
            }
            else if (fields.TryReadBlock(out int at, out var size))
            {
                _series.Add(new Place(at, size));
            }
            else
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Takes of a series what the batch has room for.</summary>
    private void TakeSeries(Place place)
    {
        if (_at == 0)
        {
            ReadLabels(place);
            _at = place.At;
        }
        var fields = new ProtoReader(_message, _at, place.At + place.Length - _at);
        while (!fields.IsAtEnd && Batch.Count < BatchSamples)
        {
            var at = fields.At;
            if (!fields.TryReadTag(out var tag))
                throw Damaged(at, "no field of a series begins there");
            var read = tag switch
            {
                Sample => fields.TryReadBlock(out int start, out var size) && TakeSample(start, size),
                Histogram => fields.TryReadBlock(out int start, out var size) && TakeHistogram(start, size),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                throw Damaged(at, "a sample cannot be read");
        }
        _at = fields.At;
        if (!fields.IsAtEnd)
            return;
        (_next, _at) = (_next + 1, 0);
    }

    private void ReadLabels(Place place)
    {
        BeginSeries();
        var fields = new ProtoReader(_message, place.At, place.Length);
        while (!fields.IsAtEnd)
        {
            var at = fields.At;
            if (!fields.TryReadTag(out var tag))
                throw Damaged(at, "no field of a series begins there");
            if (tag == Label && fields.TryReadBlock(out ReadOnlySpan<byte> label))
                AddLabel(label);
            else if (tag == Label || !fields.TrySkip(tag))
                throw Damaged(at, "a field of a series reaches past its end");
        }
        EndLabels(isNew: true);
    }

    private bool TakeSample(int start, int length)
    {
        if (!SampleFields.TryRead(_message, start, length, out var time, out var value, out _))
            return false;
        Take(time, value);
        return true;
    }

    private bool TakeHistogram(int start, int length)
    {
        if (!_histograms.TryRead(_message, start, length, out var histogram))
            return false;
        if (histogram is null)
            Damage.Add($"{Name}: byte {start} of the unpacked answer: {_histograms.Flaw!.Sentence}"); // it has one when there is no histogram
        else
            Take(_histograms.Time, histogram);
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Place(int At, int Length);
}
