using FsCheck.Fluent;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Tests.Chunks;

public sealed class TimeChunkTests
{
    const long Start = 1_795_190_400_000;

    [Fact]
    public void Any_times_come_back() => Prop.ForAll(
        (from shape in Gen.Choose(0, 4)
         from seed in Gen.Choose(0, int.MaxValue)
         from samples in Gen.OneOf(Gen.Choose(1, 5), Gen.Choose(1, 1024))
         select (shape, seed, samples)).ToArbitrary(),
        drawn =>
        {
            var random = new Random(drawn.seed);
            var times = Times(drawn.samples, i => drawn.shape switch
            {
                0 => random.NextInt64(long.MinValue, long.MaxValue),
                1 => Start + (i * 15_000L) + random.Next(-3, 4),
                2 => Start + (i * 15_000L) + (random.Next(50) == 0 ? random.Next(100_000) : 0),
                3 => random.Next(2) == 0 ? long.MinValue : long.MaxValue,
                _ => Start + (i / 7 * 1_000_000L) + i,
            });
            var chunk = Encode(times);
            var back = new long[times.Length];
            Assert.Equal(chunk.Length, TimeChunk.Decode(chunk, back));
            Assert.Equal(times, back);
            var slow = new SlowReader(chunk);
            Assert.Equal(times, slow.Integers(times.Length));
            Assert.Equal(chunk.Length, slow.Consumed);
        }).Holds(1_000);

    [Fact]
    public void Times_that_span_all_64_bits_come_back()
    {
        // Modulo 2^64 the lowest lies right behind the highest, inside the window of those that are no patches.
        long[] times = [long.MinValue, long.MaxValue - 3, long.MaxValue - 3, long.MaxValue - 2, long.MaxValue - 1];
        var back = new long[times.Length];
        TimeChunk.Decode(Encode(times), back);
        Assert.Equal(times, back);
    }

    [Theory]
    [InlineData(0, 0, 16)]      // to the millisecond
    [InlineData(1, 0, 136)]     // ±1 ms: 2 bits
    [InlineData(3, 0, 196)]     // ±3 ms: 3 bits
    [InlineData(0, 1, 40)]      // a scrape was missed
    [InlineData(0, 3, 40)]
    public void Four_hundred_and_eighty_scrapes_cost_little(int jitter, int missed, int bytesMax)
    {
        var random = new Random(2);
        var times = Times(480, i => Start + ((i + (i * missed / 480)) * 15_000L) + random.Next(-jitter, jitter + 1));
        Assert.InRange(Encode(times).Length, 1, bytesMax);
    }

    [Fact]
    public void A_regular_column_is_drawn_to_the_byte() =>
        Assert.Equal("0001" + "8090fd9abf68" + "b0ea01", Convert.ToHexStringLower(Encode(Times(480, i => Start + (i * 15_000L)))));

    static byte[] Encode(long[] times)
    {
        var room = new byte[TimeChunk.BytesMax(times.Length)];
        return room[..TimeChunk.Encode(times, room)];
    }

    static long[] Times(int samples, Func<int, long> at) => [.. Enumerable.Range(0, samples).Select(at)];
}
