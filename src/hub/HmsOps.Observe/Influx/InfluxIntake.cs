using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using HmsOps.Disk;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Influx;

/// <summary>
/// The doors <c>/write</c> and <c>/api/v2/write</c>: InfluxDB's line protocol, as Telegraf sends it. Each numeric field is a sample of the series
/// <c>measurement_field{tags}</c>; the field <c>value</c> is the series <c>measurement</c>. Good lines are stored though others are wrong. Safe for concurrent use.
/// </summary>
public sealed class InfluxIntake(ISeriesSink sink, Refusals refusals, InfluxLimits limits, TimeProvider time)
{
    /// <summary>The door's name in <c>hms_refused_total</c>.</summary>
    public const string Door = "influx";

    // design/reliability: a body that unpacks to a hundred times itself is a bomb; small ones may be.
    private const int RatioMax = 100;
    private const int RatioCountsFrom = 1 << 20;

    private const int GzipBytesMin = 18; // a header of 10 and a trailer of 8 at least
    private const int ChunkBytes = 256 * 1024;
    private const int BusySeconds = 1;
    private const int ReadOnlySeconds = 10; // somebody has to mend a disk
    private const int KeptMax = 4; // each remembers some 32 MiB of tag sets at most

    // Never less than the largest request takes alone: buffers come in powers of two.
    private readonly ByteBudget _budget = new(Math.Max(limits.MemoryBytesMax, 2L * ((long)limits.PackedBytesMax + ChunkBytes + limits.LineBytesMax) + PooledBytes.FirstBytes));
    private readonly Lock _lock = new();
    private readonly Stack<InfluxReader> _kept = new();

    /// <summary>Bytes that requests hold now.</summary>
    public long BytesHeld => _budget.Taken;

    /// <summary>Takes one request: reads its body, and stores what is good of it.</summary>
    public async Task<InfluxAnswer> AcceptAsync(InfluxRequestHead head, PipeReader body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(head);
        if (InfluxPrecision.Read(head.Precision) is not { } precision)
            return Refuse(400, "precision", $"precision={RefusalTally.Shown(System.Text.Encoding.UTF8.GetBytes(head.Precision ?? ""))} is not one of ns, us, ms, s, m, h");
        var isPacked = string.Equals(head.ContentEncoding, "gzip", StringComparison.OrdinalIgnoreCase);
        if (!isPacked && head.ContentEncoding is not (null or "" or "identity"))
            return Refuse(415, "content_encoding", "Content-Encoding is neither gzip nor identity; set content_encoding = \"gzip\"");
        if (head.ContentLength > limits.PackedBytesMax)
            return TooLarge();
        using var whole = await PooledBody.ReadAsync(body, limits.PackedBytesMax, _budget, cancellationToken);
        if (whole.End != BodyEnd.Whole)
            return whole.End == BodyEnd.TooLarge ? TooLarge() : Busy();
        var reader = Take();
        reader.Begin(precision, time.GetUtcNow());
        var fault = isPacked ? await ReadPackedAsync(reader, whole.Bytes) : await ReadPlainAsync(reader, whole.Bytes);
        var answer = Say(reader, fault);
        Keep(reader);
        return answer;
    }

    private async Task<InfluxAnswer?> ReadPlainAsync(InfluxReader reader, ReadOnlyMemory<byte> lines)
    {
        var at = 0;
        while (at < lines.Length)
        {
            at += reader.Read(lines.Span[at..], isLast: true);
            await reader.StoreAsync(sink);
        }
        return null;
    }

    private async Task<InfluxAnswer?> ReadPackedAsync(InfluxReader reader, ReadOnlyMemory<byte> packed)
    {
        var size = ChunkBytes + limits.LineBytesMax;
        if (!_budget.TryTake(size))
            return Busy();
        var buffer = LargeBuffers.Rent(size);
        try
        {
            var fault = await UnpackAsync(reader, packed, buffer);
            LargeBuffers.Return(buffer);
            return fault;
        }
        finally
        {
            _budget.Give(size);
        }
    }

    private async Task<InfluxAnswer?> UnpackAsync(InfluxReader reader, ReadOnlyMemory<byte> packed, byte[] buffer)
    {
        MemoryMarshal.TryGetArray(packed, out var array); // a pooled body is one
        using var gzip = new GZipStream(new MemoryStream(array.Array!, array.Offset, array.Count, writable: false), CompressionMode.Decompress);
        var (held, total, isSkipping) = (0, 0L, false);
        while (true)
        {
            int read;
            try
            {
                read = gzip.Read(buffer, held, buffer.Length - held);
            }
            catch (InvalidDataException)
            {
                return NotGzip(reader);
            }
            total += read;
            if (total > limits.DecodedBytesMax)
                return Refuse(413, "decoded_limit", $"the body unpacks to more than {limits.DecodedBytesMax:n0} bytes; send smaller batches (metric_batch_size), or raise limits.influx.decoded. {reader.Taken} samples are stored");
            if (total > RatioCountsFrom && total > (long)packed.Length * RatioMax)
                return Refuse(413, "ratio", $"the body of {packed.Length:n0} bytes unpacks to more than {RatioMax} times itself. {reader.Taken} samples are stored");
            if (read == 0 && !IsWhole(packed.Span, total))
                return NotGzip(reader); // before its last line, which may be half a line, is looked at
            held += read;
            var used = 0;
            if (isSkipping)
            {
                // The rest of a line that is too long.
                var end = buffer.AsSpan(0, held).IndexOf((byte)'\n');
                used = end < 0 ? held : end + 1;
                isSkipping = end < 0;
            }
            int part;
            do
            {
                part = reader.Read(buffer.AsSpan(used, held - used), isLast: read == 0);
                used += part;
                await reader.StoreAsync(sink);
            }
            while (part > 0 && used < held);
            if (read == 0)
                return null;
            buffer.AsSpan(used, held - used).CopyTo(buffer);
            held -= used;
            if (held == buffer.Length || held > limits.LineBytesMax)
            {
                reader.RefuseLongLine();
                (held, isSkipping) = (0, true);
            }
        }
    }

    /// <summary>True when the length at the end of the gzip member is that of what came out: the framework's stream ends in silence where its input is cut off.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> packed, long unpacked) =>
        packed.Length >= GzipBytesMin && BinaryPrimitives.ReadUInt32LittleEndian(packed[^sizeof(uint)..]) == (uint)unpacked;

    private InfluxAnswer NotGzip(InfluxReader reader) => Refuse(
        400, "not_gzip", $"the body is not one gzip member, or damaged or cut off behind line {reader.Lines}; {reader.Taken} samples before it are stored");

    private InfluxAnswer Say(InfluxReader reader, InfluxAnswer? fault)
    {
        reader.Refused.CountInto(refusals, Door);
        if (reader.Texts > 0)
            refusals.Count(Door, "text_field", reader.Texts);
        var answer = fault ?? SayRefused(reader);
        return answer with { Taken = reader.Taken, Texts = reader.Texts };
    }

    private static InfluxAnswer SayRefused(InfluxReader reader)
    {
        if (reader.Refused.IsEmpty)
            return new InfluxAnswer(204, null);
        var named = string.Join("; ", reader.Named);
        // The whole may come again: what is stored already is recognised.
        if (reader.Refused.Has("read_only"))
            return new InfluxAnswer(503, $"send the request again: {named}") { RetryAfter = ReadOnlySeconds };
        return new InfluxAnswer(400, $"partial write: {reader.Refused.Items} refused, {reader.Taken} samples stored: {named}");
    }

    private InfluxAnswer Refuse(int status, string reason, string sentence)
    {
        refusals.Count(Door, reason);
        return new InfluxAnswer(status, sentence);
    }

    private InfluxAnswer TooLarge() => Refuse(
        413, "packed_limit", $"the body has more than {limits.PackedBytesMax:n0} bytes; send smaller batches (metric_batch_size), or raise limits.influx.packed");

    private InfluxAnswer Busy() =>
        Refuse(503, "busy", $"requests at these doors hold {_budget.BytesMax:n0} bytes, which is all they have. Send again in {BusySeconds} s") with { RetryAfter = BusySeconds };

    private InfluxReader Take()
    {
        lock (_lock)
        {
            return _kept.TryPop(out var kept) ? kept : new InfluxReader(limits);
        }
    }

    private void Keep(InfluxReader reader)
    {
        lock (_lock)
        {
            if (_kept.Count < KeptMax)
                _kept.Push(reader);
        }
    }
}

/// <summary>What a request says of its body; each null when it does not.</summary>
public sealed record InfluxRequestHead(string? Precision, string? ContentEncoding, long? ContentLength);
