using System.Buffers;
using System.Globalization;
using HmsOps.Series;
using HmsOps.SideBySide.Peers;

namespace HmsOps.SideBySide.Data;

/// <summary>
/// Native histograms, beside the fleet and for the questions alone, since not every server keeps them: a hundred series, the last forty scrapes. Few, so that they weigh nothing on the disk.
/// </summary>
internal sealed class Natives
{
    private const int Series = 100;
    private const int Scrapes = 40;
    private const int Buckets = 24;
    private const int Schema = 3;

    private readonly Random _random = new(29);
    private readonly long[][] _counts = [.. Enumerable.Range(0, Series).Select(_ => new long[Buckets])];

    /// <summary>Sends them by remote write 1.0, a request a scrape.</summary>
    public async Task SendAsync(Server server, Timeline timeline, CancellationToken cancellationToken)
    {
        for (var scrape = Math.Max(0, timeline.Scrapes - Scrapes); scrape < timeline.Scrapes; scrape++)
        {
            var body = new ArrayBufferWriter<byte>();
            for (var series = 0; series < Series; series++)
                Block(body, 1, into => Write(into, series, timeline.TimeOf(scrape)));
            await Sender.PostAsync(server, body.WrittenSpan, cancellationToken);
        }
    }

    private void Write(ArrayBufferWriter<byte> into, int series, long time)
    {
        var place = series.ToString(CultureInfo.InvariantCulture);
        into.Write(Labels.From(("__name__", Question.NativeMetric), ("namespace", $"agency-{series % 23}"), ("node", $"node-{place}.county.example"), ("pod", $"permit-portal-{place}")).Bytes);
        var counts = _counts[series];
        for (var i = 0; i < Buckets; i++)
            counts[i] += _random.Next(20);
        Block(into, 4, histogram =>
        {
            Number(histogram, 1, (ulong)counts.Sum());
            Double(histogram, 3, counts.Select((count, i) => count * Math.Pow(2, i / 8.0)).Sum());
            Number(histogram, 4, Varint.ZigZag(Schema));
            Double(histogram, 5, 1e-128);
            Number(histogram, 6, 0);
            Block(histogram, 11, span =>
            {
                Number(span, 1, Varint.ZigZag(-Buckets));
                Number(span, 2, Buckets);
            });
            Block(histogram, 12, deltas =>
            {
                for (var i = 0; i < Buckets; i++)
                    Varint.Write(deltas, Varint.ZigZag(counts[i] - (i == 0 ? 0 : counts[i - 1])));
            });
            Number(histogram, 15, (ulong)time);
        });
    }

    private static void Number(ArrayBufferWriter<byte> into, int field, ulong value)
    {
        Varint.Write(into, (ulong)(field << 3));
        Varint.Write(into, value);
    }

    private static void Double(ArrayBufferWriter<byte> into, int field, double value)
    {
        Varint.Write(into, (ulong)(field << 3 | 1));
        into.Write(BitConverter.GetBytes(value));
    }

    private static void Block(ArrayBufferWriter<byte> into, int field, Action<ArrayBufferWriter<byte>> write)
    {
        var inner = new ArrayBufferWriter<byte>();
        write(inner);
        Varint.Write(into, (ulong)(field << 3 | 2));
        Varint.Write(into, (ulong)inner.WrittenCount);
        into.Write(inner.WrittenSpan);
    }
}
