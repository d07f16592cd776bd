using System.Buffers.Binary;
using System.Text;
using HmsOps.Observe.Wire;

namespace HmsOps.Observe.Tests.Wire;

public sealed class SnappyTests
{
    [Theory]
    [InlineData("00", "")]
    [InlineData("01 00 61", "a")]
    [InlineData("05 10 68656c6c6f", "hello")]
    [InlineData("0a 00 61 15 01", "aaaaaaaaaa")] // near copy of 9 from 1 back: it repeats itself
    [InlineData("08 0c 61626364 01 04", "abcdabcd")] // near copy of 4 from 4 back
    [InlineData("07 0c 61626364 0a 0400", "abcdabc")] // far copy of 3 from 4 back
    [InlineData("06 0c 61626364 07 04000000", "abcdab")] // the longest form: 2 from 4 back
    [InlineData("05 f0 04 68656c6c6f", "hello")] // a literal's length in a byte of its own
    [InlineData("05 f4 0400 68656c6c6f", "hello")]
    [InlineData("05 fc 04000000 68656c6c6f", "hello")]
    [InlineData("85808080 00 10 68656c6c6f", "hello")] // a length longer than need be
    public void What_the_format_says_is_read(string packed, string unpacked)
    {
        var bytes = Hex(packed);
        var into = new byte[64];
        Assert.True(Snappy.TryUnpack(bytes, into, out var length));
        Assert.Equal(unpacked, Encoding.ASCII.GetString(into, 0, length));
        Assert.True(Snappy.TryUnpack(bytes, into.AsSpan(0, unpacked.Length), out _), "an output that is just long enough");
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")] // a length without its end
    [InlineData("ffffffff1f 00 61")] // a length of 33 bits
    [InlineData("808080808001 00 61")]
    [InlineData("02 00 61")] // less than declared
    [InlineData("01 04 6161")] // more than declared
    [InlineData("05 10 6865")] // a literal that is cut off
    [InlineData("05 f0")] // a literal's length that is cut off
    [InlineData("05 fc ffffffff 61")] // a literal of 4 GiB
    [InlineData("05 01 01")] // a copy from before the beginning
    [InlineData("09 0c 61626364 01 05")] // a copy from before the beginning
    [InlineData("08 0c 61626364 01 00")] // a copy from nowhere
    [InlineData("07 0c 61626364 01 04")] // a copy past the end
    [InlineData("08 0c 61626364 01")] // copies that are cut off
    [InlineData("08 0c 61626364 0e 04")]
    [InlineData("08 0c 61626364 0f 040000")]
    [InlineData("08 0c 61626364 0f ffffffff")]
    public void What_is_damaged_is_refused(string packed)
    {
        Assert.False(Snappy.TryUnpack(Hex(packed), new byte[256], out _));
    }

    [Fact]
    public void A_length_is_read_before_there_is_a_buffer()
    {
        Assert.True(Snappy.TryReadLength([0xff, 0xff, 0xff, 0xff, 0x0f], out var length));
        Assert.Equal(uint.MaxValue, length);
        Assert.False(Snappy.TryUnpack([0xff, 0xff, 0xff, 0xff, 0x0f], new byte[10], out _));
    }

    [Fact]
    public void What_is_packed_unpacks_to_itself()
    {
        var random = new Random(20);
        for (var round = 0; round < 3_000; round++)
        {
            var bytes = Bodies.Random(random, round % 50 == 0 ? 200_000 : 2_000);
            var packed = new byte[Snappy.PackedBytesMax(bytes.Length)];
            var size = Snappy.Pack(bytes, packed);
            AssertUnpacks(packed.AsSpan(0, size), bytes);
        }
    }

    [Fact]
    public void A_real_body_shrinks_to_a_third_at_least()
    {
        var body = Bodies.Fleet(5_000, 1);
        var packed = new byte[Snappy.PackedBytesMax(body.Length)];
        var size = Snappy.Pack(body, packed);
        AssertUnpacks(packed.AsSpan(0, size), body);
        Assert.InRange(size, 1, body.Length / 3);
    }

    [Fact]
    public void Cut_off_at_any_byte_it_is_refused()
    {
        var body = Bodies.Fleet(20, 2);
        var packed = new byte[Snappy.PackedBytesMax(body.Length)];
        var size = Snappy.Pack(body, packed);
        var into = new byte[body.Length + Snappy.SlackBytes];
        for (var cut = 0; cut < size; cut++)
            Assert.False(Snappy.TryUnpack(packed.AsSpan(0, cut), into, out _), $"cut at {cut}");
    }

    /// <summary>Held against the slow, obvious decoder; a fence behind the output shows any byte too many.</summary>
    [Fact]
    public void Mutated_bytes_are_read_as_the_format_says_or_refused()
    {
        var random = new Random(21);
        var body = Bodies.Fleet(30, 3);
        var packed = new byte[Snappy.PackedBytesMax(body.Length)];
        var size = Snappy.Pack(body, packed);
        for (var round = 0; round < 50_000; round++)
        {
            var mutated = packed[..size];
            for (var i = random.Next(1, 4); i > 0; i--)
                mutated[random.Next(round % 2 == 0 ? 40 : size)] = (byte)random.Next(256);
            var into = new byte[body.Length + (round % 3 * Snappy.SlackBytes)];
            var fenced = new byte[into.Length + 64];
            fenced.AsSpan(into.Length).Fill(0xa5);
            var good = Snappy.TryUnpack(mutated, fenced.AsSpan(0, into.Length), out var length);
            var expected = Obvious(mutated, into.Length);
            Assert.Equal(expected is not null, good);
            if (expected is not null)
                Assert.True(expected.AsSpan().SequenceEqual(fenced.AsSpan(0, length)));
            Assert.False(fenced.AsSpan(into.Length).ContainsAnyExcept((byte)0xa5), "it wrote past the output");
        }
    }

    private static void AssertUnpacks(ReadOnlySpan<byte> packed, byte[] expected)
    {
        var exact = new byte[expected.Length];
        Assert.True(Snappy.TryUnpack(packed, exact, out var length));
        Assert.Equal(expected.Length, length);
        Assert.True(expected.AsSpan().SequenceEqual(exact));
        var roomy = new byte[expected.Length + Snappy.SlackBytes];
        Assert.True(Snappy.TryUnpack(packed, roomy, out _));
        Assert.True(expected.AsSpan().SequenceEqual(roomy.AsSpan(0, length)));
    }

    private static byte[]? Obvious(byte[] packed, int most)
    {
        if (!Snappy.TryReadLength(packed, out var declared) || declared > most)
            return null;
        var at = Array.FindIndex(packed, b => b < 0x80) + 1;
        var output = new List<byte>();
        while (at < packed.Length)
        {
            var tag = packed[at++];
            long length = (tag >> 2) + 1, offset;
            if ((tag & 3) == 0)
            {
                if (length > 60)
                {
                    var more = (int)length - 60;
                    if (at + more > packed.Length)
                        return null;
                    length = 1 + Enumerable.Range(0, more).Sum(i => (long)packed[at + i] << (8 * i));
                    at += more;
                }
                if (at + length > packed.Length || output.Count + length > declared)
                    return null;
                output.AddRange(packed.AsSpan(at, (int)length));
                at += (int)length;
                continue;
            }
            var bytes = (tag & 3) switch { 1 => 1, 2 => 2, _ => 4 };
            if (at + bytes > packed.Length)
                return null;
            if (bytes == 1)
                (length, offset) = (((tag >> 2) & 7) + 4, (tag >> 5 << 8) | packed[at]);
            else
                offset = bytes == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(packed.AsSpan(at)) : BinaryPrimitives.ReadUInt32LittleEndian(packed.AsSpan(at));
            at += bytes;
            if (offset == 0 || offset > output.Count || output.Count + length > declared)
                return null;
            for (var i = 0; i < length; i++)
                output.Add(output[^(int)offset]);
        }
        return output.Count == declared ? [.. output] : null;
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
