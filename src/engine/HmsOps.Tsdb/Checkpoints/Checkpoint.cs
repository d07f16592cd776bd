using System.Buffers;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Index;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Pages;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Checkpoints;

/// <summary>What a checkpoint says of itself.</summary>
/// <param name="Sequence">The first frame of the log that is not in it.</param>
/// <param name="Epoch">The epoch of the log whose numbers are its ids.</param>
/// <param name="Stamp">The arrival of the newest batch in it.</param>
/// <param name="Second">The second in which what is open changed last.</param>
internal readonly record struct CheckpointHead(long Sequence, long Epoch, long Stamp, long Second);

/// <summary>
/// The store's memory in one file, as it lies: docs/formats/metric-checkpoint.md. Written and read from front to back, every mebibyte with its checksum.
/// </summary>
internal static class Checkpoint
{
    private const ulong Magic = 0x31_54_4b_43_53_4d_48; // "HMSCKT1"
    private const int Version = 1;
    private const int LabelBytesMax = 64 * 1024;

    /// <summary>Writes all that is held. The holder of the turn's.</summary>
    public static void Write(IPageSink sink, CheckpointHead head, Holdings holdings)
    {
        var into = new PageWriter(sink);
        into.Write(Magic);
        into.Write(Version);
        into.Write(holdings.Head.HashKey);
        into.Write(head.Sequence);
        into.Write(head.Epoch);
        into.Write(head.Stamp);
        into.Write(head.Second);
        into.Finish();
        holdings.Head.Index.Save(sink);

        into = new PageWriter(sink);
        holdings.Head.Save(into);
        WriteIds(into, holdings.Ids);
        WriteExemplars(into, holdings.Exemplars);
        WriteDescriptions(into, holdings.Descriptions);
        into.Finish();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="PagesDamagedException">It is not that, was cut off or altered.</exception>
    public static (CheckpointHead Head, Holdings Holdings) Read(IPageSource source, MetricStoreOptions options)
    {
        var from = new PageReader(source) { Part = "the head of a checkpoint" };
        if (from.Read<ulong>() != Magic)
            throw from.Damaged("it is none");
        if (from.Read<int>() is var version and not Version)
            throw from.Damaged($"its version is {version}, this program reads {Version}");
        var hashKey = from.Read<UInt128>();
        var head = new CheckpointHead(from.Read<long>(), from.Read<long>(), from.Read<long>(), from.Read<long>());
        from.Finish();
        var index = SeriesIndex.Load(source, hashKey);

        from = new PageReader(source);
        var opens = new List<(OpenSeries Open, bool IsChanged)>();
        var series = SeriesHead.Load(hashKey, index, from, options.BucketsMax, (open, isChanged) => opens.Add((open, isChanged)));
        var holdings = Holdings.Of(series, options);
        foreach (var (open, isChanged) in opens)
            holdings.Closer.Restore(open, isChanged, head.Second);
        ReadIds(from, holdings.Ids);
        ReadExemplars(from, holdings.Exemplars, index.Count);
        ReadDescriptions(from, holdings.Descriptions);
        from.Finish();
        return (head, holdings);
    }

    /// <summary>Reads every block of the file against its checksum, and keeps nothing.</summary>
    /// <exception cref="PagesDamagedException">One is not as it was written.</exception>
    public static void Verify(IPageSource source)
    {
        foreach (var part in (string[])["the head of a checkpoint", "the series index", "the samples"])
            new PageReader(source) { Part = part }.ReadThrough();
        if (source.Left > 0)
            throw new PagesDamagedException($"There are {source.Left} bytes behind its end.");
    }

    private static void WriteIds(PageWriter into, ObservationIds ids)
    {
        into.Write(ids.Count);
        foreach (var (arrival, key) in ids.All())
        {
            into.Write(arrival);
            into.Write(key);
        }
    }

    private static void ReadIds(PageReader from, ObservationIds ids)
    {
        from.Part = "the ids of observations";
        var count = from.ReadCount(int.MaxValue);
        for (var i = 0; i < count; i++)
        {
            var arrival = from.Read<long>();
            ids.Add(from.Read<UInt128>(), arrival);
        }
    }

    private static void WriteExemplars(PageWriter into, ExemplarRing exemplars)
    {
        into.Write(exemplars.Count);
        foreach (var (id, labels, time, value) in exemplars.All())
        {
            into.Write(id);
            into.Write(time);
            into.Write(value);
            into.Write(labels.Bytes.Length);
            into.Write(labels.Bytes);
        }
    }

    private static void ReadExemplars(PageReader from, ExemplarRing exemplars, int series)
    {
        from.Part = "the exemplars";
        var count = from.ReadCount(int.MaxValue);
        for (var i = 0; i < count; i++)
        {
            var id = from.ReadCount(Math.Max(0, series - 1));
            var (time, value) = (from.Read<long>(), from.Read<double>());
            var bytes = new byte[from.ReadCount(LabelBytesMax)];
            from.Read(bytes);
            if (!Labels.TryFromBytes(bytes, out var labels))
                throw from.Damaged("labels are not in order");
            exemplars.Add(id, labels, time, value);
        }
    }

    private static void WriteDescriptions(PageWriter into, MetricDescriptions descriptions)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var said in descriptions.All())
            MetadataBlock.Write(bytes, said);
        into.Write(bytes.WrittenCount);
        into.Write(bytes.WrittenSpan);
    }

    private static void ReadDescriptions(PageReader from, MetricDescriptions descriptions)
    {
        from.Part = "what is said of metrics";
        var bytes = new byte[from.ReadCount((int)Math.Min(int.MaxValue, from.BytesMax))];
        from.Read(bytes);
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            if (!MetadataBlock.TryRead(ref rest, out var said))
                throw from.Damaged("a text is cut off");
            descriptions.Set(said);
        }
    }
}
