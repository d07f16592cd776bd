using System.Runtime.InteropServices;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Tests.Chunks;

/// <summary>What comes from a disk may be anything. A chunk that is none is refused as one; nothing else happens.</summary>
public sealed class DamageTests
{
    const int Mutations = 100_000;

    [Fact]
    public void A_chunk_cut_anywhere_is_damaged()
    {
        foreach (var (chunk, samples) in GoodChunks(new Random(1)))
        {
            for (var length = 0; length < chunk.Length; length++)
                Assert.False(TryDecode(chunk.AsSpan(0, length), new double[samples], out _));
        }
    }

    [Fact]
    public void Any_change_is_read_as_damage_or_as_other_values_and_never_past_the_end()
    {
        var random = new Random(4);
        var good = GoodChunks(random).ToArray();
        var (damaged, read) = (0, 0);
        for (var i = 0; i < Mutations; i++)
        {
            var (chunk, samples) = good[i % good.Length];
            var changed = Mutate(chunk, random);
            // The same bytes among others: if one of those were read, the two results would differ.
            var among = new byte[changed.Length + 64];
            among.AsSpan().Fill(0xff);
            changed.CopyTo(among, 32);
            var (one, other) = (new double[samples], new double[samples]);
            var taken = TryDecode(changed, one, out var consumed);
            Assert.Equal(taken, TryDecode(among.AsSpan(32, changed.Length), other, out _));
            if (taken)
            {
                Assert.InRange(consumed, 1, changed.Length);
                Assert.True(MemoryMarshal.AsBytes<double>(one).SequenceEqual(MemoryMarshal.AsBytes<double>(other)));
            }
            (damaged, read) = taken ? (damaged, read + 1) : (damaged + 1, read);
        }
        Assert.True(damaged > Mutations / 10 && read > Mutations / 10, $"{damaged} damaged, {read} read: the changes test only one side.");
    }

    [Fact]
    public void Bytes_that_never_were_a_chunk_are_survived()
    {
        var random = new Random(5);
        var values = new double[1024];
        var times = new long[1024];
        for (var i = 0; i < Mutations / 2; i++)
        {
            var bytes = new byte[random.Next(0, 200)];
            random.NextBytes(bytes);
            var samples = 1 + random.Next(values.Length);
            TryDecode(bytes, values.AsSpan(0, samples), out _);
            try
            {
                Assert.InRange(TimeChunk.Decode(bytes, times.AsSpan(0, samples)), 1, bytes.Length);
            }
            catch (ChunkDamagedException)
            {
                continue;
            }
        }
    }

    [Theory]
    [InlineData("", "it is cut off")]
    [InlineData("04", "its first byte is 0x04")]
    [InlineData("91", "cut off")]
    [InlineData("90", "its first byte is 0x90")]
    [InlineData("08", "its first byte is 0x08")]
    [InlineData("13", "its first byte is 0x13")]
    [InlineData("22", "its first byte is 0x22")]
    [InlineData("01" + "4100" + "00", "numbers of 65 bits")]
    [InlineData("01" + "0008" + "00", "a column's second byte is 0x08")]
    [InlineData("01" + "0000" + "ffffffffffffffffffff", "a number is cut off or longer than 64 bits")]
    [InlineData("01" + "8000" + "00" + "01" + "03" + "00", "a patch for number 3 of 3")]
    [InlineData("01" + "8000" + "00" + "01" + "ff7f" + "00", "16383 numbers between two patches, at most 1024 can be")]
    [InlineData("09" + "0c" + "000000" + "0000" + "00", "3 of 3 values lifted in form 0")]
    [InlineData("09" + "00" + "0000" + "00", "0 of 3 values lifted in form 0")]
    [InlineData("09" + "07" + "0000" + "00", "1 of 3 values lifted in form 3")]
    [InlineData("09" + "04" + "03" + "0000" + "00", "value 3 of 3 lifted")]
    [InlineData("09" + "ff7f" + "03" + "0000" + "00", "16383 as the number and form of lifted values, at most 1022 can be")]
    public void Damage_is_said_in_words(string hex, string said)
    {
        var damage = Assert.Throws<ChunkDamagedException>(() => ValueChunk.Decode(Convert.FromHexString(hex), new double[3]));
        Assert.Contains(said, damage.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<IOException>(damage);
    }

    [Fact]
    public void An_order_needs_the_numbers_it_begins_with() =>
        Assert.Contains(
            "1 numbers in the order DeltaOfDelta",
            Assert.Throws<ChunkDamagedException>(() => ValueChunk.Decode(Convert.FromHexString("01" + "0002" + "000000"), new double[1])).Message,
            StringComparison.Ordinal);

    static IEnumerable<(byte[] Chunk, int Samples)> GoodChunks(Random random)
    {
        foreach (var shape in HostileColumn.Shapes)
        {
            foreach (var samples in new[] { 3, 40, 120 })
            {
                foreach (var sprinkled in new[] { 0, 50 })
                {
                    ushort hint = 0;
                    var values = new HostileColumn(shape, random.Next(), samples, sprinkled).Values();
                    var room = new byte[ValueChunk.BytesMax(samples)];
                    yield return (room[..ValueChunk.Encode(values, room, ref hint, Effort.Thorough)], samples);
                }
            }
        }
    }

    static byte[] Mutate(byte[] chunk, Random random)
    {
        var changed = chunk.ToArray();
        for (var times = 1 + random.Next(3); times > 0; times--)
        {
            // Half of the changes to the first bytes, where the fields are.
            var at = random.Next(random.Next(2) == 0 ? Math.Min(12, changed.Length) : changed.Length);
            switch (random.Next(4))
            {
                case 0:
                    changed[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    changed[at] = (byte)random.Next(256);
                    break;
                case 2:
                    changed[at] = random.Next(2) == 0 ? (byte)0xff : (byte)0;
                    break;
                default:
                    changed = [.. changed[..at], .. changed[(at + random.Next(2))..]];
                    if (changed.Length == 0)
                        return changed;
                    break;
            }
        }
        return changed;
    }

    static bool TryDecode(ReadOnlySpan<byte> from, Span<double> into, out int consumed)
    {
        try
        {
            consumed = ValueChunk.Decode(from, into);
            return true;
        }
        catch (ChunkDamagedException)
        {
            consumed = 0;
            return false;
        }
    }
}
