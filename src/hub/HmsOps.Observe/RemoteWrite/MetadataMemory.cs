using System.Text;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteWrite;

/// <summary>What was said about metrics, kept so that hearing it again, as with every request of remote write 2.0, makes no new strings. Bounded; one owner.</summary>
internal sealed class MetadataMemory
{
    private const int MetricsMax = 20_000;
    private const int BytesMax = 8 << 20;

    private static readonly string[] Types = ["unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];

    private readonly Dictionary<byte[], Said> _said = new(ByteKeys.Comparer);
    private readonly Dictionary<byte[], Said>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;
    private long _bytes;
    private Said? _latest;

    public MetadataMemory() => _bySpan = _said.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>The metadata, made anew only when it was not said before.</summary>
    public MetricMetadata Get(ReadOnlySpan<byte> metric, ulong type, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> help)
    {
        if (!_bySpan.TryGetValue(metric, out var said) || !said.Is(type, unit, help))
            said = Remember(metric, type, unit, help);
        _latest = said;
        return said.Metadata;
    }

    /// <summary>True when the last answer was for just this.</summary>
    public bool IsLatest(ReadOnlySpan<byte> metric, ulong type, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> help) =>
        _latest is { } latest && metric.SequenceEqual(latest.Metric) && latest.Is(type, unit, help);

    /// <summary>The family a series belongs to: without the endings that the parts of a classic histogram or summary have.</summary>
    public static ReadOnlySpan<byte> FamilyOf(ReadOnlySpan<byte> metric, ulong type)
    {
        if (type is 3 or 4 or 5)
        {
            foreach (var ending in (ReadOnlySpan<string>)["_bucket", "_count", "_sum", "_gcount", "_gsum"])
            {
                if (metric.Length > ending.Length && Ascii.Equals(metric[^ending.Length..], ending))
                    return metric[..^ending.Length];
            }
        }
        return metric;
    }

    private Said Remember(ReadOnlySpan<byte> metric, ulong type, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> help)
    {
        var metadata = new MetricMetadata(
            Encoding.UTF8.GetString(metric), type < (ulong)Types.Length ? Types[type] : Types[0], Encoding.UTF8.GetString(unit), Encoding.UTF8.GetString(help));
        var said = new Said(metric.ToArray(), type, unit.ToArray(), help.ToArray(), metadata);
        if (_said.Count >= MetricsMax || _bytes > BytesMax)
        {
            _said.Clear();
            _bytes = 0;
        }
        _said[said.Metric] = said;
        _bytes += 3L * (metric.Length + unit.Length + help.Length); // as bytes, and as characters
        return said;
    }

    private sealed record Said(byte[] Metric, ulong Type, byte[] Unit, byte[] Help, MetricMetadata Metadata)
    {
        public bool Is(ulong type, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> help) => type == Type && unit.SequenceEqual(Unit) && help.SequenceEqual(Help);
    }
}
