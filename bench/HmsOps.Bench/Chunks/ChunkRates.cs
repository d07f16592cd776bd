using System.Diagnostics;
using HmsOps.Tsdb.Chunks;
using HmsOps.Tsdb.Tests.Chunks;

namespace HmsOps.Bench.Chunks;

/// <summary>
/// Samples a second of one core by kind of series, on a machine that is not quiet: the shortest of many passes, each so short that most are not
/// interrupted. A mean under load measures the load.
/// </summary>
static class ChunkRates
{
    const int Chunks = 20;
    const int Passes = 2_000;

    public static void Print(TextWriter into)
    {
        foreach (var samples in new[] { 120, 480 })
        {
            into.WriteLine($"{samples} samples a chunk     quick M/s  thorough M/s  decode G/s  B/sample");
            var (quick, thorough, decode, bytes) = (0.0, 0.0, 0.0, 0.0);
            foreach (var (name, percent, make) in SyntheticKinds.All)
            {
                var one = Of(make(new Random(7), samples * Chunks), samples);
                into.WriteLine(Row(name, one.Quick, one.Thorough, one.Decode, one.Bytes));
                var share = percent / 100.0;
                (quick, thorough, decode, bytes) =
                    (quick + (share * one.Quick), thorough + (share * one.Thorough), decode + (share * one.Decode), bytes + (share * one.Bytes));
            }
            into.WriteLine(Row("the mix", quick, thorough, decode, bytes));
        }
    }

    /// <summary>Nanoseconds a sample, and bytes.</summary>
    static (double Quick, double Thorough, double Decode, double Bytes) Of(double[] values, int samples)
    {
        var room = new byte[ValueChunk.BytesMax(samples)];
        var back = new double[samples];
        ushort hint = 0;
        int Encode(int i, Effort effort) => ValueChunk.Encode(values.AsSpan(i * samples, samples), room, ref hint, effort);
        var chunks = Enumerable.Range(0, Chunks).Select(i => room[..Encode(i, Effort.Thorough)]).ToArray();
        return (
            Shortest(i => Encode(i, Effort.Quick), samples),
            Shortest(i => Encode(i, Effort.Thorough), samples),
            Shortest(i => ValueChunk.Decode(chunks[i], back), samples),
            chunks.Sum(chunk => chunk.Length) / (double)values.Length);
    }

    static double Shortest(Func<int, int> once, int samples)
    {
        var shortest = double.MaxValue;
        for (var pass = 0; pass < Passes; pass++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Chunks; i++)
                once(i);
            shortest = Math.Min(shortest, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
        }
        return shortest / (Chunks * samples);
    }

    static string Row(string name, double quick, double thorough, double decode, double bytes) =>
        $"{name,-22} {1_000 / quick,9:0.0} {1_000 / thorough,13:0.0} {1 / decode,11:0.00} {bytes,9:0.000}";
}
