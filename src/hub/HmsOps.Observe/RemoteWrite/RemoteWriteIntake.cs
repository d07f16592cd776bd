using System.IO.Pipelines;
using HmsOps.Disk;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteWrite;

/// <summary>
/// The door <c>POST /api/v1/write</c>: Prometheus remote write 1.0 and 2.0. What is wrong with one series costs that series; what is wrong with the message,
/// or too large, costs the whole, before anything is stored. Answers when everything taken survives the death of the process. Safe for concurrent use.
/// </summary>
public sealed class RemoteWriteIntake(ISeriesSink sink, Refusals refusals, WriteLimits limits)
{
    /// <summary>The door's name in <c>hms_refused_total</c>.</summary>
    public const string Door = "write";

    // design/reliability: a body that unpacks to a hundred times itself is a bomb; small ones may be.
    private const int RatioMax = 100;
    private const int RatioCountsFrom = 1 << 20;

    private const int BusySeconds = 1;
    private const int ReadOnlySeconds = 10; // somebody has to mend a disk

    // Enough for what runs at once; the columns of a larger batch are better let go than kept.
    private const int KeptMax = 8;
    private const int KeptSamplesMax = 200_000;

    // Never less than the largest request takes alone: buffers come in powers of two.
    private readonly ByteBudget _budget = new(Math.Max(limits.MemoryBytesMax, 2L * ((long)limits.PackedBytesMax + limits.DecodedBytesMax) + PooledBytes.FirstBytes));
    private readonly Lock _lock = new();
    private readonly Stack<WriteDecoder> _kept = new();

    /// <summary>Bytes that requests hold now.</summary>
    public long BytesHeld => _budget.Taken;

    /// <summary>Takes one request: reads its body, and stores what is good of it.</summary>
    public async Task<WriteAnswer> AcceptAsync(WriteRequestHead head, PipeReader body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(head);
        if (head.Negotiate(out var fault) is not { } message)
            return Refuse(fault!); // Negotiate answers with one of the two
        if (head.ContentLength > limits.PackedBytesMax)
            return Refuse(PackedTooLarge());
        using var packed = await PooledBody.ReadAsync(body, limits.PackedBytesMax, _budget, cancellationToken);
        return packed.End switch
        {
            BodyEnd.TooLarge => Refuse(PackedTooLarge()),
            BodyEnd.Busy => Busy(),
            _ => await UnpackAsync(packed.Bytes, message),
        };
    }

    private async Task<WriteAnswer> UnpackAsync(ReadOnlyMemory<byte> packed, WriteMessage message)
    {
        if (!Snappy.TryReadLength(packed.Span, out var length))
            return Refuse(NotSnappy());
        if (length > (uint)limits.DecodedBytesMax)
        {
            return Refuse(WriteFault.TooLarge(
                "decoded_limit", $"the body says it unpacks to {length:n0} bytes; at most {limits.DecodedBytesMax:n0} are taken. Send fewer samples a request, or raise limits.write.decoded"));
        }
        if (length > RatioCountsFrom && length > (ulong)packed.Length * RatioMax)
            return Refuse(WriteFault.TooLarge("ratio", $"the body of {packed.Length:n0} bytes says it unpacks to {length:n0}; at most {RatioMax} times are taken"));
        var buffer = LargeBuffers.Rent((int)length + Snappy.SlackBytes);
        if (!_budget.TryTake(buffer.Length))
        {
            LargeBuffers.Return(buffer);
            return Busy();
        }
        try
        {
            if (!Snappy.TryUnpack(packed.Span, buffer, out var unpacked))
            {
                LargeBuffers.Return(buffer);
                return Refuse(NotSnappy());
            }
            var answer = await DecodeAsync(buffer.AsMemory(0, unpacked), message);
            // Not returned after an exception: a store that failed may still look at it.
            LargeBuffers.Return(buffer);
            return answer;
        }
        finally
        {
            _budget.Give(buffer.Length);
        }
    }

    private async Task<WriteAnswer> DecodeAsync(ReadOnlyMemory<byte> body, WriteMessage message)
    {
        var decoder = Take();
        var answer = decoder.TryDecode(body, message) ? await StoreAsync(decoder) : Refuse(decoder.Fault!); // a decoder that fails has one
        Keep(decoder);
        return answer;
    }

    private async Task<WriteAnswer> StoreAsync(WriteDecoder decoder)
    {
        var batch = decoder.Batch;
        var stored = AppendResult.All(0);
        if (batch.Count > 0 || batch.Exemplars.Count > 0 || batch.Metadata.Count > 0)
        {
            // Not cancelled when the sender hangs up: the batch and the body under it are used again, so the store has to be done with them.
            stored = await sink.AppendAsync(batch, CancellationToken.None);
        }
        var refusedHistograms = 0;
        var histograms = batch.Histograms;
        if (!histograms.IsEmpty)
        {
            foreach (var refused in stored.Refused)
                refusedHistograms += histograms[refused.Index] is null ? 0 : 1;
        }
        decoder.Refused.Add(stored.Refused);
        decoder.Refused.CountInto(refusals, Door);
        CountUnkept("exemplar_not_kept", batch.Exemplars.Count - stored.ExemplarsTaken);
        CountUnkept("metadata_not_kept", batch.Metadata.Count - stored.MetadataTaken);
        return Say(decoder.Refused, batch.Count - stored.Refused.Count) with
        {
            Samples = batch.Count - decoder.Histograms - (stored.Refused.Count - refusedHistograms),
            Histograms = decoder.Histograms - refusedHistograms,
            Exemplars = stored.ExemplarsTaken,
        };
    }

    // As Prometheus' own receiver: an exemplar or a description that is not kept fails no request, and is counted.
    private void CountUnkept(string reason, int items)
    {
        if (items > 0)
            refusals.Count(Door, reason, items);
    }

    private static WriteAnswer Say(RefusalTally refused, int taken)
    {
        if (refused.IsEmpty)
            return new WriteAnswer(204, null);
        // The whole may come again: what is stored already is recognised.
        if (refused.Has("read_only"))
            return new WriteAnswer(503, $"{refused.Items} refused, send the request again: {refused}") { RetryAfter = ReadOnlySeconds };
        return new WriteAnswer(400, $"{refused.Items} refused, {taken} stored: {refused}");
    }

    private WriteAnswer Refuse(WriteFault fault)
    {
        refusals.Count(Door, fault.Reason);
        return new WriteAnswer(fault.Status, fault.Sentence);
    }

    private WriteAnswer Busy()
    {
        refusals.Count(Door, "busy");
        return new WriteAnswer(503, $"requests at this door hold {_budget.BytesMax:n0} bytes, which is all it has (limits.write.memory). Send again in {BusySeconds} s")
        {
            RetryAfter = BusySeconds,
        };
    }

    private WriteFault PackedTooLarge() => WriteFault.TooLarge(
        "packed_limit", $"the body has more than {limits.PackedBytesMax:n0} bytes. Send fewer samples a request (max_samples_per_send), or raise limits.write.packed");

    private static WriteFault NotSnappy() => new(400, "not_snappy", "the body is not in snappy's block format, or damaged. Nothing of it was taken");

    private WriteDecoder Take()
    {
        lock (_lock)
        {
            return _kept.TryPop(out var kept) ? kept : new WriteDecoder(limits);
        }
    }

    private void Keep(WriteDecoder decoder)
    {
        var isLarge = decoder.Batch.Count > KeptSamplesMax;
        decoder.Clear();
        lock (_lock)
        {
            if (!isLarge && _kept.Count < KeptMax)
                _kept.Push(decoder);
        }
    }
}
