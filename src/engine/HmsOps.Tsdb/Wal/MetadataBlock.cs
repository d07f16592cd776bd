using System.Buffers;
using System.Text;
using HmsOps.Series;

namespace HmsOps.Tsdb.Wal;

/// <summary>What is said of a metric, as four blocks of text: in the log and in a checkpoint.</summary>
internal static class MetadataBlock
{
    public static void Write(IBufferWriter<byte> into, MetricMetadata said)
    {
        Varint.WriteBlock(into, Encoding.UTF8.GetBytes(said.Metric));
        Varint.WriteBlock(into, Encoding.UTF8.GetBytes(said.Type));
        Varint.WriteBlock(into, Encoding.UTF8.GetBytes(said.Unit));
        Varint.WriteBlock(into, Encoding.UTF8.GetBytes(said.Help));
    }

    public static bool TryRead(ref ReadOnlySpan<byte> from, out MetricMetadata said)
    {
        said = new MetricMetadata("", "", "", "");
        if (!Varint.TryReadBlock(ref from, out var metric) || !Varint.TryReadBlock(ref from, out var type)
            || !Varint.TryReadBlock(ref from, out var unit) || !Varint.TryReadBlock(ref from, out var help))
        {
            return false;
        }
        said = new MetricMetadata(
            Encoding.UTF8.GetString(metric), Encoding.UTF8.GetString(type), Encoding.UTF8.GetString(unit), Encoding.UTF8.GetString(help));
        return true;
    }
}
