using BenchmarkDotNet.Attributes;
using HmsOps.Tsdb.Chunks;
using HmsOps.Tsdb.Tests.Chunks;

namespace HmsOps.Bench.Chunks;

/// <summary>How long a sample takes to be put into a chunk and to be read out of it, by kind of series. Every figure is per sample.</summary>
[MemoryDiagnoser]
public class ValueChunkBench
{
    const int Values = 9_600; // a whole number of chunks of either length

    readonly double[] _back = new double[ValueChunk.SamplesMax];
    readonly byte[] _room = new byte[ValueChunk.BytesMax(ValueChunk.SamplesMax)];
    double[] _values = [];
    byte[][] _chunks = [];
    ushort _hint;

    /// <summary>The kinds of series.</summary>
    public static IEnumerable<string> Kinds => SyntheticKinds.All.Select(kind => kind.Name);

    /// <summary>The series that is written and read.</summary>
    [ParamsSource(nameof(Kinds))]
    public string Kind { get; set; } = "";

    /// <summary>Samples a chunk: as the head seals them, and as a block has them.</summary>
    [Params(120, 480)]
    public int Samples { get; set; }

    /// <summary>Makes the series and its chunks.</summary>
    [GlobalSetup]
    public void Make()
    {
        _values = SyntheticKinds.Make(Kind, 7, Values);
        _hint = 0;
        _chunks = [.. Enumerable.Range(0, Values / Samples).Select(i =>
            _room[..ValueChunk.Encode(_values.AsSpan(i * Samples, Samples), _room, ref _hint, Effort.Thorough)])];
    }

    /// <summary>With the hint of the chunk before, as the head does it.</summary>
    [Benchmark(OperationsPerInvoke = Values)]
    public int Quick() => Encode(Effort.Quick);

    /// <summary>With every way weighed, as a block is written.</summary>
    [Benchmark(OperationsPerInvoke = Values)]
    public int Thorough() => Encode(Effort.Thorough);

    /// <summary>Back to doubles.</summary>
    [Benchmark(OperationsPerInvoke = Values)]
    public int Decode()
    {
        var bytes = 0;
        foreach (var chunk in _chunks)
            bytes += ValueChunk.Decode(chunk, _back.AsSpan(0, Samples));
        return bytes;
    }

    int Encode(Effort effort)
    {
        var bytes = 0;
        for (var at = 0; at < Values; at += Samples)
            bytes += ValueChunk.Encode(_values.AsSpan(at, Samples), _room, ref _hint, effort);
        return bytes;
    }
}
