using System.IO.Pipelines;
using System.Text.Json;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>
/// The doors <c>POST /v1/metrics</c> and OTLP over gRPC. What is wrong with one data point costs that point, and is counted and named in a partial success; what is
/// wrong with the message, or too large, costs the whole, before anything is stored. Answers when everything taken survives the death of the process. Safe for
/// concurrent use.
/// </summary>
public sealed class OtlpIntake(ISeriesSink sink, Refusals refusals, OtlpLimits limits, TimeProvider time)
{
    /// <summary>The doors' name in <c>hms_refused_total</c>.</summary>
    public const string Door = "otlp";

    private const int BusySeconds = 1;
    private const int ReadOnlySeconds = 10; // somebody has to mend a disk
    private const int KeptMax = 8; // enough for what runs at once

    // Never less than the largest request takes alone: buffers come in powers of two, and a request is there packed, unpacked, in binary form and as a batch.
    private readonly ByteBudget _budget = new(Math.Max(limits.MemoryBytesMax, 8L * (limits.PackedBytesMax + (long)limits.DecodedBytesMax)));
    private readonly Lock _lock = new();
    private readonly Stack<MetricsDecoder> _kept = new();
    private SeriesMemory _memory = new(limits.RememberedBytesMax);

    /// <summary>Bytes that requests hold now.</summary>
    public long BytesHeld => _budget.Taken;

    /// <summary>Takes the body of <c>POST /v1/metrics</c>.</summary>
    /// <param name="encoding">The encoding, as <c>Content-Type</c> tells; null when it tells none we read.</param>
    /// <param name="contentEncoding">The header, null when it is not there.</param>
    /// <param name="announced">Bytes the sender announced; null when it did not.</param>
    /// <param name="body">The body.</param>
    /// <param name="cancellationToken">Ends the reading of the body; what was read is stored.</param>
    public async Task<OtlpOutcome> AcceptAsync(OtlpEncoding? encoding, string? contentEncoding, long? announced, PipeReader body, CancellationToken cancellationToken)
    {
        if (encoding is not { } form)
            return Refuse("content_type", new OtlpOutcome(OtlpVerdict.Unsupported, "Content-Type is neither application/x-protobuf nor application/json; send one of them"));
        var isGzip = string.Equals(contentEncoding, "gzip", StringComparison.OrdinalIgnoreCase);
        if (!isGzip && contentEncoding is not (null or "" or "identity"))
            return Refuse("content_encoding", new OtlpOutcome(OtlpVerdict.Unsupported, "Content-Encoding is neither gzip nor identity; set compression to gzip or none"));
        if (announced > limits.PackedBytesMax)
            return Refuse("packed_limit", PackedTooLarge());
        using var packed = await PooledBody.ReadAsync(body, limits.PackedBytesMax, _budget, cancellationToken);
        return packed.End switch
        {
            BodyEnd.TooLarge => Refuse("packed_limit", PackedTooLarge()),
            BodyEnd.Busy => Refuse("busy", Busy(limits)),
            _ => await UnpackAsync(packed.Bytes, form, isGzip),
        };
    }

    /// <summary>Takes the body of a call of <c>MetricsService/Export</c>: one message in gRPC's frame.</summary>
    /// <param name="encoding">The header <c>grpc-encoding</c>, null when it is not there.</param>
    /// <param name="body">The body.</param>
    /// <param name="cancellationToken">Ends the reading of the body; what was read is stored.</param>
    public async Task<GrpcAnswer> AcceptCallAsync(string? encoding, PipeReader body, CancellationToken cancellationToken)
    {
        using var packed = await PooledBody.ReadAsync(body, limits.PackedBytesMax + GrpcFrame.PrefixBytes, _budget, cancellationToken);
        if (packed.End == BodyEnd.Busy)
            return GrpcAnswer.Of(Refuse("busy", Busy(limits)));
        if (packed.End == BodyEnd.TooLarge)
            return GrpcAnswer.Of(Refuse("packed_limit", PackedTooLarge()));
        if (!GrpcFrame.TryRead(packed.Bytes, encoding, out var frame, out var fault))
        {
            refusals.Count(Door, "grpc_frame");
            return fault;
        }
        return GrpcAnswer.Of(await UnpackAsync(frame.Message, OtlpEncoding.Protobuf, frame.IsGzip));
    }

    /// <summary>Says that the door is full.</summary>
    internal static OtlpOutcome Busy(OtlpLimits limits) =>
        new(OtlpVerdict.Busy, $"requests at this door hold {limits.MemoryBytesMax:n0} bytes, which is all it has (limits.otlp.memory). Send again in {BusySeconds} s") { RetryAfter = BusySeconds };

    private async Task<OtlpOutcome> UnpackAsync(ReadOnlyMemory<byte> packed, OtlpEncoding form, bool isGzip)
    {
        if (!isGzip)
            return await ReadAsync(packed, form);
        using var body = GzipBody.Unpack(packed, limits, _budget);
        return body.Fault is { } fault ? Refuse(ReasonOf(fault, "not_gzip"), fault) : await ReadAsync(body.Bytes, form);
    }

    private async Task<OtlpOutcome> ReadAsync(ReadOnlyMemory<byte> body, OtlpEncoding form)
    {
        if (form == OtlpEncoding.Protobuf)
            return await DecodeAsync(body);
        // In binary form it is shorter, but for lengths, of which there is one an object.
        using var binary = new MessageWriter(2 * limits.DecodedBytesMax, _budget);
        try
        {
            if (!JsonRequest.TryWrite(body.Span, binary))
                return binary.IsBusy ? Refuse("busy", Busy(limits)) : Refuse("decoded_limit", PackedTooLarge());
        }
        catch (JsonException e)
        {
            return Refuse("not_json", new OtlpOutcome(OtlpVerdict.Malformed, $"the body is no request in JSON: {Printable(e.Message)}. Nothing of it was taken"));
        }
        catch (InvalidOperationException) // Utf8JsonReader: text that is not UTF-8, or half a surrogate pair
        {
            return Refuse("not_utf8", new OtlpOutcome(OtlpVerdict.Malformed, "a text in the body is not valid UTF-8. Nothing of it was taken"));
        }
        return await DecodeAsync(binary.Bytes);
    }

    private async Task<OtlpOutcome> DecodeAsync(ReadOnlyMemory<byte> request)
    {
        var decoder = Take(out var memory);
        var answer = decoder.TryDecode(request, memory, time.GetUtcNow().ToUnixTimeMilliseconds())
            ? await StoreWithinBudgetAsync(decoder)
            : Refuse(ReasonOf(decoder.Fault!, "malformed"), decoder.Fault!); // a decoder that fails has one
        Keep(decoder);
        return answer;
    }

    // What waits for the store is held as well.
    private async Task<OtlpOutcome> StoreWithinBudgetAsync(MetricsDecoder decoder)
    {
        var held = decoder.HeldBytes;
        if (!_budget.TryTake(held))
            return Refuse("busy", Busy(limits));
        try
        {
            return await StoreAsync(decoder);
        }
        finally
        {
            _budget.Give(held);
        }
    }

    private async Task<OtlpOutcome> StoreAsync(MetricsDecoder decoder)
    {
        var batch = decoder.Batch;
        var exemplars = batch.Exemplars.Count + decoder.ExemplarsLeft;
        var described = batch.Metadata.Count;
        if (batch.Count > 0 || exemplars > 0 || described > 0)
        {
            // Not cancelled when the sender hangs up: the batch is used again, so the store has to be done with it.
            var stored = await sink.AppendAsync(batch, CancellationToken.None);
            decoder.AddRefused(stored.Refused);
            (exemplars, described) = (exemplars - stored.ExemplarsTaken, described - stored.MetadataTaken);
        }
        if (decoder.Observations.Items.Count > 0)
            decoder.AddRefusedObservations((await sink.ObserveAsync(decoder.Observations, CancellationToken.None)).Refused);
        decoder.Refused.CountInto(refusals, Door);
        CountUnkept("exemplar_not_kept", exemplars);
        CountUnkept("metadata_not_kept", described);
        return Say(decoder);
    }

    private static OtlpOutcome Say(MetricsDecoder decoder)
    {
        if (decoder.Refused.IsEmpty)
            return new OtlpOutcome(OtlpVerdict.Taken, "");
        // The whole may come again: what is stored already is recognised.
        if (decoder.Refused.Has("read_only"))
            return new OtlpOutcome(OtlpVerdict.Unavailable, $"send the request again: {decoder.Refused}") { RetryAfter = ReadOnlySeconds };
        return new OtlpOutcome(OtlpVerdict.Taken, decoder.Refused.ToString()) { RejectedPoints = decoder.RejectedPoints };
    }

    // An exemplar or a description that is not kept fails no request, and is counted.
    private void CountUnkept(string reason, int items)
    {
        if (items > 0)
            refusals.Count(Door, reason, items);
    }

    private OtlpOutcome Refuse(string reason, OtlpOutcome outcome)
    {
        refusals.Count(Door, reason);
        return outcome;
    }

    private static string ReasonOf(OtlpOutcome fault, string malformed) => fault.Verdict switch
    {
        OtlpVerdict.TooLarge => "request_limit",
        OtlpVerdict.Busy => "busy",
        _ => malformed,
    };

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '\ufffd' : c));

    private OtlpOutcome PackedTooLarge() => new(
        OtlpVerdict.TooLarge, $"the body has more than {limits.PackedBytesMax:n0} bytes. Send fewer data points a request, or raise limits.otlp.packed. Nothing of it was taken");

    private MetricsDecoder Take(out SeriesMemory memory)
    {
        lock (_lock)
        {
            if (_memory.IsFull)
                _memory = new SeriesMemory(limits.RememberedBytesMax);
            memory = _memory;
            return _kept.TryPop(out var kept) ? kept : new MetricsDecoder(limits);
        }
    }

    private void Keep(MetricsDecoder decoder)
    {
        var isLarge = decoder.IsLarge;
        decoder.Clear();
        lock (_lock)
        {
            if (!isLarge && _kept.Count < KeptMax)
                _kept.Push(decoder);
        }
    }
}

/// <summary>The two forms of a request.</summary>
public enum OtlpEncoding
{
    /// <summary><c>application/x-protobuf</c></summary>
    Protobuf,

    /// <summary><c>application/json</c></summary>
    Json,
}
