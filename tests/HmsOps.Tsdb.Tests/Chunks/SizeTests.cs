using HmsOps.Tsdb.Chunks;
using Xunit.Abstractions;

namespace HmsOps.Tsdb.Tests.Chunks;

public sealed class SizeTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("constant", 0.01)]
    [InlineData("idle counter", 0.10)]
    [InlineData("busy counter", 1.11)]
    [InlineData("histogram bucket", 0.43)]
    [InlineData("cpu seconds", 0.95)]
    [InlineData("bytes gauge", 0.92)]
    [InlineData("integer gauge", 0.56)]
    [InlineData("one-decimal gauge", 0.50)]
    [InlineData("float sum", 5.12)]
    [InlineData("full-mantissa ratio", 6.20)]
    public void Each_kind_of_series_takes_the_bytes_it_should(string name, double most)
    {
        var make = SyntheticKinds.All.Single(kind => kind.Name == name).Make;
        foreach (var samples in new[] { 32, 120, 480, 1024 })
            output.WriteLine($"{name}, {samples}: {BytesPerSample(make, samples, Effort.Thorough):0.000} B a sample, with hints {BytesPerSample(make, samples, Effort.Quick):0.000}");
        var thorough = BytesPerSample(make, 480, Effort.Thorough);
        Assert.InRange(thorough, most * 0.7, most); // far less would mean that the series is not what its name says
        Assert.InRange(BytesPerSample(make, 480, Effort.Quick), thorough, (thorough * 1.03) + 0.01);
    }

    [Theory]
    [InlineData(32, 1.50)]
    [InlineData(120, 1.25)]
    [InlineData(480, 1.20)]
    [InlineData(1024, 1.19)]
    public void The_mix_takes_the_bytes_it_should(int samples, double most)
    {
        Assert.Equal(100, SyntheticKinds.All.Sum(kind => kind.Percent));
        var bytes = SyntheticKinds.All.Sum(kind => kind.Percent / 100.0 * BytesPerSample(kind.Make, samples, Effort.Thorough));
        var hinted = SyntheticKinds.All.Sum(kind => kind.Percent / 100.0 * BytesPerSample(kind.Make, samples, Effort.Quick));
        output.WriteLine($"the mix, {samples}: {bytes:0.000} B a sample, with hints {hinted:0.000}");
        Assert.InRange(bytes, most * 0.7, most);
        Assert.InRange(hinted, bytes * 0.999, most);
    }

    static double BytesPerSample(Func<Random, int, double[]> make, int samples, Effort effort)
    {
        var values = make(new Random(7), 9_600 / samples * samples);
        var room = new byte[ValueChunk.BytesMax(samples)];
        var back = new double[samples];
        ushort hint = 0;
        var bytes = 0;
        for (var at = 0; at < values.Length; at += samples)
        {
            var chunk = values.AsSpan(at, samples);
            var written = ValueChunk.Encode(chunk, room, ref hint, effort);
            bytes += written;
            Assert.Equal(written, ValueChunk.Decode(room.AsSpan(0, written), back));
            Assert.Equal(chunk.ToArray().Select(BitConverter.DoubleToInt64Bits), back.Select(BitConverter.DoubleToInt64Bits));
        }
        return (double)bytes / values.Length;
    }
}
