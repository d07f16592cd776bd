using System.Buffers;
using FsCheck;
using FsCheck.Fluent;

namespace HmsOps.Series.Tests;

public sealed class VarintTests
{
    [Theory]
    [InlineData(0UL, 1)]
    [InlineData(127UL, 1)]
    [InlineData(128UL, 2)]
    [InlineData(16_383UL, 2)]
    [InlineData(16_384UL, 3)]
    [InlineData(ulong.MaxValue, 10)]
    public void A_number_takes_seven_bits_a_byte(ulong value, int bytes) => Assert.Equal(bytes, Varint.Write(new byte[Varint.BytesMax], value));

    [Fact]
    public void Numbers_come_back_and_what_follows_stays() => Prop.ForAll(Numbers(), value =>
    {
        var bytes = new byte[Varint.BytesMax + 1];
        var length = Varint.Write(bytes, value);
        bytes[length] = 0xff;
        ReadOnlySpan<byte> rest = bytes.AsSpan(0, length + 1);
        Assert.True(Varint.TryRead(ref rest, out var read));
        Assert.Equal(value, read);
        Assert.Equal([0xff], rest.ToArray());

        var grown = new ArrayBufferWriter<byte>();
        Varint.Write(grown, value);
        Assert.Equal(bytes[..length], grown.WrittenSpan.ToArray());
    }).Holds();

    [Fact]
    public void A_number_cut_at_any_byte_is_refused_and_nothing_is_consumed() => Prop.ForAll(Numbers(), value =>
    {
        var bytes = new byte[Varint.BytesMax];
        var length = Varint.Write(bytes, value);
        for (var cut = 0; cut < length; cut++)
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan(0, cut);
            Assert.False(Varint.TryRead(ref rest, out _));
            Assert.Equal(cut, rest.Length);
        }
    }).Holds();

    [Theory]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 })]
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 })]
    public void More_than_64_bits_are_refused(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        Assert.False(Varint.TryRead(ref rest, out _));
        Assert.Equal(bytes.Length, rest.Length);
    }

    [Fact]
    public void Blocks_come_back_and_a_cut_one_is_refused_whole() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), block =>
    {
        var bytes = new ArrayBufferWriter<byte>();
        Varint.WriteBlock(bytes, block);
        var rest = bytes.WrittenSpan;
        Assert.True(Varint.TryReadBlock(ref rest, out var read));
        Assert.Equal(block, read.ToArray());
        Assert.True(rest.IsEmpty);
        for (var cut = 0; cut < bytes.WrittenCount; cut++)
        {
            rest = bytes.WrittenSpan[..cut];
            Assert.False(Varint.TryReadBlock(ref rest, out _));
            Assert.Equal(cut, rest.Length);
        }
    }).Holds();

    [Fact]
    public void A_block_that_claims_to_be_huge_is_refused()
    {
        var bytes = new byte[Varint.BytesMax];
        ReadOnlySpan<byte> rest = bytes.AsSpan(0, Varint.Write(bytes, ulong.MaxValue));
        Assert.False(Varint.TryReadBlock(ref rest, out _));
    }

    [Theory]
    [InlineData(0, 0UL)]
    [InlineData(-1, 1UL)]
    [InlineData(1, 2UL)]
    [InlineData(-2, 3UL)]
    [InlineData(long.MaxValue, ulong.MaxValue - 1)]
    [InlineData(long.MinValue, ulong.MaxValue)]
    public void Small_numbers_of_either_sign_stay_small(long value, ulong folded)
    {
        Assert.Equal(folded, Varint.ZigZag(value));
        Assert.Equal(value, Varint.UnZigZag(folded));
    }

    [Fact]
    public void Zig_zag_comes_back() => Prop.ForAll(Numbers(), value =>
        Varint.ZigZag(Varint.UnZigZag(value)) == value && Varint.UnZigZag(Varint.ZigZag((long)value)) == (long)value).Holds();

    // Of every length: random bits, shifted by a random amount.
    private static Arbitrary<ulong> Numbers() =>
        (from high in Gen.Choose(0, int.MaxValue)
         from low in Gen.Choose(0, int.MaxValue)
         from shift in Gen.Choose(0, 63)
         select (((ulong)high << 33) ^ ((ulong)low << 2) ^ ((ulong)low >> 29)) >> shift).ToArbitrary();
}
