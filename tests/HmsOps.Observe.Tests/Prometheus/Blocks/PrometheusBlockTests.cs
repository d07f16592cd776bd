using System.Buffers.Binary;
using HmsOps.Disk;
using HmsOps.Observe.History;
using HmsOps.Observe.Prometheus.Blocks;
using HmsOps.Observe.Prometheus.Chunks;
using HmsOps.Observe.Tests.Exposition;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Prometheus.Blocks;

public sealed class PrometheusBlockTests
{
    [Fact]
    public async Task A_real_block_is_read_to_the_bit_and_what_was_deleted_stays_deleted()
    {
        using var block = PrometheusBlock.Open(Golden.Block(), "block");
        var lines = await LinesAsync(block);

        Assert.Equal(Golden.Samples(), lines);
        Assert.Equal((3L, 800L), (block.Meta.Series, block.Meta.Samples));
        Assert.Equal(new HistoryProgress(lines.Count, 3, 1), block.Progress);
        Assert.Equal(0, block.Damage.Count);
    }

    [Fact]
    public async Task A_block_is_read_where_it_lies_too()
    {
        using var block = PrometheusBlock.Open(new RealDisk(), Golden.Path("block"));

        Assert.Equal(Golden.Samples(), await LinesAsync(block));
    }

    /// <summary>Our chunks are Prometheus' own, bit for bit.</summary>
    [Fact]
    public void What_is_read_is_written_as_Prometheus_wrote_it()
    {
        var disk = Golden.Block();
        var bytes = File.ReadAllBytes(Golden.Path("block/chunks/000001"));
        using var index = BlockIndex.Open(disk, "block/index");
        using var segments = new ChunkSegments(disk, "block/chunks");
        var columns = new ChunkColumns();
        var bits = new BitWriter();
        var chunks = 0;
        while (index.MoveNext())
        {
            foreach (var place in index.Chunks)
            {
                segments.Read(place, columns);
                Assert.Equal((place.First, place.Last), (columns.Times[0], columns.Times[^1]));
                var written = XorChunk.Encode(bits, columns.Times, columns.Values);
                ReadOnlySpan<byte> rest = bytes.AsSpan((int)place.Offset);
                Assert.True(Varint.TryRead(ref rest, out var length));
                Assert.Equal(Convert.ToHexString(rest.Slice(1, (int)length)), Convert.ToHexString(written));
                chunks++;
            }
        }
        Assert.Equal(8, chunks);
    }

    [Fact]
    public async Task A_damaged_chunk_costs_its_samples_and_is_named_with_its_place()
    {
        var disk = Golden.Block((name, bytes) => name == "chunks/000001" ? Flip(bytes, 40) : bytes);
        using var block = PrometheusBlock.Open(disk, "block");
        var lines = await LinesAsync(block);

        Assert.Equal(1, block.Damage.Count);
        Assert.Equal("block/chunks/000001 is damaged at byte 8: the checksum of a chunk is wrong", block.Damage.Named[0]);
        Assert.Equal(Golden.Samples().Skip(100), lines[^(Golden.Samples().Count() - 100)..]); // the first chunk has 120, of which 20 are deleted
    }

    [Theory]
    [InlineData("index", 0, "does not begin as an index")]
    [InlineData("index", 4, "version is")]
    [InlineData("index", 12, "checksum of its symbols")]
    [InlineData("index", -1, "checksum of its table of contents")]
    [InlineData("tombstones", 1, "does not begin as tombstones")]
    [InlineData("tombstones", 7, "its checksum is wrong")]
    [InlineData("meta.json", 0, "no JSON")]
    public void Damage_that_no_walk_survives_is_named_at_once(string file, int at, string said)
    {
        var disk = Golden.Block((name, bytes) => name == file ? Flip(bytes, at < 0 ? bytes.Length + at : at) : bytes);
        var damaged = Assert.Throws<HistoryDamagedException>(() => PrometheusBlock.Open(disk, "block"));

        Assert.Equal($"block/{file}", damaged.File);
        Assert.Contains(said, damaged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_no_block_is_named() =>
        Assert.Contains("it is not there", Assert.Throws<HistoryDamagedException>(() => PrometheusBlock.Open(Golden.Block(), "elsewhere")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_series_with_a_wrong_checksum_ends_the_walk()
    {
        var index = File.ReadAllBytes(Golden.Path("block/index"));
        var series = (int)BinaryPrimitives.ReadInt64BigEndian(index.AsSpan(index.Length - 44));
        using var block = PrometheusBlock.Open(Golden.Block((name, bytes) => name == "index" ? Flip(bytes, ((series + 15) / 16 * 16) + 3) : bytes), "block");

        Assert.Equal("block/index", (await Assert.ThrowsAsync<HistoryDamagedException>(() => LinesAsync(block))).File);
    }

    /// <summary>Whatever is changed anywhere, also behind checksums that are made right again: samples, a name for the damage, and nothing else.</summary>
    [Fact]
    public async Task Hostile_blocks_are_read_or_named_and_never_more()
    {
        var dice = new Random(31);
        string[] files = ["meta.json", "index", "index", "index", "tombstones", "chunks/000001", "chunks/000001"];
        var (good, bad) = (0, 0);
        for (var round = 0; round < 600; round++)
        {
            var file = files[dice.Next(files.Length)];
            var disk = Golden.Block((name, bytes) => name == file ? Repaired(name, Mutation.Of(bytes, dice), dice) : bytes);
            try
            {
                using var block = PrometheusBlock.Open(disk, "block");
                var lines = 0;
                await foreach (var batch in block.ReadAsync(CancellationToken.None))
                    lines += batch.Count;
                Assert.InRange(lines, 0, 1_000_000);
                good++;
            }
            catch (HistoryDamagedException e)
            {
                Assert.StartsWith("block/", e.File, StringComparison.Ordinal);
                bad++;
            }
        }
        Assert.True(good > 50 && bad > 50, $"{good} good, {bad} bad");
    }

    private static async Task<List<string>> LinesAsync(PrometheusBlock block)
    {
        var lines = new List<string>();
        await foreach (var batch in block.ReadAsync(CancellationToken.None))
            lines.AddRange(Golden.Lines(batch));
        return lines;
    }

    // Half of them get checksums that fit, so that what lies behind is reached.
    private static byte[] Repaired(string name, byte[] bytes, Random dice)
    {
        if (dice.Next(2) == 0 || bytes.Length < 60)
            return bytes;
        if (name == "tombstones")
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Of(bytes.AsSpan(5..^4)));
        if (name == "index")
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Of(bytes.AsSpan(bytes.Length - 52, 48)));
            var symbols = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(5));
            if (symbols > 0 && symbols < bytes.Length - 60)
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(9 + symbols), Crc32C.Of(bytes.AsSpan(9, symbols)));
            for (var at = (9 + Math.Clamp(symbols, 0, bytes.Length - 60) + 4 + 15) / 16 * 16; at < bytes.Length - 60; at += 16)
                RepairBlock(bytes, at, 0);
        }
        if (name == "chunks/000001")
            RepairBlock(bytes, 8, 1);
        return bytes;
    }

    private static void RepairBlock(byte[] bytes, int at, int more)
    {
        ReadOnlySpan<byte> rest = bytes.AsSpan(at);
        if (!Varint.TryRead(ref rest, out var length) || length + 8 > (ulong)rest.Length)
            return;
        var begin = bytes.Length - rest.Length;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(begin + (int)length + more), Crc32C.Of(bytes.AsSpan(begin, (int)length + more)));
    }

    private static byte[] Flip(byte[] bytes, int at)
    {
        bytes[at] ^= 0x01;
        return bytes;
    }
}
