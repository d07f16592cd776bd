using System.IO.Compression;
using System.Runtime.InteropServices;
using HmsOps.Observe.Wire;

namespace HmsOps.Observe.Otlp;

/// <summary>A gzipped body unpacked into a pooled buffer, which grows with what comes out and never past the door's limits. One owner, who disposes it.</summary>
internal sealed class GzipBody : IDisposable
{
    // A body that unpacks to a hundred times itself is a bomb; small ones may be.
    private const int RatioMax = 100;
    private const int RatioCountsFrom = 1 << 20;

    private readonly ByteBudget _budget;
    private byte[] _buffer = [];
    private int _length;

    private GzipBody(ByteBudget budget) => _budget = budget;

    /// <summary>What was unpacked.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Why there is nothing; null when there is.</summary>
    public OtlpOutcome? Fault { get; private set; }

    /// <summary>Unpacks a body to its end or the limit.</summary>
    public static GzipBody Unpack(ReadOnlyMemory<byte> packed, OtlpLimits limits, ByteBudget budget)
    {
        var body = new GzipBody(budget);
        body.Fault = body.Read(packed, limits);
        return body;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        PooledBytes.Give(ref _buffer, _budget);
        _length = 0;
    }

    private OtlpOutcome? Read(ReadOnlyMemory<byte> packed, OtlpLimits limits)
    {
        MemoryMarshal.TryGetArray(packed, out var array); // a pooled body is one
        using var gzip = new GZipStream(new MemoryStream(array.Array!, array.Offset, array.Count, writable: false), CompressionMode.Decompress);
        try
        {
            while (true)
            {
                if (_length == _buffer.Length && !TryGrow(limits))
                    return OtlpIntake.Busy(limits);
                var read = gzip.Read(_buffer, _length, _buffer.Length - _length);
                if (read == 0)
                    return packed.Length == 0 ? NotGzip() : null;
                _length += read;
                if (_length > limits.DecodedBytesMax)
                {
                    return new OtlpOutcome(
                        OtlpVerdict.TooLarge, $"the body unpacks to more than {limits.DecodedBytesMax:n0} bytes. Send fewer data points a request, or raise limits.otlp.decoded. Nothing of it was taken");
                }
                if (_length > RatioCountsFrom && _length > (long)packed.Length * RatioMax)
                    return new OtlpOutcome(OtlpVerdict.TooLarge, $"the body of {packed.Length:n0} bytes unpacks to more than {RatioMax} times itself. Nothing of it was taken");
            }
        }
        catch (InvalidDataException)
        {
            return NotGzip();
        }
    }

    // One byte more than the limit, so that too many are seen to be too many.
    private bool TryGrow(OtlpLimits limits) => PooledBytes.TryGrow(ref _buffer, _length, _length + 1, limits.DecodedBytesMax + 1L, _budget);

    private static OtlpOutcome NotGzip() => new(OtlpVerdict.Malformed, "the body is not gzip, or damaged or cut off. Nothing of it was taken");
}
