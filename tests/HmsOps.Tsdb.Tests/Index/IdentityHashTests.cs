using HmsOps.Tsdb.Index;

namespace HmsOps.Tsdb.Tests.Index;

public sealed class IdentityHashTests
{
    private static readonly IdentityHash Hash = new(IndexWorld.Key);

    // Of this function alone: saved indexes depend on it, so it may never change.
    [Theory]
    [InlineData("", "1634ffa1dd17b479b1cc35909b7dddf2")]
    [InlineData("a", "d246113c2d1da8d892743376888d64fc")]
    [InlineData("abc", "bd228d390b2af63ed7a134c0fa1ce51f")]
    [InlineData("abcdefgh", "2a27b3fb327f23975c36d895b18b7734")]
    [InlineData("0123456789abcdef", "542f4acec8f2822cf0dd450da08c0745")]
    [InlineData("0123456789abcdefg", "d498aa5706e3ba727532834289987943")]
    [InlineData("the quick brown fox jumps over the lazy dog", "b94874a81bacd5337a2c8c5752c5c1bc")]
    public void It_is_what_it_always_was(string text, string hash) =>
        Assert.Equal(hash, Hash.Of(System.Text.Encoding.UTF8.GetBytes(text)).ToString("x32"));

    [Fact]
    public void Another_key_gives_another_hash()
    {
        for (var bit = 0; bit < 128; bit++)
            Assert.NotEqual(Hash.Of("series"u8), new IdentityHash(IndexWorld.Key ^ (UInt128.One << bit)).Of("series"u8));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(300)]
    public void Every_bit_moves_every_bit_half_the_time(int length)
    {
        const int Rounds = 400;
        var random = new Random(length);
        var bytes = new byte[length];
        var flips = new int[128];
        var asked = 0;
        for (var round = 0; round < Rounds; round++)
        {
            random.NextBytes(bytes);
            var before = Hash.Of(bytes);
            var bit = round % (length * 8);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            var moved = before ^ Hash.Of(bytes);
            asked++;
            for (var i = 0; i < flips.Length; i++)
                flips[i] += (int)(moved >> i & 1);
        }
        // Of 400 throws of a fair coin, 10 standard deviations of 10 either way hold for ever.
        Assert.All(flips, count => Assert.InRange(count, (asked / 2) - 100, (asked / 2) + 100));
        Assert.InRange(flips.Sum(), asked * 64 * 0.98, asked * 64 * 1.02);
    }

    [Fact]
    public void Lengths_prefixes_suffixes_and_single_bits_do_not_collide()
    {
        var seen = new HashSet<UInt128>();
        var low = new HashSet<ulong>();
        var high = new HashSet<ulong>();
        var count = 0;
        foreach (var fill in new byte[] { 0, 0x55, 0xff })
        {
            for (var length = 0; length < 300; length++)
            {
                var bytes = Enumerable.Repeat(fill, length).ToArray();
                Note(bytes, isNew: length > 0 || fill == 0);
                for (var bit = 0; bit < length * 8; bit += length > 64 ? 29 : 1)
                {
                    bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                    Note(bytes, isNew: true);
                    bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                }
            }
        }
        for (var number = 0; number < 100_000; number++)
            Note(System.Text.Encoding.UTF8.GetBytes($"http_requests_total pod=web-{number} instance=10.0.0.1:8080"), isNew: true);
        Assert.True(count > 150_000);

        void Note(byte[] bytes, bool isNew)
        {
            var hash = Hash.Of(bytes);
            if (!isNew)
                return;
            count++;
            if (!seen.Add(hash) || !low.Add((ulong)hash) || !high.Add((ulong)(hash >> 64)))
                Assert.Fail($"{Convert.ToHexString(bytes)} collides, in one lane at least");
        }
    }

    [Fact]
    public void Swapped_blocks_and_words_do_not_collide()
    {
        var random = new Random(5);
        var seen = new HashSet<UInt128>();
        for (var round = 0; round < 200; round++)
        {
            var words = Enumerable.Range(0, 6).Select(_ => (ulong)random.NextInt64()).ToArray();
            for (var a = 0; a < words.Length; a++)
            {
                for (var b = a; b < words.Length; b++)
                {
                    if (b == a && a > 0)
                        continue; // nothing swapped, once is enough
                    var swapped = words.ToArray();
                    (swapped[a], swapped[b]) = (swapped[b], swapped[a]);
                    Assert.True(seen.Add(Hash.Of(System.Runtime.InteropServices.MemoryMarshal.AsBytes(swapped.AsSpan()))));
                }
            }
        }
    }
}
