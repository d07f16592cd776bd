using HmsOps.Series;
using HmsOps.Tsdb.Pages;

namespace HmsOps.Tsdb.Tests.Index;

public sealed class SavedIndexTests
{
    private static IndexWorld World(int series)
    {
        var world = new IndexWorld();
        for (var i = 0; i < series; i++)
            world.Add(IndexWorld.Set($"__name__=m{i % 60} job=j{i / 500} pod=p{i / 60} unique={i * 7919 % 100003}"));
        return world;
    }

    [Fact]
    public void A_saved_index_answers_and_grows_as_the_one_it_was()
    {
        var world = World(20_000);
        var bytes = IndexWorld.Saved(world.Index);
        world.Index = IndexWorld.Loaded(bytes);
        Assert.Equal(bytes, IndexWorld.Saved(world.Index));
        for (var i = 0; i < 1000; i++)
            world.Add(IndexWorld.Set($"__name__=m{i % 60} pod=late{i}"));
        for (var id = 0; id < world.Series.Count; id += 17)
        {
            Assert.Equal(world.Series[id], world.Index.LabelsOf(id));
            Assert.Equal(id, world.Index.Find(world.Index.IdentityOf(world.Series[id].Bytes)));
        }
        Matcher[] matchers = [new("__name__", MatchOp.Equal, "m7"), new("pod", MatchOp.Regex, "(p1|late).*")];
        Assert.Equal(world.Expected(matchers), world.Select(matchers));
    }

    [Fact]
    public void An_empty_index_is_saved_too() => Assert.Equal(0, IndexWorld.Loaded(IndexWorld.Saved(new IndexWorld().Index)).Count);

    [Fact]
    public void Another_key_is_refused_by_name()
    {
        var wrong = Assert.Throws<PagesDamagedException>(() => IndexWorld.Loaded(IndexWorld.Saved(World(10).Index), UInt128.One));
        Assert.Contains("another key", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cut_off_anywhere_it_is_refused()
    {
        var bytes = IndexWorld.Saved(World(200).Index);
        for (var length = 0; length < bytes.Length; length += length < 200 ? 1 : 211)
            Assert.Throws<PagesDamagedException>(() => IndexWorld.Loaded(bytes[..length]));
    }

    [Fact]
    public void A_changed_byte_is_refused()
    {
        var bytes = IndexWorld.Saved(World(200).Index);
        for (var at = 0; at < bytes.Length; at += 97)
        {
            bytes[at] ^= 0x10;
            Assert.Throws<PagesDamagedException>(() => IndexWorld.Loaded(bytes));
            bytes[at] ^= 0x10;
        }
    }

    /// <summary>Bytes whose checksums are right and whose content is not: refused, or harmless to every question.</summary>
    [Fact]
    public void Content_that_lies_is_refused_or_does_no_harm()
    {
        var world = World(300);
        var good = IndexWorld.Saved(world.Index);
        var random = new Random(3);
        var refused = 0;
        for (var round = 0; round < 1000; round++)
        {
            var bytes = good.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var at = random.Next(PageWriter.HeadBytes, bytes.Length - PageWriter.HeadBytes);
                bytes[at] = random.Next(3) switch { 0 => 0xff, 1 => (byte)random.Next(256), _ => (byte)(bytes[at] ^ (1 << random.Next(8))) };
            }
            Sign(bytes);
            try
            {
                Ask(IndexWorld.Loaded(bytes));
            }
            catch (PagesDamagedException)
            {
                refused++;
            }
        }
        Assert.True(refused > 100, $"only {refused} were refused");
    }

    private static void Ask(HmsOps.Tsdb.Index.SeriesIndex index)
    {
        var ids = index.Select([new("pod", MatchOp.Regex, "p.*1"), new("unique", MatchOp.NotEqual, "")], CancellationToken.None);
        Assert.All(ids, id => Assert.InRange(id, 0, index.Count - 1));
        index.SortRows(index.Select([], CancellationToken.None), CancellationToken.None);
        _ = index.LabelNames();
        _ = index.TopValues("pod", 3);
        for (var id = 0; id < index.Count; id++)
        {
            try
            {
                _ = index.LabelsOf(id);
            }
            catch (InvalidOperationException) // texts that make no label set in order
            {
            }
        }
    }

    // One block, and the end.
    private static void Sign(byte[] bytes)
    {
        var length = bytes.Length - (2 * PageWriter.HeadBytes);
        BitConverter.TryWriteBytes(bytes, length);
        BitConverter.TryWriteBytes(bytes.AsSpan(4), PageChecksum.Of(bytes.AsSpan(PageWriter.HeadBytes, length)));
        bytes.AsSpan(PageWriter.HeadBytes + length).Clear();
    }
}
