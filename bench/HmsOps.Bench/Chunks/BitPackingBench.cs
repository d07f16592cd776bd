using BenchmarkDotNet.Attributes;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Bench.Chunks;

/// <summary>Whether the vector way of unpacking earns its place beside the scalar one. Every figure is per number.</summary>
public class BitPackingBench
{
    const int Count = 480;

    readonly long[] _numbers = new long[Count];
    byte[] _packed = [];

    /// <summary>Bits a number.</summary>
    [Params(1, 4, 9, 14, 30, 49)]
    public int Width { get; set; }

    /// <summary>Makes bytes; any will do.</summary>
    [GlobalSetup]
    public void Make()
    {
        _packed = new byte[BitPacking.Bytes(Count, Width)];
        new Random(3).NextBytes(_packed);
    }

    /// <summary>The reference.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public void Scalar() => BitPacking.UnpackScalar(_packed, Width, 5, 1, _numbers);

    /// <summary>Whatever is taken on this machine.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public void Taken() => BitPacking.Unpack(_packed, Width, 5, 1, _numbers);
}
