using System.Globalization;
using HmsOps.Series;

namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>The samples of one chunk as columns, used again for the next. One owner.</summary>
public sealed class ChunkColumns
{
    private long[] _times = [];
    private double[] _values = [];
    private NativeHistogram?[] _histograms = [];
    private bool _hasHistograms;

    /// <summary>Samples in it.</summary>
    public int Count { get; private set; }

    /// <summary>Milliseconds since 1970, as they were written: a maker that is not Prometheus may not have put them in order.</summary>
    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    /// <summary>Floats, one a time; empty when the chunk holds histograms.</summary>
    public ReadOnlySpan<double> Values => _hasHistograms ? [] : _values.AsSpan(0, Count);

    /// <summary>Histograms, one a time, none null; empty when the chunk holds floats.</summary>
    public ReadOnlySpan<NativeHistogram?> Histograms => _hasHistograms ? _histograms.AsSpan(0, Count) : [];

    /// <summary>Reads a chunk. What was in the columns is gone, whatever comes of it.</summary>
    /// <exception cref="ChunkDamagedException">The bytes are no such chunk.</exception>
    public void Decode(ChunkEncoding encoding, ReadOnlySpan<byte> data)
    {
        (Count, _hasHistograms) = (0, encoding != ChunkEncoding.Xor);
        if (encoding is not (ChunkEncoding.Xor or ChunkEncoding.Histogram or ChunkEncoding.FloatHistogram))
            throw new ChunkDamagedException(string.Create(CultureInfo.InvariantCulture, $"its encoding is {(int)encoding}; known are 1 (XOR), 2 (histogram) and 3 (float histogram)"));
        var count = XorChunk.Count(data);
        if (_times.Length < count)
            _times = new long[count];
        if (_hasHistograms)
        {
            if (_histograms.Length < count)
                _histograms = new NativeHistogram?[count];
            HistogramChunk.Decode(data, encoding == ChunkEncoding.FloatHistogram, _times, _histograms);
        }
        else
        {
            if (_values.Length < count)
                _values = new double[count];
            XorChunk.Decode(data, _times, _values);
        }
        Count = count;
    }
}

/// <summary>How a chunk is written. Numbers as in Prometheus' files and on the wire.</summary>
public enum ChunkEncoding
{
    /// <summary>None; no chunk is written so.</summary>
    Unknown = 0,

    /// <summary>Floats.</summary>
    Xor = 1,

    /// <summary>Histograms with integer counts.</summary>
    Histogram = 2,

    /// <summary>Histograms with float counts.</summary>
    FloatHistogram = 3,
}
