using System.Buffers;
using System.Buffers.Binary;
using HmsOps.Disk;
using HmsOps.Observe.Prometheus.Chunks;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>
/// Writes messages <c>prometheus.ChunkedReadResponse</c>, each in a frame: its length as a varint, its CRC-32C in four bytes, highest first, and itself. A frame holds
/// chunks of one series, and a long series takes several.
/// </summary>
internal sealed class ChunkFrames(MessageWriter message)
{
    /// <summary>A frame is cut before it has more bytes, unless a single chunk has: what readers expect.</summary>
    public const int BytesMax = 1 << 20;

    private const int Series = 1;
    private const int QueryIndex = 2;
    private const int Chunks = 2;

    // Tags and lengths around the chunk that would be one too many, and around all.
    private const int Around = 64;

    private readonly ChunkEncoder _encoder = new();

    // A chunk that was encoded and did not fit is the first of the next frame.
    private int _encodedFrom = -1;
    private int _encodedTo;
    private byte[] _encoded = [];
    private int _encodedLength;

    /// <summary>Writes a frame that begins with a sample, and answers which sample is not in it any more. The message is full when a chunk is too large to be sent.</summary>
    public int Write(IBufferWriter<byte> into, in SeriesView series, int from, int query)
    {
        message.Clear();
        var block = message.BeginBlock(Series);
        message.WriteBytes(series.Labels.Bytes); // they lie as the message wants them
        var at = from;
        while (at < series.Times.Length)
        {
            Encode(series, at);
            if (at > from && message.Length + _encodedLength + Around > BytesMax)
                break;
            WriteChunk(series.Times[at], series.Times[_encodedTo - 1]);
            at = _encodedTo;
            _encodedFrom = -1;
        }
        message.EndBlock(block);
        if (query > 0)
            message.WriteVarint(QueryIndex, (ulong)query);
        if (!message.IsFull)
            Frame(into, message.Bytes.Span);
        return at;
    }

    private static void Frame(IBufferWriter<byte> into, ReadOnlySpan<byte> message)
    {
        Varint.Write(into, (ulong)message.Length);
        BinaryPrimitives.WriteUInt32BigEndian(into.GetSpan(sizeof(uint)), Crc32C.Of(message));
        into.Advance(sizeof(uint));
        into.Write(message);
    }

    private void Encode(in SeriesView series, int from)
    {
        if (_encodedFrom == from)
            return;
        _encodedTo = _encoder.Encode(series, from, out var data);
        if (_encoded.Length < data.Length)
            _encoded = new byte[Math.Max(data.Length, 2 * _encoded.Length)];
        data.CopyTo(_encoded);
        (_encodedFrom, _encodedLength) = (from, data.Length);
    }

    private void WriteChunk(long first, long last)
    {
        var chunk = message.BeginBlock(Chunks);
        message.WriteVarint(1, (ulong)first);
        message.WriteVarint(2, (ulong)last);
        message.WriteVarint(3, (ulong)_encoder.Encoding);
        message.WriteBlock(4, _encoded.AsSpan(0, _encodedLength));
        message.EndBlock(chunk);
    }
}
