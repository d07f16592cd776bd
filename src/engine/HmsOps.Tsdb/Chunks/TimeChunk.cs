namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// The times of a column, milliseconds, in the order they lie: an <see cref="IntegerColumn"/> and nothing else. Columns are few and shared, so
/// all orders are always weighed. A regular scrape costs a dozen bytes, whatever its length.
/// </summary>
internal static class TimeChunk
{
    /// <summary>The most bytes that so many times take, and the room that <see cref="Encode"/> wants.</summary>
    public static int BytesMax(int samples) => IntegerColumn.BytesMax(samples);

    /// <summary>Writes a chunk of 1 to <see cref="ValueChunk.SamplesMax"/> times; answers its bytes.</summary>
    public static int Encode(ReadOnlySpan<long> times, Span<byte> into)
    {
        ValueChunk.CheckSamples(times.Length);
        if (into.Length < BytesMax(times.Length))
            throw new ArgumentException($"{into.Length} bytes may be too few for {times.Length} times; BytesMax says how many are enough.", nameof(into));
        return IntegerColumn.Write(ColumnSearch.BestOfTimes(times), times, into);
    }

    /// <summary>Reads exactly as many times as there is room for; answers the bytes they took.</summary>
    /// <exception cref="ChunkDamagedException">The bytes are not a chunk. What was written into the room then means nothing.</exception>
    public static int Decode(ReadOnlySpan<byte> from, Span<long> into)
    {
        ValueChunk.CheckSamples(into.Length);
        var reader = new ChunkReader(from);
        IntegerColumn.Read(ref reader, into);
        return reader.Consumed;
    }
}
