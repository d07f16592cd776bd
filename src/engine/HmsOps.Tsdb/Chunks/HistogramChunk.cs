using System.Buffers;
using System.Buffers.Binary;
using HmsOps.Series;

namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// Native histograms of one series, up to <see cref="ValueChunk.SamplesMax"/>, transposed: what all have in common once, then a column for the
/// counts, the zero counts, the sums and each bucket that any of them has. A column is a <see cref="ValueChunk"/>, which makes integers of counts
/// and one or three bytes of a bucket that does not change. A bucket without observations is left out when read, as histograms leave them out.
/// Bytes: docs/formats/chunks.md.
/// </summary>
internal static class HistogramChunk
{
    const int FloatBit = 0x01;
    const int HintBits = 2;

    /// <summary>Counts, zero counts and sums.</summary>
    const int OwnColumns = 3;

    /// <summary>
    /// How many of the samples, from the first, fit one chunk: they share schema, zero threshold, bounds and whether counts are floats, and are not more than a
    /// chunk holds. At least 1.
    /// </summary>
    public static int FittingPrefix(ReadOnlySpan<NativeHistogram> samples)
    {
        if (samples.IsEmpty)
            return 0;
        HistogramLayout.Of(samples, out var fitting);
        return fitting;
    }

    /// <summary>Writes one chunk of all samples, which must fit one.</summary>
    public static void Encode(ReadOnlySpan<NativeHistogram> samples, IBufferWriter<byte> into)
    {
        ValueChunk.CheckSamples(samples.Length);
        var layout = HistogramLayout.Of(samples, out var fitting);
        if (fitting < samples.Length)
            throw new ArgumentException($"Only {fitting} of {samples.Length} histograms fit one chunk; FittingPrefix says how many do.", nameof(samples));
        WriteHead(samples[0], into);
        WritePlaces(layout.Positive, into);
        WritePlaces(layout.Negative, into);
        WriteHints(samples, into);

        var column = ArrayPool<double>.Shared.Rent(samples.Length);
        var cells = ArrayPool<double>.Shared.Rent(Math.Max(layout.Positive.Count, layout.Negative.Count) * samples.Length);
        var values = column.AsSpan(0, samples.Length);
        for (var i = 0; i < samples.Length; i++)
            values[i] = samples[i].Count;
        WriteColumn(values, into);
        for (var i = 0; i < samples.Length; i++)
            values[i] = samples[i].ZeroCount;
        WriteColumn(values, into);
        for (var i = 0; i < samples.Length; i++)
            values[i] = samples[i].Sum;
        WriteColumn(values, into);
        WriteBuckets(samples, layout.Positive, static sample => sample.Positive, cells, into);
        WriteBuckets(samples, layout.Negative, static sample => sample.Negative, cells, into);
        ArrayPool<double>.Shared.Return(cells);
        ArrayPool<double>.Shared.Return(column);
    }

    static void WriteHead(NativeHistogram first, IBufferWriter<byte> into)
    {
        var span = into.GetSpan(1 + Varint.BytesMax);
        span[0] = (byte)(first.IsFloat ? FloatBit : 0);
        into.Advance(1 + Varint.Write(span[1..], Varint.ZigZag(first.Schema)));
        WriteColumn([first.ZeroThreshold], into);
        Varint.Write(into, (ulong)first.Bounds.Count);
        foreach (var bound in first.Bounds)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(into.GetSpan(8), bound);
            into.Advance(8);
        }
    }

    /// <summary>Runs of neighbours: how far after the run before, and how many.</summary>
    static void WritePlaces(IReadOnlyList<int> places, IBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)places.Count);
        long next = 0;
        for (var from = 0; from < places.Count;)
        {
            var end = from + 1;
            while (end < places.Count && places[end] == places[end - 1] + 1)
                end++;
            Varint.Write(into, Varint.ZigZag(places[from] - next));
            Varint.Write(into, (ulong)(end - from));
            next = (long)places[end - 1] + 1;
            from = end;
        }
    }

    static void WriteHints(ReadOnlySpan<NativeHistogram> samples, IBufferWriter<byte> into)
    {
        for (var from = 0; from < samples.Length;)
        {
            var end = from + 1;
            while (end < samples.Length && samples[end].Reset == samples[from].Reset)
                end++;
            Varint.Write(into, (uint)((end - from) << HintBits) | ((uint)samples[from].Reset & ((1 << HintBits) - 1)));
            from = end;
        }
    }

    static void WriteBuckets(
        ReadOnlySpan<NativeHistogram> samples,
        IReadOnlyList<int> places,
        Func<NativeHistogram, IReadOnlyList<HistogramBucket>> bucketsOf,
        double[] cells,
        IBufferWriter<byte> into)
    {
        var count = samples.Length;
        cells.AsSpan(0, places.Count * count).Clear();
        for (var i = 0; i < count; i++)
        {
            var buckets = bucketsOf(samples[i]);
            var place = 0;
            for (var b = 0; b < buckets.Count; b++, place++)
            {
                while (places[place] != buckets[b].Index)
                    place++;
                cells[(place * count) + i] = buckets[b].Count;
            }
        }
        for (var place = 0; place < places.Count; place++)
            WriteColumn(cells.AsSpan(place * count, count), into);
    }

    static void WriteColumn(ReadOnlySpan<double> values, IBufferWriter<byte> into)
    {
        ushort hint = 0;
        into.Advance(ValueChunk.Encode(values, into.GetSpan(ValueChunk.BytesMax(values.Length)), ref hint, Effort.Thorough));
    }

    /// <summary>Reads exactly as many histograms as there is room for; answers the bytes they took.</summary>
    /// <exception cref="ChunkDamagedException">The bytes are not a chunk. What was written into the room then means nothing.</exception>
    public static int Decode(ReadOnlySpan<byte> from, Span<NativeHistogram> into)
    {
        ValueChunk.CheckSamples(into.Length);
        var reader = new ChunkReader(from);
        var flags = reader.Byte();
        if ((flags & ~FloatBit) != 0)
            ChunkReader.Throw($"its first byte is 0x{flags:x2}");
        var schema = reader.Signed();
        if (schema is < int.MinValue or > int.MaxValue)
            ChunkReader.Throw($"its schema is {schema}");
        Span<double> threshold = stackalloc double[1];
        ReadColumn(ref reader, threshold);
        var bounds = ReadBounds(ref reader);
        var positive = ReadPlaces(ref reader, into.Length, 0);
        var negative = ReadPlaces(ref reader, into.Length, positive.Length);
        var hints = ArrayPool<CounterResetHint>.Shared.Rent(into.Length);
        var cells = ArrayPool<double>.Shared.Rent((OwnColumns + positive.Length + negative.Length) * into.Length);
        try
        {
            ReadHints(ref reader, hints.AsSpan(0, into.Length));
            for (var column = 0; column < OwnColumns + positive.Length + negative.Length; column++)
                ReadColumn(ref reader, cells.AsSpan(column * into.Length, into.Length));
            for (var i = 0; i < into.Length; i++)
            {
                into[i] = new NativeHistogram
                {
                    Schema = (int)schema,
                    ZeroThreshold = threshold[0],
                    Bounds = bounds,
                    IsFloat = (flags & FloatBit) != 0,
                    Reset = hints[i],
                    Count = cells[i],
                    ZeroCount = cells[into.Length + i],
                    Sum = cells[(2 * into.Length) + i],
                    Positive = Buckets(positive, cells.AsSpan(OwnColumns * into.Length), into.Length, i),
                    Negative = Buckets(negative, cells.AsSpan((OwnColumns + positive.Length) * into.Length), into.Length, i),
                };
            }
        }
        finally
        {
            ArrayPool<double>.Shared.Return(cells);
            ArrayPool<CounterResetHint>.Shared.Return(hints);
        }
        return reader.Consumed;
    }

    static double[] ReadBounds(ref ChunkReader from)
    {
        var count = from.Count(from.Rest.Length / 8, "bounds");
        if (count == 0)
            return [];
        var bounds = new double[count];
        foreach (ref var bound in bounds.AsSpan())
            bound = BinaryPrimitives.ReadDoubleLittleEndian(from.Take(8));
        return bounds;
    }

    static int[] ReadPlaces(ref ChunkReader from, int samples, int before)
    {
        // Each place has a column to come, of a byte at least; and all of them, in every sample, are bounded (HistogramLayout.CellsMax).
        var most = Math.Min(from.Rest.Length, samples == 1 ? int.MaxValue : Math.Max(0, (HistogramLayout.CellsMax / samples) - before));
        var count = from.Count(most, "buckets");
        var places = count == 0 ? [] : new int[count];
        long next = 0;
        for (var at = 0; at < count;)
        {
            var gap = from.Signed();
            var run = from.Count(count - at, "neighbouring buckets");
            if (run == 0 || gap is < int.MinValue - (long)int.MaxValue or > int.MaxValue - (long)int.MinValue || (at > 0 && gap < 1))
                ChunkReader.Throw($"{run} buckets that begin {gap} after those before");
            next += gap;
            if (next < int.MinValue || next + run - 1 > int.MaxValue)
                ChunkReader.Throw($"{run} buckets from index {next} on");
            for (; run > 0; run--)
                places[at++] = (int)next++;
        }
        return places;
    }

    static void ReadHints(ref ChunkReader from, Span<CounterResetHint> into)
    {
        for (var at = 0; at < into.Length;)
        {
            var run = from.Count(int.MaxValue, "as a run of reset hints");
            var length = run >> HintBits;
            if (length == 0 || length > into.Length - at)
                ChunkReader.Throw($"a reset hint for {length} histograms where {into.Length - at} are left");
            into.Slice(at, length).Fill((CounterResetHint)(run & ((1 << HintBits) - 1)));
            at += length;
        }
    }

    static void ReadColumn(ref ChunkReader from, scoped Span<double> into) => from.Take(ValueChunk.Decode(from.Rest, into));

    static HistogramBucket[] Buckets(int[] places, ReadOnlySpan<double> cells, int samples, int sample)
    {
        var count = 0;
        for (var place = 0; place < places.Length; place++)
            count += IsThere(cells[(place * samples) + sample]) ? 1 : 0;
        if (count == 0)
            return [];
        var buckets = new HistogramBucket[count];
        var at = 0;
        for (var place = 0; place < places.Length; place++)
        {
            var value = cells[(place * samples) + sample];
            if (IsThere(value))
                buckets[at++] = new(places[place], value);
        }
        return buckets;
    }

    /// <summary>An absent bucket is +0 to the bit; a float histogram's −0 stays.</summary>
    static bool IsThere(double count) => BitConverter.DoubleToInt64Bits(count) != 0;
}
