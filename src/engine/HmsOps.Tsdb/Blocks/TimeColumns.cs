using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Blocks;

/// <summary>One time column: how many samples, from when to when, and where it lies.</summary>
internal readonly record struct TimeColumnPlace(long Offset, int Length, int Samples, long First, long Last)
{
    public bool Overlaps(long from, long to) => First <= to && from <= Last;
}

/// <summary>Up to <see cref="BlockFormat.PartRows"/> time columns, as read.</summary>
internal sealed class TimePart : ICachedPart
{
    private readonly TimeColumnPlace[] _columns;

    public TimePart(ReadOnlySpan<byte> section, int columns, long streamBytes, string path, string place)
    {
        var reader = new SectionReader(section, path, place);
        var offset = reader.Long(streamBytes);
        _columns = new TimeColumnPlace[columns];
        var first = 0L;
        for (var i = 0; i < columns; i++)
        {
            var samples = reader.Int(ValueChunk.SamplesMax);
            first = unchecked(first + reader.Signed());
            var span = reader.Varint();
            var length = reader.Int(int.MaxValue);
            var last = unchecked(first + (long)span);
            if (samples == 0 || length > streamBytes - offset || last < first || (span == 0) != (samples == 1))
                throw reader.Damaged($"column {i} of the part cannot be");
            _columns[i] = new TimeColumnPlace(offset, length, samples, first, last);
            offset += length;
        }
        reader.End();
    }

    public long Bytes => _columns.Length * 40L + 100;

    public TimeColumnPlace this[int column] => _columns[column];
}

/// <summary>
/// Gathers time columns, each content once. Content is told by a digest, so nothing but digests is kept of what was written; raw columns of
/// late are kept beside, so that the many series of one scrape are recognised by a comparison of memory.
/// </summary>
internal sealed class TimeColumnWriter
{
    // Beyond these, what was seen is forgotten: a column is then written twice, which costs its bytes and nothing else.
    private const int DigestsMax = 1 << 18;
    private const int RecentTimesMax = 1 << 19;

    private readonly Dictionary<UInt128, int> _byDigest = [];
    private readonly Dictionary<ulong, (int Column, long[] Times)> _recent = [];
    private readonly byte[] _encoded = new byte[TimeChunk.BytesMax(ValueChunk.SamplesMax)];
    private readonly ArrayBufferWriter<byte> _part = new(16 * 1024);
    private int _recentTimes;
    private long _lastFirst;
    private long _offset;

    /// <summary>Finished parts of the table.</summary>
    public List<byte[]> Parts { get; } = [];

    public int Count { get; private set; }

    /// <summary>The number of a column; new bytes go to the stream.</summary>
    public int Add(ReadOnlySpan<long> times, PageStream stream)
    {
        var key = KeyOf(times);
        if (_recent.TryGetValue(key, out var known) && times.SequenceEqual(known.Times))
            return known.Column;
        var column = ByDigest(times, stream);
        if (_recentTimes > RecentTimesMax)
        {
            _recent.Clear();
            _recentTimes = 0;
        }
        _recent[key] = (column, times.ToArray());
        _recentTimes += times.Length;
        return column;
    }

    public void EndPart()
    {
        if (_part.WrittenCount == 0)
            return;
        Parts.Add(_part.WrittenSpan.ToArray());
        _part.ResetWrittenCount();
    }

    private int ByDigest(ReadOnlySpan<long> times, PageStream stream)
    {
        var digest = MemoryMarshal.Read<UInt128>(SHA256.HashData(MemoryMarshal.AsBytes(times)));
        if (_byDigest.TryGetValue(digest, out var column))
            return column;
        if (_byDigest.Count == DigestsMax)
            _byDigest.Clear();
        var encoded = _encoded.AsSpan(0, TimeChunk.Encode(times, _encoded));
        stream.Append(encoded);
        Note(times, encoded.Length);
        _byDigest.Add(digest, Count);
        return Count++;
    }

    private void Note(ReadOnlySpan<long> times, int length)
    {
        if (Count % BlockFormat.PartRows == 0)
        {
            EndPart();
            Varint.Write(_part, (ulong)_offset);
            _lastFirst = 0;
        }
        Varint.Write(_part, (ulong)times.Length);
        Varint.Write(_part, Varint.ZigZag(unchecked(times[0] - _lastFirst)));
        Varint.Write(_part, (ulong)unchecked(times[^1] - times[0]));
        Varint.Write(_part, (ulong)length);
        _lastFirst = times[0];
        _offset += length;
    }

    private static ulong KeyOf(ReadOnlySpan<long> times)
    {
        var key = (ulong)times.Length;
        foreach (var time in times)
            key = (key ^ (ulong)time) * 0x9e3779b97f4a7c15;
        return key;
    }
}
