using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>The bodies of answers: <c>ExportMetricsServiceResponse</c> for what was taken, <c>google.rpc.Status</c> for what was not, in the form of the request.</summary>
public static class OtlpReply
{
    /// <summary>The body that says an outcome.</summary>
    public static byte[] Write(OtlpOutcome outcome, OtlpEncoding form)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        if (outcome.Verdict != OtlpVerdict.Taken)
            return form == OtlpEncoding.Json ? StatusJson(outcome) : Status(outcome.GrpcStatus, outcome.Message, outcome.RetryAfter);
        if (outcome.Message.Length == 0)
            return form == OtlpEncoding.Json ? "{}"u8.ToArray() : [];
        return form == OtlpEncoding.Json ? PartialJson(outcome) : Partial(outcome);
    }

    /// <summary><c>google.rpc.Status</c>, with a <c>RetryInfo</c> when the same request may succeed later.</summary>
    internal static byte[] Status(GrpcStatus code, string message, int? retryAfter)
    {
        var status = new ArrayBufferWriter<byte>();
        Number(status, 1, (ulong)code);
        Block(status, 2, Encoding.UTF8.GetBytes(message));
        if (retryAfter is { } seconds)
        {
            var delay = new ArrayBufferWriter<byte>();
            Number(delay, 1, (ulong)seconds);
            var info = new ArrayBufferWriter<byte>();
            Block(info, 1, delay.WrittenSpan);
            var any = new ArrayBufferWriter<byte>();
            Block(any, 1, "type.googleapis.com/google.rpc.RetryInfo"u8);
            Block(any, 2, info.WrittenSpan);
            Block(status, 3, any.WrittenSpan);
        }
        return status.WrittenSpan.ToArray();
    }

    private static byte[] Partial(OtlpOutcome outcome)
    {
        var partial = new ArrayBufferWriter<byte>();
        if (outcome.RejectedPoints > 0)
            Number(partial, 1, (ulong)outcome.RejectedPoints);
        Block(partial, 2, Encoding.UTF8.GetBytes(outcome.Message));
        var response = new ArrayBufferWriter<byte>();
        Block(response, 1, partial.WrittenSpan);
        return response.WrittenSpan.ToArray();
    }

    private static byte[] PartialJson(OtlpOutcome outcome) => Json(json =>
    {
        json.WriteStartObject("partialSuccess");
        if (outcome.RejectedPoints > 0)
            json.WriteString("rejectedDataPoints", outcome.RejectedPoints.ToString(CultureInfo.InvariantCulture));
        json.WriteString("errorMessage", outcome.Message);
        json.WriteEndObject();
    });

    private static byte[] StatusJson(OtlpOutcome outcome) => Json(json =>
    {
        json.WriteNumber("code", (int)outcome.GrpcStatus);
        json.WriteString("message", outcome.Message);
    });

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static void Number(ArrayBufferWriter<byte> into, int field, ulong value)
    {
        Varint.Write(into, (ulong)(field << 3) | WireType.Varint);
        Varint.Write(into, value);
    }

    private static void Block(ArrayBufferWriter<byte> into, int field, ReadOnlySpan<byte> block)
    {
        Varint.Write(into, (ulong)(field << 3) | WireType.Block);
        Varint.WriteBlock(into, block);
    }
}

/// <summary>What a call is answered.</summary>
/// <param name="Status">The status.</param>
/// <param name="Message">For people; empty when there is nothing to say.</param>
public sealed record GrpcAnswer(GrpcStatus Status, string Message)
{
    /// <summary>The response in its frame; empty unless the status is <see cref="GrpcStatus.Ok"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The message <c>google.rpc.Status</c> for the trailer <c>grpc-status-details-bin</c>; empty when it says no more than the two other trailers.</summary>
    public ReadOnlyMemory<byte> Details { get; init; }

    /// <summary>An outcome as an answer.</summary>
    public static GrpcAnswer Of(OtlpOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        return outcome.Verdict == OtlpVerdict.Taken
            ? new GrpcAnswer(GrpcStatus.Ok, "") { Body = GrpcFrame.Write(OtlpReply.Write(outcome, OtlpEncoding.Protobuf)) }
            : new GrpcAnswer(outcome.GrpcStatus, outcome.Message)
            {
                Details = outcome.RetryAfter is null ? default : OtlpReply.Status(outcome.GrpcStatus, outcome.Message, outcome.RetryAfter),
            };
    }
}
