using System.Buffers.Binary;
using HmsOps.Fuzz.Harness;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Tsdb.Blocks;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>Files of blocks, read from a disk in memory: everything that can be asked of one is asked.</summary>
static class BlockDecoders
{
    const string Folder = "/blocks";
    const long SamplesMax = 100_000; // what a query may read: a footer can claim more than there is

    static readonly Selection Everything = new([], long.MinValue, long.MaxValue);
    static readonly Selection OneMetric = new([new Matcher("__name__", MatchOp.Equal, "up")], SeedSamples.Time, SeedSamples.Time + 60_000);
    static readonly Selection SomePods = new([new Matcher("pod", MatchOp.Regex, "[ab]")], long.MinValue, long.MaxValue);

    public static IReadOnlyList<Decoder> All =>
    [
        new("block", Read) { Seeds = Seeds, Seal = SealSections, HeadBytes = BlockFormat.HeaderBytes, InputBytesMax = 6144, AllocationBase = 16 << 20, AllocationPerByte = 4096, Share = 8 },
        new("tombstones", ReadTombstones) { Seeds = TombstoneSeeds, Seal = SealEnd, HeadBytes = 24, Words = ["pod", "a|b", ".+", "__name__", "(?i)x", "[["], AllocationBase = PatternDecoders.AllocationBase, AllocationPerByte = 4096, Share = 30 },
    ];

    static Reading Read(ReadOnlyMemory<byte> input)
    {
        var disk = new SimulatedDisk(new Random(1));
        var path = PathOf(1);
        disk.Put(path, input.Span);
        try
        {
            using var block = Block.Open(disk, path, new BlockCache(1 << 20));
            var warnings = new List<string>();
            var digest = new Digest();
            foreach (var question in (Selection[])[Everything, OneMetric, SomePods])
            {
                using var cursor = block.Select(question, new QueryBudget(SamplesMax), CancellationToken.None);
                while (cursor.MoveNext())
                    Add(ref digest, cursor.Current);
                warnings.AddRange(cursor.Warnings);
                digest.Add((ulong)block.Series(question, CancellationToken.None).Count());
                digest.Add((ulong)block.LabelNames(question, CancellationToken.None).Count);
                digest.Add((ulong)block.LabelValues("pod", question, CancellationToken.None).Count);
            }
            var faults = block.Verify(CancellationToken.None).ToList();
            if (faults.Count > 0)
                return new Reading(false, $"faults: {faults[0].What}", digest.Value);
            Unless(warnings.Count == 0, $"a block without faults lacks samples: {warnings.FirstOrDefault()}");
            Unless(SumOf(block) == SumOf(Rewritten(block)), "what was read and written again reads back as other samples");
            return Reading.Accepted($"{block.Info.Series} series, {block.Info.Samples} samples", digest);
        }
        catch (BlockDamagedException e)
        {
            return Reading.Refused(e.Message[(e.Message.IndexOf(path, StringComparison.Ordinal) + path.Length)..]);
        }
        catch (QueryBudgetException)
        {
            return Reading.Refused("more samples than a query may read");
        }
        catch (NotSupportedException e) // of a version to come
        {
            return Reading.Refused(e.Message);
        }
    }

    static Block Rewritten(Block block)
    {
        var disk = new SimulatedDisk(new Random(1));
        disk.CreateFolder(Folder);
        using var writer = new BlockWriter(disk, Folder, new BlockIdentity(2, 1));
        using var cursor = block.Select(Everything, new QueryBudget(SamplesMax), CancellationToken.None);
        while (cursor.MoveNext())
            writer.Add(cursor.Current.Labels, cursor.Current);
        return Block.Open(disk, writer.Finish().Path, new BlockCache(1 << 20));
    }

    static ulong SumOf(Block block)
    {
        var digest = new Digest();
        using var cursor = block.Select(Everything, new QueryBudget(SamplesMax), CancellationToken.None);
        while (cursor.MoveNext())
            Add(ref digest, cursor.Current);
        return digest.Value;
    }

    public static void Add(ref Digest digest, SeriesView view)
    {
        digest.Add(view.Labels.Bytes);
        for (var i = 0; i < view.Times.Length; i++)
        {
            digest.Add(view.Times[i]);
            digest.Add(view.Starts.IsEmpty ? 0 : view.Starts[i]);
            if (!view.Histograms.IsEmpty && view.Histograms[i] is { } histogram)
                ChunkDecoders.Add(ref digest, histogram);
            else
                digest.Add(view.Values[i]);
        }
    }

    static Reading ReadTombstones(ReadOnlyMemory<byte> input)
    {
        var disk = new SimulatedDisk(new Random(1));
        var path = TombstoneFile.PathOf(Folder, 1);
        disk.Put(path, input.Span);
        try
        {
            var orders = TombstoneFile.Read(disk, path, 1);
            TombstoneFile.Write(disk, path, 1, [.. orders]);
            var again = TombstoneFile.Read(disk, path, 1);
            Unless(TextOf(orders) == TextOf(again), $"what was written reads back as other orders: {TextOf(orders)}, {TextOf(again)}");
            var digest = new Digest();
            digest.Add(TextOf(orders));
            return Reading.Accepted($"{orders.Count} orders, {orders.Sum(order => order.Matchers.Count)} matchers", digest);
        }
        catch (BlockDamagedException e)
        {
            return Reading.Refused(e.Message[(e.Message.IndexOf(path, StringComparison.Ordinal) + path.Length)..]);
        }
    }

    static string TextOf(IEnumerable<Deletion> orders) => string.Join(';', orders.Select(order => $"{order.From} {order.To} {string.Join(',', order.Matchers)}"));

    static void SealEnd(byte[] file)
    {
        if (file.Length >= sizeof(uint))
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(file.Length - 4), BlockChecksum.Of(file.AsSpan(0, file.Length - 4)));
    }

    // From the outside in: the footer says where the sections are, and has their checksums.
    static void SealSections(byte[] file)
    {
        if (file.Length < BlockFormat.HeaderBytes + BlockFormat.TrailerBytes)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(28), BlockChecksum.Of(file.AsSpan(0, 28)));
        var length = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(file.Length - BlockFormat.TrailerBytes));
        if (length > file.Length - BlockFormat.HeaderBytes - BlockFormat.TrailerBytes)
            return;
        SealFooter(file, (int)length);
        try
        {
            var disk = new SimulatedDisk(new Random(1));
            disk.Put(PathOf(1), file);
            using var open = disk.Open(PathOf(1), writable: false);
            var footer = BlockFooter.Read(open);
            SealTail(file, footer.ChunkStream);
            SealTail(file, footer.TimeStream);
            var sections = footer.Sections.Select(section => section with { Crc = BlockChecksum.Of(file.AsSpan((int)section.Offset, section.Length)) });
            var end = (footer with { Sections = [.. sections] }).ToBytes();
            if (end.Length == length + BlockFormat.TrailerBytes)
                end.CopyTo(file.AsSpan(file.Length - end.Length));
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            // Its footer is none: as sealed as can be.
        }
    }

    static void SealFooter(byte[] file, int length)
    {
        var start = file.Length - BlockFormat.TrailerBytes - length;
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(file.Length - 12), BlockChecksum.Of(file.AsSpan(start, length + 4)));
    }

    static void SealTail(byte[] file, StreamMap map)
    {
        if (map.Pages == 0)
            return;
        var (at, payload) = ((int)map.PlaceOf(map.Pages - 1), map.PayloadOf(map.Pages - 1));
        if (at + payload + sizeof(uint) <= file.Length)
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + payload), BlockChecksum.Of(file.AsSpan(at, payload)));
    }

    static IEnumerable<(string, byte[])> Seeds()
    {
        foreach (var samples in (int[])[2, 12, 40])
        {
            var disk = new SimulatedDisk(new Random(1));
            disk.CreateFolder(Folder);
            using var writer = new BlockWriter(disk, Folder, new BlockIdentity(1, 1));
            foreach (var (labels, times, values, histograms) in SeedSamples.Rows(samples))
                writer.Add(labels, new SeriesView(labels, times, values, histograms));
            yield return ($"{samples}-samples", disk.Content(writer.Finish().Path));
        }
    }

    static IEnumerable<(string, byte[])> TombstoneSeeds()
    {
        foreach (var (name, orders) in new (string, Deletion[])[]
        {
            ("none", []),
            ("one", [new Deletion([new Matcher("__name__", MatchOp.Equal, "up")], 0, 1000)]),
            ("several", [new Deletion([new Matcher("pod", MatchOp.Regex, "a|b.*"), new Matcher("job", MatchOp.NotEqual, "")], long.MinValue, long.MaxValue), new Deletion([new Matcher("x", MatchOp.NotRegex, "[a-z]+")], -5, 5)]),
        })
        {
            var disk = new SimulatedDisk(new Random(1));
            disk.CreateFolder(Folder);
            TombstoneFile.Write(disk, TombstoneFile.PathOf(Folder, 1), 1, orders);
            yield return (name, disk.Content(TombstoneFile.PathOf(Folder, 1)));
        }
    }

    static string PathOf(UInt128 id) => $"{Folder}/{BlockIdentity.NameOf(id)}{BlockFormat.Suffix}";
}
