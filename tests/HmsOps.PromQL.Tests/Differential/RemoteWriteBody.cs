using System.Buffers;
using System.Buffers.Binary;
using HmsOps.PromQL.Tests.Notation;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Differential;

/// <summary>
/// Samples as remote write 1.0 carries them: protobuf in a snappy block that compresses nothing. Numbers only, as what Prometheus 2.42 makes of native histograms is not compared.
/// </summary>
internal static class RemoteWriteBody
{
    private const int SnappyLiteralMax = 65_536; // what a length of two bytes can say

    // Numbers of fields and kinds of wire: prometheus/prompb, types.proto.
    private const byte TimeSeries = (1 << 3) | 2;
    private const byte Label = (1 << 3) | 2;
    private const byte LabelName = (1 << 3) | 2;
    private const byte LabelValue = (2 << 3) | 2;
    private const byte Sample = (2 << 3) | 2;
    private const byte SampleValue = (1 << 3) | 1;
    private const byte SampleTime = 2 << 3;

    /// <summary>One body a slice of time, in order: an empty store takes samples up to an hour older than its newest.</summary>
    public static IEnumerable<byte[]> Of(IEnumerable<SeriesNotation.Line> lines)
    {
        const int samplesMax = 20_000;
        var samples = lines.SelectMany(line => line.Samples.Where(sample => sample.Histogram is null).Select(sample => (line.Labels, sample.Time, sample.Value)));
        return samples.OrderBy(sample => sample.Time).Chunk(samplesMax).Select(chunk => Snappy(Request(chunk)));
    }

    private static ReadOnlySpan<byte> Request(IEnumerable<(Labels Labels, long Time, double Value)> samples)
    {
        var request = new ArrayBufferWriter<byte>();
        foreach (var (labels, time, value) in samples)
        {
            var series = new ArrayBufferWriter<byte>();
            foreach (var label in labels)
                Write(series, Label, Pair(label));
            Write(series, Sample, Of(time, value));
            Write(request, TimeSeries, series.WrittenSpan);
        }
        return request.WrittenSpan;
    }

    private static ReadOnlySpan<byte> Pair(Labels.Label label)
    {
        var pair = new ArrayBufferWriter<byte>();
        Write(pair, LabelName, label.Name);
        Write(pair, LabelValue, label.Value);
        return pair.WrittenSpan;
    }

    private static ReadOnlySpan<byte> Of(long time, double value)
    {
        var sample = new ArrayBufferWriter<byte>();
        sample.Write([SampleValue]);
        BinaryPrimitives.WriteInt64LittleEndian(sample.GetSpan(sizeof(long)), BitConverter.DoubleToInt64Bits(value)); // the marker's bits are its meaning
        sample.Advance(sizeof(long));
        sample.Write([SampleTime]);
        Varint.Write(sample, (ulong)time);
        return sample.WrittenSpan;
    }

    private static void Write(ArrayBufferWriter<byte> into, byte field, ReadOnlySpan<byte> block)
    {
        into.Write([field]);
        Varint.WriteBlock(into, block);
    }

    private static byte[] Snappy(ReadOnlySpan<byte> plain)
    {
        const byte literalOfTwoByteLength = 61 << 2;
        var block = new ArrayBufferWriter<byte>();
        Varint.Write(block, (ulong)plain.Length);
        while (!plain.IsEmpty)
        {
            var length = Math.Min(plain.Length, SnappyLiteralMax);
            block.Write([literalOfTwoByteLength, (byte)(length - 1), (byte)((length - 1) >> 8)]);
            block.Write(plain[..length]);
            plain = plain[length..];
        }
        return block.WrittenSpan.ToArray();
    }
}
