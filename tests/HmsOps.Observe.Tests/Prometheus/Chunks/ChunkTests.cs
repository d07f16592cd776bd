using HmsOps.Observe.Prometheus.Chunks;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Prometheus.Chunks;

public sealed class ChunkTests
{
    private static readonly Labels Series = Labels.From(("__name__", "m"));

    [Fact]
    public void Floats_come_back_bit_for_bit()
    {
        var dice = new Random(11);
        for (var round = 0; round < 500; round++)
        {
            var count = dice.Next(1, 300);
            var (times, values) = (ChunkSamples.Times(dice, count), ChunkSamples.Values(dice, count));
            var (backTimes, backValues, _, chunks) = RoundTrip(new SeriesView(Series, times, values, []));

            Assert.Equal(times, backTimes);
            Assert.Equal(values.Select(BitConverter.DoubleToInt64Bits), backValues.Select(BitConverter.DoubleToInt64Bits));
            Assert.Equal((count + ChunkEncoder.SamplesMax - 1) / ChunkEncoder.SamplesMax, chunks);
        }
    }

    [Fact]
    public void Histograms_come_back_whole_and_a_reset_begins_a_chunk()
    {
        var dice = new Random(12);
        for (var round = 0; round < 60; round++)
        {
            var count = dice.Next(1, 300);
            var (times, histograms) = (ChunkSamples.Times(dice, count), ChunkSamples.Histograms(dice, count));
            var (backTimes, _, back, _) = RoundTrip(new SeriesView(Series, times, new double[count], histograms));

            Assert.Equal(times, backTimes);
            Assert.Equal(histograms.Select(each => ChunkSamples.Words(each!)), back.Select(ChunkSamples.Words));
            for (var i = 0; i < count; i++)
            {
                if (!StaleMarker.Is(back[i].Sum))
                    Assert.True(back[i].Reset != CounterResetHint.NoReset || histograms[i]!.Reset is CounterResetHint.Unknown, $"round {round}, sample {i}");
            }
        }
    }

    [Fact]
    public void Floats_and_histograms_of_one_series_are_chunks_of_their_own()
    {
        var dice = new Random(13);
        var (times, histograms) = (ChunkSamples.Times(dice, 30), ChunkSamples.Histograms(dice, 30));
        histograms.AsSpan(10, 10).Clear();
        var (backTimes, backValues, back, _) = RoundTrip(new SeriesView(Series, times, ChunkSamples.Values(dice, 30), histograms));

        Assert.Equal((times, 10, 20), (backTimes.ToArray(), backValues.Count, back.Count), Compare);

        static bool Compare((long[], int, int) a, (long[], int, int) b) => a.Item1.AsSpan().SequenceEqual(b.Item1) && a.Item2 == b.Item2 && a.Item3 == b.Item3;
    }

    /// <summary>The bytes themselves, so that both directions cannot be wrong alike: worked out by hand from the page of the format.</summary>
    [Fact]
    public void A_small_chunk_is_the_bytes_that_the_format_says()
    {
        long[] times = [1, 16, 31];
        double[] values = [1, 1, 2];
        new ChunkEncoder().Encode(new SeriesView(Series, times, values, []), 0, out var data);

        // 3 samples; time 1 folded to 2; 1.0; difference 15; a 0 bit: the same value. Then 0: as far as before; 11, 1 leading zero, 11 bits, the bits that differ.
        Assert.Equal("0003" + "02" + "3ff0000000000000" + "0f" + Hex("0" + "0" + "11" + "00001" + "001011" + "11111111111" + "000000"), Convert.ToHexStringLower(data));
    }

    [Theory]
    [InlineData(0L, "0")]
    [InlineData(8_192L, "10" + "10000000000000")]
    [InlineData(-8_191L, "10" + "10000000000001")]
    [InlineData(8_193L, "110" + "00010000000000001")]
    [InlineData(65_536L, "110" + "10000000000000000")]
    [InlineData(524_288L, "1110" + "10000000000000000000")]
    [InlineData(-524_288L, "1111" + "1111111111111111111111111111111111111111111110000000000000000000")]
    public void A_difference_of_times_takes_the_bits_that_hold_it(long value, string bits)
    {
        var into = new BitWriter();
        into.Begin(0);
        VarBits.WriteTime(into, value);
        var from = new BitReader(into.End(), 0);

        Assert.Equal(Hex(bits), Convert.ToHexStringLower(into.End()));
        Assert.Equal(value, VarBits.ReadTime(ref from));
    }

    [Theory]
    [InlineData(0L, 1)]
    [InlineData(4L, 5)]
    [InlineData(-3L, 5)]
    [InlineData(-4L, 9)]
    [InlineData(32L, 9)]
    [InlineData(256L, 13)]
    [InlineData(2_048L, 17)]
    [InlineData(131_072L, 24)]
    [InlineData(-131_072L, 32)]
    [InlineData(16_777_216L, 32)]
    [InlineData(36_028_797_018_963_968L, 64)]
    [InlineData(36_028_797_018_963_969L, 72)]
    [InlineData(long.MinValue, 72)]
    [InlineData(long.MaxValue, 72)]
    public void A_signed_number_takes_the_bits_that_hold_it(long value, int bits)
    {
        var into = new BitWriter();
        into.Begin(0);
        VarBits.WriteSigned(into, value);
        into.Write(1, 1); // bits, not bytes, are counted
        Assert.Equal((bits + 8) / 8, into.Length);
        var from = new BitReader(into.End(), 0);

        Assert.Equal(value, VarBits.ReadSigned(ref from));
        Assert.True(from.ReadBit());
    }

    [Theory]
    [InlineData(0UL, 1)]
    [InlineData(7UL, 5)]
    [InlineData(8UL, 9)]
    [InlineData(262_143UL, 24)]
    [InlineData(33_554_431UL, 32)]
    [InlineData(33_554_432UL, 64)]
    [InlineData(ulong.MaxValue, 72)]
    public void An_unsigned_number_takes_the_bits_that_hold_it(ulong value, int bits)
    {
        var into = new BitWriter();
        into.Begin(0);
        VarBits.WriteUnsigned(into, value);
        into.Write(1, 1);
        Assert.Equal((bits + 8) / 8, into.Length);
        var from = new BitReader(into.End(), 0);

        Assert.Equal(value, VarBits.ReadUnsigned(ref from));
        Assert.True(from.ReadBit());
    }

    [Theory]
    [InlineData(ChunkEncoding.Xor)]
    [InlineData(ChunkEncoding.Histogram)]
    [InlineData(ChunkEncoding.FloatHistogram)]
    public void Hostile_chunks_are_read_or_named_and_never_more(ChunkEncoding encoding)
    {
        var dice = new Random(14);
        var columns = new ChunkColumns();
        var (good, bad) = (0, 0);
        for (var round = 0; round < 2_000; round++)
        {
            var bytes = Hostile(dice, encoding);
            try
            {
                columns.Decode(encoding, bytes);
                Assert.Equal(columns.Count, encoding == ChunkEncoding.Xor ? columns.Values.Length : columns.Histograms.Length);
                good++;
            }
            catch (ChunkDamagedException e)
            {
                Assert.NotEmpty(e.What);
                bad++;
            }
        }
        Assert.True(good > 80 && bad > 80, $"{good} good, {bad} bad");
    }

    [Fact]
    public void Cut_off_at_any_byte_a_chunk_says_so()
    {
        var dice = new Random(15);
        var encoder = new ChunkEncoder();
        encoder.Encode(new SeriesView(Series, ChunkSamples.Times(dice, 60), ChunkSamples.Values(dice, 60), []), 0, out var data);
        var columns = new ChunkColumns();
        for (var length = 0; length < data.Length; length++)
        {
            var cut = data[..length].ToArray();
            Assert.Throws<ChunkDamagedException>(() => columns.Decode(ChunkEncoding.Xor, cut));
        }
    }

    [Fact]
    public void An_encoding_of_a_later_version_is_named() =>
        Assert.Contains("encoding is 9", Assert.Throws<ChunkDamagedException>(() => new ChunkColumns().Decode((ChunkEncoding)9, [0, 1])).What, StringComparison.Ordinal);

    private static byte[] Hostile(Random dice, ChunkEncoding encoding)
    {
        var count = dice.Next(1, 20);
        if (dice.Next(10) == 0)
        {
            var random = new byte[dice.Next(60)];
            dice.NextBytes(random);
            return random;
        }
        NativeHistogram?[] histograms;
        do
            histograms = encoding == ChunkEncoding.Xor ? [] : ChunkSamples.Histograms(dice, count);
        while (histograms.Length > 0 && histograms[0]!.IsFloat != (encoding == ChunkEncoding.FloatHistogram));
        var encoder = new ChunkEncoder();
        encoder.Encode(new SeriesView(Series, ChunkSamples.Times(dice, count), ChunkSamples.Values(dice, count), histograms), 0, out var data);
        Assert.Equal(encoding, encoder.Encoding);
        return Exposition.Mutation.Of(data.ToArray(), dice);
    }

    private static (List<long> Times, List<double> Values, List<NativeHistogram> Histograms, int Chunks) RoundTrip(in SeriesView series)
    {
        var (times, values, histograms) = (new List<long>(), new List<double>(), new List<NativeHistogram>());
        var encoder = new ChunkEncoder();
        var columns = new ChunkColumns();
        var chunks = 0;
        for (var at = 0; at < series.Times.Length; chunks++)
        {
            var to = encoder.Encode(series, at, out var data);
            columns.Decode(encoder.Encoding, data);
            Assert.Equal(to - at, columns.Count);
            times.AddRange(columns.Times);
            values.AddRange(columns.Values);
            foreach (var histogram in columns.Histograms)
                histograms.Add(histogram!); // a decoded one is never null
            at = to;
        }
        return (times, values, histograms, chunks);
    }

    private static string Hex(string bits)
    {
        var padded = bits.PadRight((bits.Length + 7) / 8 * 8, '0');
        return string.Concat(Enumerable.Range(0, padded.Length / 8).Select(i => $"{Convert.ToByte(padded.Substring(8 * i, 8), 2):x2}"));
    }
}
