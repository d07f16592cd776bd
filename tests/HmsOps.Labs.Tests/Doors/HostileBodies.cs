using System.Globalization;
using System.IO.Compression;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Doors;

/// <summary>Bodies that no honest sender makes.</summary>
internal static class HostileBodies
{
    public const int TenMillion = 10_000_000;

    public static readonly DateTimeOffset Year1601 = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Year3000 = new(3000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Remote write 1.0: one series.</summary>
    public static byte[] Write1(byte[] labels, long time) => Wire.Field(1, [.. labels, .. Wire.Field(2, [.. Wire.Field(1, 1.0), .. Wire.Field(2, time)])]);

    public static byte[] Label1(string name, string value) => Wire.Field(1, [.. Wire.Field(1, name), .. Wire.Field(2, value)]);

    /// <summary>Remote write 2.0: one series, of texts that it points to.</summary>
    public static byte[] Write2(string[] texts, byte[] references, long time) =>
        [.. texts.SelectMany(text => Wire.Field(4, text)), .. Wire.Field(5, [.. Wire.Field(1, references), .. Wire.Field(2, [.. Wire.Field(1, 1.0), .. Wire.Field(2, time)])])];

    /// <summary>OTLP: a gauge with one point.</summary>
    public static byte[] Otlp(byte[] attributes, ulong nanoseconds)
    {
        byte[] time = [(3 << 3) | 1, .. BitConverter.GetBytes(nanoseconds)];
        var gauge = Wire.Field(5, Wire.Field(1, [.. attributes, .. time, .. Wire.Field(4, 1.0)]));
        return Wire.Field(1, Wire.Field(2, Wire.Field(2, [.. Wire.Field(1, "hostile"), .. gauge])));
    }

    public static byte[] Attribute(string name, string value) => Wire.Field(7, [.. Wire.Field(1, name), .. Wire.Field(2, Wire.Field(1, value))]);

    public static byte[] OtlpJson(string attributes, string nanoseconds) => Encoding.UTF8.GetBytes(
        $$$"""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"hostile","gauge":{"dataPoints":[{"attributes":[{{{attributes}}}],"timeUnixNano":"{{{nanoseconds}}}","asDouble":1}]}}]}]}]}""");

    /// <summary>The same bytes again and again.</summary>
    public static byte[] Repeat(byte[] piece, int times)
    {
        var all = new byte[piece.Length * times];
        for (var i = 0; i < times; i++)
            piece.CopyTo(all, i * piece.Length);
        return all;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>A thousand times smaller than what it unpacks to: 256 MiB.</summary>
    public static byte[] GzipBomb()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            var spaces = Enumerable.Repeat((byte)' ', 1 << 20).ToArray();
            for (var i = 0; i < 256; i++)
                gzip.Write(spaces);
        }
        return packed.ToArray();
    }

    public static string Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
}
