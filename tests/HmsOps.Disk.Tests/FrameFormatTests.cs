using FsCheck.Fluent;
using static HmsOps.Disk.Tests.LogFixture;

namespace HmsOps.Disk.Tests;

/// <summary>The bytes of docs/formats/framed-log.md.</summary>
public sealed class FrameFormatTests
{
    [Fact]
    public void The_checksum_is_castagnoli()
    {
        Assert.Equal(0xe3069283u, Crc32C.Of("123456789"u8));
        Assert.Equal(0u, Crc32C.Of([]));
    }

    [Fact]
    public void The_checksum_is_the_slow_one_bit_by_bit() => Property(bytes =>
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82f63b78u);
        }
        return Crc32C.Of(bytes) == ~crc;
    });

    [Fact]
    public void A_frame_is_drawn_to_the_byte()
    {
        var frame = new byte[44];
        FrameLayout.Encode(frame, 5, 0x0102030405060708, 3, [.. "extended"u8], [.. "load"u8]);

        Assert.Equal(
            "4846524d" + "2c000000" + "05" + "01" + "0000" + Hex(frame, 12, 4) + "0807060504030201" + Hex(frame, 24, 4) + "03000000"
            + "657874656e646564" + "6c6f6164",
            Convert.ToHexStringLower(frame));
        Assert.Equal(Crc32C.Of("load"u8), BitConverter.ToUInt32(frame, 24));
        var head = frame[..40];
        head.AsSpan(12, 4).Clear();
        Assert.Equal(Crc32C.Of(head), BitConverter.ToUInt32(frame, 12));
    }

    [Fact]
    public void A_header_page_is_drawn_to_the_byte()
    {
        var page = new byte[4096];
        new HeaderPage(true, 17, 2, 1_795_190_400_000_000_000, 9, 16 << 20, 4096, 96).Write(page, Origin, Enumerable.Repeat((byte)0xab, 32).ToArray());

        Assert.Equal("484d534c45444731" + "0100" + "0200" + Hex(page, 12, 4) + Convert.ToHexStringLower(Origin), Hex(page, 0, 32));
        Assert.Equal("1100000000000000" + "0200000000000000", Hex(page, 32, 16));
        Assert.Equal(string.Concat(Enumerable.Repeat("ab", 32)), Hex(page, 48, 32));
        Assert.Equal((1_795_190_400_000_000_000, 9), (BitConverter.ToInt64(page, 80), BitConverter.ToInt64(page, 88)));
        Assert.All(page[96..128], b => Assert.Equal(0, b));
        Assert.Equal((16 << 20, 4096, 96), (BitConverter.ToInt64(page, 128), BitConverter.ToInt32(page, 136), BitConverter.ToInt32(page, 140)));
        Assert.All(page[144..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void Any_frame_comes_back_and_any_changed_bit_is_noticed() => Property(payload =>
    {
        var frame = new byte[48 + payload.Length];
        FrameLayout.Encode(frame, 1, payload.Length, 1 + payload.Length, new byte[16], payload);
        var back = new Frame(frame, 16, "s", 0);
        var same = Checks(frame) && back.Payload.SequenceEqual(payload) && back.Sequence == payload.Length && back.Next == 1 + (2L * payload.Length);
        for (var bit = 0; bit < frame.Length * 8 && same; bit++)
        {
            frame[bit / 8] ^= (byte)(1 << (bit % 8));
            same = !Checks(frame);
            frame[bit / 8] ^= (byte)(1 << (bit % 8));
        }
        for (var length = 0; length < frame.Length && same; length++)
            same = !Checks(frame.AsSpan(0, length));
        return same;
    });

    private static bool Checks(ReadOnlySpan<byte> frame) =>
        FrameLayout.HeadChecks(frame, 16, out var used, out _) && used == frame.Length && FrameLayout.PayloadChecks(frame, 16);

    private static void Property(Func<byte[], bool> holds) =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), holds).Holds();

    private static string Hex(byte[] bytes, int at, int count) => Convert.ToHexStringLower(bytes.AsSpan(at, count));
}
