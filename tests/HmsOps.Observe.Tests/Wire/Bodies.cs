using HmsOps.Observe.Wire;

namespace HmsOps.Observe.Tests.Wire;

/// <summary>Bodies to pack and to decode.</summary>
internal static class Bodies
{
    public const long Time = 1_795_190_400_000; // Friday, 20 November 2026, 16:00 UTC

    /// <summary>A scrape's worth of series as a fleet of hosts has them, 11 labels each, as a message of remote write 1.0.</summary>
    public static byte[] Fleet(int series, int seed)
    {
        var random = new Random(seed);
        var message = new ProtoWriter();
        for (var i = 0; i < series; i++)
        {
            var (host, cpu) = (i / 40, i % 40);
            message.Message(1, s =>
            {
                foreach (var (name, value) in ((string, string)[])[
                    ("__name__", "node_cpu_seconds_total"), ("agency", "opm"), ("cpu", $"{cpu / 8}"), ("datacenter", "ashburn-1"), ("environment", "production"),
                    ("instance", $"permit-svc-{host:000}.ops.opm.gov:9100"), ("job", "node-exporter"), ("mode", $"mode-{cpu % 8}"), ("pod", $"node-exporter-{host * 7919 % 100_000:x5}"),
                    ("region", "us-east"), ("team", "permit-platform")])
                {
                    s.Message(1, l => l.Text(1, name).Text(2, value));
                }
                s.Message(2, p => p.Double(1, random.Next(1_000_000) / 100.0).Varint(2, (ulong)Time));
            });
        }
        return message.ToArray();
    }

    /// <summary>Bytes that repeat themselves more or less.</summary>
    public static byte[] Random(Random random, int most)
    {
        var bytes = new byte[random.Next(most)];
        var letters = random.Next(1, 256);
        for (var i = 0; i < bytes.Length;)
        {
            if (i > 0 && random.Next(3) == 0)
            {
                var from = random.Next(i);
                for (var n = random.Next(1, 300); n > 0 && i < bytes.Length; n--)
                    bytes[i++] = bytes[from++];
            }
            else
            {
                bytes[i++] = (byte)random.Next(letters);
            }
        }
        return bytes;
    }

    public static byte[] Pack(byte[] body)
    {
        var packed = new byte[Snappy.PackedBytesMax(body.Length)];
        return packed[..Snappy.Pack(body, packed)];
    }
}
