using System.Buffers.Binary;

namespace HmsOps.Observe.Otlp;

/// <summary>
/// gRPC's frame around a message: a byte that says whether it is compressed, four bytes of length, the message. A unary call has just one.
/// See <c>PROTOCOL-HTTP2.md</c> of grpc/grpc.
/// </summary>
/// <param name="Message">The message, packed as it came.</param>
/// <param name="IsGzip">True when it is gzipped.</param>
internal readonly record struct GrpcFrame(ReadOnlyMemory<byte> Message, bool IsGzip)
{
    /// <summary>Bytes before the message.</summary>
    public const int PrefixBytes = 5;

    /// <summary>The frame of a body; what to answer when it is none.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, string? encoding, out GrpcFrame frame, out GrpcAnswer fault)
    {
        frame = default;
        fault = new GrpcAnswer(GrpcStatus.Ok, "");
        if (encoding is not (null or "" or "identity" or "gzip"))
        {
            fault = new GrpcAnswer(GrpcStatus.Unimplemented, "grpc-encoding is neither gzip nor identity; set compression to gzip or none");
            return false;
        }
        if (body.Length < PrefixBytes)
        {
            fault = new GrpcAnswer(GrpcStatus.Internal, "the call ended before its message began; a unary call has one message");
            return false;
        }
        var (flag, length) = (body.Span[0], BinaryPrimitives.ReadUInt32BigEndian(body.Span[1..]));
        if (flag > 1)
            fault = new GrpcAnswer(GrpcStatus.Internal, $"the message begins with the byte {flag}, which is neither 0 nor 1; is the sender speaking gRPC?");
        else if (flag == 1 && encoding is not "gzip")
            fault = new GrpcAnswer(GrpcStatus.Internal, "the message is marked as compressed, and grpc-encoding does not say how");
        else if (length > (uint)(body.Length - PrefixBytes))
            fault = new GrpcAnswer(GrpcStatus.Internal, $"the message says it has {length:n0} bytes, and the call ended after {body.Length - PrefixBytes:n0}");
        else if (length < (uint)(body.Length - PrefixBytes))
            fault = new GrpcAnswer(GrpcStatus.Internal, $"{body.Length - PrefixBytes - length:n0} bytes follow the message; a unary call has one message");
        frame = new GrpcFrame(body[PrefixBytes..], flag == 1);
        return fault.Status == GrpcStatus.Ok;
    }

    /// <summary>A message in its frame, not compressed.</summary>
    public static byte[] Write(ReadOnlySpan<byte> message)
    {
        var frame = new byte[PrefixBytes + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame.AsSpan(PrefixBytes));
        return frame;
    }
}
