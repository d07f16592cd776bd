using System.Buffers;
using FsCheck.Fluent;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;
using Xunit.Abstractions;

namespace HmsOps.Tsdb.Tests.Chunks;

public sealed class HistogramChunkTests(ITestOutputHelper output)
{
    static readonly double[] Odd = [StaleMarker.Value, double.NaN, double.PositiveInfinity, -0.0, 0, 9_007_199_254_740_993, 1e300, 0.1 + 0.2];

    [Fact]
    public void Any_histograms_come_back_to_the_bit() => Prop.ForAll(
        (from seed in Gen.Choose(0, int.MaxValue)
         from samples in Gen.OneOf(Gen.Choose(1, 5), Gen.Choose(1, 200))
         from odd in Gen.Elements(0, 0, 30, 300)
         select (seed, samples, odd)).ToArbitrary(),
        drawn =>
        {
            var histograms = Any(new Random(drawn.seed), drawn.samples, drawn.odd);
            Assert.Equal(histograms.Length, HistogramChunk.FittingPrefix(histograms));
            var chunk = Encode(histograms);
            var back = new NativeHistogram[histograms.Length];
            Assert.Equal(chunk.Length, HistogramChunk.Decode(chunk, back));
            Assert.Equal(histograms.Select(Told), back.Select(Told));
        }).Holds(600);

    [Fact]
    public void A_bucket_of_no_observations_is_left_out()
    {
        var back = Decode(Encode([Histogram(positive: [new(1, 0), new(2, 5)]), Histogram(positive: [new(1, 3), new(2, -0.0)])]), 2);
        Assert.Equal([new HistogramBucket(2, 5)], back[0].Positive);
        Assert.Equal(2, back[1].Positive.Count); // −0 is a number that somebody wrote
    }

    [Fact]
    public void What_all_have_in_common_ends_a_chunk_when_it_changes()
    {
        var same = Histogram(positive: [new(1, 2)]);
        (string What, NativeHistogram Other)[] others =
        [
            ("schema", Histogram(schema: 4)),
            ("threshold", Histogram(threshold: 0.5)),
            ("threshold's sign", Histogram(threshold: -0.0)),
            ("float", Histogram(isFloat: true)),
            ("bounds", Histogram(bounds: [1, 2])),
        ];
        foreach (var (what, other) in others)
        {
            Assert.Equal((what, 2), (what, HistogramChunk.FittingPrefix([same, same, other, same])));
            Assert.Equal((what, 3), (what, HistogramChunk.FittingPrefix([other, other, other])));
            Assert.Contains("Only 1 of 2", Assert.Throws<ArgumentException>(() => Encode([same, other])).Message, StringComparison.Ordinal);
        }
        Assert.Equal(0, HistogramChunk.FittingPrefix([]));
        Assert.Equal(2, HistogramChunk.FittingPrefix([Histogram(bounds: [1, 2]), Histogram(bounds: [1, 2])]));
        Assert.Equal(2, HistogramChunk.FittingPrefix([same, Histogram(negative: [new(int.MinValue, 1), new(int.MaxValue, 1)])]));
    }

    [Fact]
    public void A_chunk_ends_before_it_asks_for_too_much_memory()
    {
        NativeHistogram Wide(int first) => Histogram(positive: [.. Enumerable.Range(first, 10_000).Select(i => new HistogramBucket(i, 1))]);
        Assert.Equal(104, HistogramChunk.FittingPrefix([.. Enumerable.Repeat(Wide(0), 1_024)])); // 104 · 10,000 of 2^20
        Assert.Equal(10, HistogramChunk.FittingPrefix([.. Enumerable.Range(0, 64).Select(i => Wide(i * 10_000))]));
        Assert.Equal(1_024, HistogramChunk.FittingPrefix([.. Enumerable.Repeat(Histogram(), 2_000)]));

        var alone = Histogram(positive: [.. Enumerable.Range(0, HistogramLayout.CellsMax + 1).Select(i => new HistogramBucket(2 * i, 1))]);
        Assert.Equal(1, HistogramChunk.FittingPrefix([alone, alone]));
        Assert.Equal(alone.Positive, Decode(Encode([alone]), 1)[0].Positive);
    }

    [Fact]
    public void Buckets_out_of_order_are_their_makers_mistake() =>
        Assert.Contains("1 comes after 1", Assert.Throws<ArgumentException>(() => Encode([Histogram(positive: [new(1, 2), new(1, 2)])])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_chunk_is_drawn_to_the_byte()
    {
        NativeHistogram[] histograms =
        [
            Histogram(schema: 3, threshold: 0.5, positive: [new(-1, 1), new(0, 2), new(7, 3)]),
            Histogram(schema: 3, threshold: 0.5, positive: [new(-1, 1), new(0, 3), new(7, 3)], reset: CounterResetHint.NoReset),
        ];
        Assert.Equal(
            "00" + "06" + "20" + "3fe0" + "00"        // integers, schema 3, threshold ½, no bounds
            + "03" + "0102" + "0c01" + "00"           // three places: two from −1 on, one six after those; none negative
            + "04" + "06"                             // one of an unknown reset, one of none
            + "00" + "00" + "00"                      // count, zero count and sum, all 0
            + "20" + "3ff0"                           // one, one
            + "01" + "0100" + "04" + "02"             // two, three: width 1, base 2, 0 and 1
            + "20" + "4008",                          // three, three
            Convert.ToHexStringLower(Encode(histograms)));
    }

    [Fact]
    public void Service_latencies_cost_little()
    {
        var random = new Random(8);
        var counts = new double[24];
        var histograms = new NativeHistogram[120];
        var sum = 0.0;
        for (var i = 0; i < histograms.Length; i++)
        {
            for (var observed = random.Next(100, 200); observed > 0; observed--)
            {
                var bucket = Math.Clamp((int)(12 + (2.5 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))), 0, 23);
                counts[bucket]++;
                sum += Math.Pow(2, (bucket - 12) / 8.0);
            }
            histograms[i] = Histogram(
                positive: [.. counts.Select((count, index) => new HistogramBucket(index - 30, count)).Where(bucket => bucket.Count > 0)],
                count: counts.Sum(),
                sum: sum);
        }
        var bytes = Encode(histograms).Length / (double)histograms.Length;
        output.WriteLine($"{bytes:0.0} B a histogram of {histograms[^1].Positive.Count} buckets");
        Assert.InRange(bytes, 5, 20);
    }

    [Fact]
    public void An_unchanged_histogram_costs_nothing_more()
    {
        var one = Histogram(positive: [.. Enumerable.Range(0, 20).Select(i => new HistogramBucket(i, i + 1))], count: 210, sum: 17.5);
        Assert.InRange(Encode([.. Enumerable.Repeat(one, 480)]).Length, 1, Encode([one]).Length + 4);
    }

    [Fact]
    public void Any_change_is_read_as_damage_or_as_other_histograms()
    {
        var random = new Random(6);
        var good = Enumerable.Range(0, 60).Select(i => Any(random, 1 + (i % 20), i % 3 * 100)).Select(samples => (Chunk: Encode(samples), samples.Length)).ToArray();
        var (damaged, read) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var (chunk, samples) = good[i % good.Length];
            var changed = chunk.ToArray();
            for (var times = 1 + random.Next(3); times > 0; times--)
                changed[random.Next(random.Next(2) == 0 ? Math.Min(16, changed.Length) : changed.Length)] = (byte)random.Next(256);
            if (random.Next(8) == 0)
                changed = changed[..random.Next(changed.Length)];
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Assert.InRange(HistogramChunk.Decode(changed, new NativeHistogram[samples]), 1, changed.Length);
                read++;
            }
            catch (ChunkDamagedException)
            {
                damaged++;
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000 + (samples * 40L * (200 + changed.Length)));
        }
        Assert.True(damaged > 2_000 && read > 2_000, $"{damaged} damaged, {read} read: the changes test only one side.");
    }

    [Fact]
    public void A_chunk_cut_anywhere_is_damaged()
    {
        var histograms = Any(new Random(3), 10, 100);
        var chunk = Encode(histograms);
        for (var length = 0; length < chunk.Length; length++)
            Assert.Throws<ChunkDamagedException>(() => HistogramChunk.Decode(chunk.AsSpan(0, length), new NativeHistogram[10]));
    }

    [Theory]
    [InlineData("02", 1, "its first byte is 0x02")]
    [InlineData("00" + "80ffffffff1f", 1, "its schema is")]
    [InlineData("00" + "00" + "00" + "7f", 1, "127 bounds, at most 0 can be")]
    [InlineData("00" + "00" + "00" + "00" + "7f", 1, "127 buckets, at most 1 can be")]
    [InlineData("00" + "00" + "00" + "00" + "02" + "0000" + "0000", 1, "0 buckets that begin 0 after those before")]
    [InlineData("00" + "00" + "00" + "00" + "02" + "0001" + "0001" + "00", 1, "1 buckets that begin 0 after those before")]
    [InlineData("00" + "00" + "00" + "00" + "02" + "feffffff0f" + "02" + "00", 1, "2 buckets from index 2147483647 on")]
    [InlineData("00" + "00" + "00" + "00" + "00" + "00" + "0c", 2, "a reset hint for 3 histograms where 2 are left")]
    [InlineData("00" + "00" + "00" + "00" + "00" + "00" + "03", 2, "a reset hint for 0 histograms where 2 are left")]
    public void Damage_is_said_in_words(string hex, int samples, string said) =>
        Assert.Contains(
            said,
            Assert.Throws<ChunkDamagedException>(() => HistogramChunk.Decode(Convert.FromHexString(hex), new NativeHistogram[samples])).Message,
            StringComparison.Ordinal);

    static NativeHistogram[] Any(Random random, int samples, int odd)
    {
        var isFloat = random.Next(3) == 0;
        var bounds = random.Next(4) == 0 ? Enumerable.Range(1, random.Next(1, 20)).Select(i => i / 8.0).ToArray() : [];
        var schema = bounds.Length > 0 ? NativeHistogram.CustomBounds : random.Next(NativeHistogram.SchemaMin, NativeHistogram.SchemaMax + 1);
        var threshold = random.Next(3) switch { 0 => 0, 1 => double.Epsilon, _ => 1e-128 };
        var reset = CounterResetHint.Unknown;
        return [.. Enumerable.Range(0, samples).Select(i => new NativeHistogram
        {
            Schema = schema,
            ZeroThreshold = threshold,
            Bounds = bounds.ToArray(),
            IsFloat = isFloat,
            Reset = reset = random.Next(10) == 0 ? (CounterResetHint)random.Next(4) : reset,
            Count = Number(i * 100),
            ZeroCount = Number(i),
            Sum = random.Next(1_000) < odd ? Odd[random.Next(Odd.Length)] : random.NextDouble() * i,
            Positive = Buckets(i),
            Negative = bounds.Length > 0 ? [] : Buckets(i),
        })];

        double Number(int about) =>
            random.Next(1_000) < odd ? Odd[random.Next(Odd.Length)] : isFloat ? about + random.NextDouble() : about + random.Next(1, 10);

        List<HistogramBucket> Buckets(int i)
        {
            List<HistogramBucket> buckets = [];
            for (long index = random.Next(20) == 0 ? int.MinValue : random.Next(-5, 5); index <= int.MaxValue && random.Next(12) != 0; index += random.Next(10) == 0 ? random.Next() : random.Next(1, 3))
            {
                var count = Number(i * 3);
                if (BitConverter.DoubleToInt64Bits(count) != 0)
                    buckets.Add(new((int)index, count));
            }
            return buckets;
        }
    }

    static NativeHistogram Histogram(
        int schema = 0,
        double threshold = 0,
        bool isFloat = false,
        IReadOnlyList<double>? bounds = null,
        IReadOnlyList<HistogramBucket>? positive = null,
        IReadOnlyList<HistogramBucket>? negative = null,
        double count = 0,
        double sum = 0,
        CounterResetHint reset = CounterResetHint.Unknown) => new()
        {
            Schema = schema,
            ZeroThreshold = threshold,
            IsFloat = isFloat,
            Bounds = bounds ?? [],
            Positive = positive ?? [],
            Negative = negative ?? [],
            Count = count,
            ZeroCount = 0,
            Sum = sum,
            Reset = reset,
        };

    static byte[] Encode(NativeHistogram[] histograms)
    {
        var into = new ArrayBufferWriter<byte>();
        HistogramChunk.Encode(histograms, into);
        return into.WrittenSpan.ToArray();
    }

    static NativeHistogram[] Decode(byte[] chunk, int samples)
    {
        var back = new NativeHistogram[samples];
        HistogramChunk.Decode(chunk, back);
        return back;
    }

    static string Told(NativeHistogram h) =>
        $"{h.Schema} {Bits(h.ZeroThreshold)} {h.IsFloat} {h.Reset} {Bits(h.Count)} {Bits(h.ZeroCount)} {Bits(h.Sum)} [{string.Join(' ', h.Bounds.Select(Bits))}] "
        + string.Join(' ', h.Positive.Select(bucket => $"{bucket.Index}:{Bits(bucket.Count)}")) + " / "
        + string.Join(' ', h.Negative.Select(bucket => $"{bucket.Index}:{Bits(bucket.Count)}"));

    static string Bits(double value) => $"{BitConverter.DoubleToInt64Bits(value):x}";
}
