using System.Buffers.Binary;
using System.Runtime.InteropServices;
using HmsOps.Disk;
using HmsOps.Observe.History;
using HmsOps.Observe.Prometheus.Chunks;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>An answer in frames, each a <c>ChunkedReadResponse</c>: what <see cref="ChunkFrames"/> writes, and Prometheus. A chunk that cannot be read is left out and named.</summary>
internal sealed class FramedParts(Stream body, string name, long from, long to, HistoryDamage damage)
    : AnswerParts(body, name, from, to, damage)
{
    /// <summary>What Prometheus' own client takes at most.</summary>
    private const int FrameBytesMax = 50_000_000;

    private const int ReadBytes = 64 * 1024;

    private readonly ChunkColumns _columns = new();
    private readonly List<Piece> _pieces = [];
    private byte[] _last = []; // the labels of the series before
    private int _piece;
    private int _sample;
    private bool _isDecoded;
    private int _begin; // of what was received and is not looked at yet
    private int _end;
    private int _frameAt;
    private long _received;
    private bool _isOver;

    protected override async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        while (Batch.Count < BatchSamples)
        {
            if (_piece < _pieces.Count)
                TakePiece(_pieces[_piece]);
            else if (_isOver || !await ReadFrameAsync(cancellationToken))
                return Batch.Count > 0;
        }
        return true;
    }

    private async Task<bool> ReadFrameAsync(CancellationToken cancellationToken)
    {
        if (await HeadAsync(cancellationToken) is not { } head)
        {
            _isOver = true;
            return false;
        }
        var (length, headLength) = head;
        while (_end - _begin < headLength + sizeof(uint) + length)
        {
            if (!await ReceiveAsync(headLength + sizeof(uint) + length, cancellationToken))
                throw Damaged(_received, "the answer ends in the midst of a frame");
        }
        TakeFrame(_begin + headLength, length);
        return true;
    }

    /// <summary>The length of the next frame, and the bytes that say it; null at the end.</summary>
    private async Task<(int Length, int Bytes)?> HeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryReadHead(out var length, out var bytes))
                return (length, bytes);
            if (await ReceiveAsync(Varint.BytesMax, cancellationToken))
                continue;
            return _begin == _end ? null : throw Damaged(_received, "the answer ends in the midst of a frame's length");
        }
    }

    private bool TryReadHead(out int length, out int bytes)
    {
        ReadOnlySpan<byte> rest = Buffer(0).AsSpan(_begin, _end - _begin);
        var before = rest.Length;
        (length, bytes) = (0, 0);
        if (!Varint.TryRead(ref rest, out var wide))
        {
            if (before >= Varint.BytesMax)
                throw Damaged(_received - before, "a frame's length has more than 64 bits");
            return false;
        }
        if (wide > FrameBytesMax)
            throw Damaged(_received - before, $"a frame is said to have {wide} bytes; at most {FrameBytesMax} are taken");
        (length, bytes) = ((int)wide, before - rest.Length);
        return true;
    }

    /// <summary>Receives some more; what is there is moved to the front, and the buffer grows with what has come, not with what was announced.</summary>
    private async Task<bool> ReceiveAsync(int wanted, CancellationToken cancellationToken)
    {
        var buffer = Buffer(0);
        if (_begin > 0)
        {
            buffer.AsSpan(_begin, _end - _begin).CopyTo(buffer);
            (_begin, _end) = (0, _end - _begin);
        }
        if (_end == buffer.Length)
            buffer = Buffer(Math.Max(ReadBytes, Math.Min(2 * buffer.Length, Math.Max(wanted, ReadBytes))));
        var read = await Body.ReadAsync(buffer.AsMemory(_end), cancellationToken);
        _end += read;
        _received += read;
        return read > 0;
    }

    private void TakeFrame(int crcAt, int length)
    {
        var at = _received - (_end - crcAt);
        _frameAt = crcAt + sizeof(uint);
        var frame = Buffer(0).AsSpan(_frameAt, length);
        if (Crc32C.Of(frame) != BinaryPrimitives.ReadUInt32BigEndian(Buffer(0).AsSpan(crcAt)))
            throw Damaged(at, "the checksum of a frame is wrong");
        _pieces.Clear();
        (_piece, _sample, _isDecoded) = (0, 0, false);
        _begin = _frameAt + length; // the bytes stay until more are received, and that is after the last piece
        var fields = new ProtoReader(frame);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                throw Damaged(at, "a frame holds no message");
            if (tag != ((1 << 3) | WireType.Block))
            {
                if (!fields.TrySkip(tag))
                    throw Damaged(at, "a field of a frame reaches past its end");
            }
            else if (!fields.TryReadBlock(out int seriesAt, out var seriesLength) || !TryReadSeries(frame, seriesAt, seriesLength))
            {
                throw Damaged(at, "a series of a frame cannot be read");
            }
        }
    }

    private bool TryReadSeries(ReadOnlySpan<byte> frame, int start, int length)
    {
        var fields = new ProtoReader(frame, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            if (tag != ((2 << 3) | WireType.Block))
            {
                if (!fields.TrySkip(tag))
                    return false;
            }
            else if (!fields.TryReadBlock(out int chunkAt, out var chunkLength) || !TryReadChunk(frame, start, length, chunkAt, chunkLength))
            {
                return false;
            }
        }
        return true;
    }

    private bool TryReadChunk(ReadOnlySpan<byte> frame, int seriesAt, int seriesLength, int start, int length)
    {
        ulong encoding = 0;
        int dataAt = start, dataLength = 0;
        var fields = new ProtoReader(frame, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag))
                return false;
            var read = tag switch
            {
                (3 << 3) | WireType.Varint => fields.TryReadVarint(out encoding),
                (4 << 3) | WireType.Block => fields.TryReadBlock(out dataAt, out dataLength),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        _pieces.Add(new Piece(seriesAt, seriesLength, (int)Math.Min(encoding, int.MaxValue), dataAt, dataLength));
        return true;
    }

    /// <summary>Takes of a chunk what the batch has room for.</summary>
    private void TakePiece(Piece piece)
    {
        if (!_isDecoded)
        {
            if (_piece == 0 || _pieces[_piece - 1].SeriesAt != piece.SeriesAt)
                BeginSeries(piece);
            _isDecoded = TryDecode(piece);
        }
        var histograms = _columns.Histograms;
        for (; _isDecoded && _sample < _columns.Count && Batch.Count < BatchSamples; _sample++)
        {
            if (histograms.IsEmpty)
                Take(_columns.Times[_sample], _columns.Values[_sample]);
            else
                Take(_columns.Times[_sample], histograms[_sample]!); // a decoded one is never null
        }
        if (_isDecoded && _sample < _columns.Count)
            return;
        (_piece, _sample, _isDecoded) = (_piece + 1, 0, false);
    }

    private void BeginSeries(Piece piece)
    {
        BeginSeries();
        var fields = new ProtoReader(Buffer(0).AsSpan(_frameAt), piece.SeriesAt, piece.SeriesLength);
        while (!fields.IsAtEnd && fields.TryReadTag(out var tag)) // it was read to its end before
        {
            if (tag == ((1 << 3) | WireType.Block) && fields.TryReadBlock(out ReadOnlySpan<byte> label))
                AddLabel(label);
            else
                fields.TrySkip(tag);
        }
        var isNew = !Key.SequenceEqual(_last);
        if (isNew)
            _last = Key.ToArray();
        EndLabels(isNew);
    }

    private bool TryDecode(Piece piece)
    {
        try
        {
            _columns.Decode((ChunkEncoding)piece.Encoding, Buffer(0).AsSpan(_frameAt + piece.DataAt, piece.DataLength));
            return true;
        }
        catch (ChunkDamagedException e)
        {
            Damage.Add($"{Name}: a chunk of {RefusalTally.Shown(NameOf(Key))}: {e.What}");
            return false;
        }
    }

    private static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> key)
    {
        while (LabelBytes.TryRead(ref key, out var name, out var value))
        {
            if (name.SequenceEqual(Labels.MetricName))
                return value;
        }
        return "a series"u8;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Piece(int SeriesAt, int SeriesLength, int Encoding, int DataAt, int DataLength);
}
