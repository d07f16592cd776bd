using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// The values of one series, up to <see cref="SamplesMax"/> of them, each to the bit. A chunk is of one kind: one value for all, decimals as
/// integers, bit patterns as integers, or raw; integers lie in an <see cref="IntegerColumn"/>. It does not say how many samples it has and carries
/// no checksum: both belong to what holds it. Bytes: docs/formats/chunks.md. No call allocates; all are safe from any thread.
/// </summary>
internal static class ValueChunk
{
    /// <summary>The most samples of one chunk.</summary>
    public const int SamplesMax = 1024;

    const int KindBits = 0x07;
    const int LiftedBit = 0x08;
    const int ParameterShift = 4;

    /// <summary>The most bytes that so many samples take, and the room that <see cref="Encode"/> wants.</summary>
    public static int BytesMax(int samples) => 1 + (8 * samples);

    /// <summary>
    /// Writes a chunk; answers its bytes. The hint is what served the series' chunk before (0: nothing is known) and becomes what served this one;
    /// it changes what is written, never what is read.
    /// </summary>
    public static int Encode(ReadOnlySpan<double> values, Span<byte> into, ref ushort hint, Effort effort)
    {
        CheckSamples(values.Length);
        if (into.Length < BytesMax(values.Length))
            throw new ArgumentException($"{into.Length} bytes may be too few for {values.Length} samples; BytesMax says how many are enough.", nameof(into));
        if (AllAlike(values))
            return WriteConstant(values[0], into);

        Span<long> integers = stackalloc long[values.Length];
        Span<ushort> lifted = stackalloc ushort[LiftedValues.CountMax];
        var search = new ValueSearch(values, integers, lifted);
        var plan = effort == Effort.Quick ? search.Guess(new ValueHint(hint)) : null;
        plan ??= search.Best();
        hint = ValueHint.Of(plan, values.Length).Bits;
        if (plan is { } found)
            return Write(found, ref search, into);
        into[0] = (byte)ValueKind.Raw;
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteDoubleLittleEndian(into[(1 + (8 * i))..], values[i]);
        return 1 + (8 * values.Length);
    }

    /// <summary>Reads exactly as many samples as there is room for; answers the bytes they took.</summary>
    /// <exception cref="ChunkDamagedException">The bytes are not a chunk. What was written into the room then means nothing.</exception>
    public static int Decode(ReadOnlySpan<byte> from, Span<double> into)
    {
        CheckSamples(into.Length);
        var reader = new ChunkReader(from);
        var head = reader.Byte();
        var kind = (ValueKind)(head & KindBits);
        var parameter = head >> ParameterShift;
        var hasLifted = (head & LiftedBit) != 0;
        switch (kind)
        {
            case ValueKind.Constant when parameter <= 8 && !hasLifted:
                into.Fill(BitConverter.UInt64BitsToDouble(ReadTop(reader.Take(parameter))));
                break;
            case ValueKind.Raw when parameter == 0 && !hasLifted:
                ReadRaw(reader.Take(8 * into.Length), into);
                break;
            case ValueKind.Decimal:
            case ValueKind.Bits when parameter <= 1:
                ReadIntegers(ref reader, kind, parameter, hasLifted, into);
                break;
            default:
                ChunkReader.Throw($"its first byte is 0x{head:x2}");
                break;
        }
        return reader.Consumed;
    }

    static void ReadIntegers(ref ChunkReader from, ValueKind kind, int parameter, bool hasLifted, Span<double> into)
    {
        Span<ushort> positions = stackalloc ushort[LiftedValues.CountMax];
        var count = 0;
        var patterns = hasLifted ? LiftedValues.Read(ref from, into.Length, positions, out count) : default;
        var column = into[..^count];
        var integers = MemoryMarshal.Cast<double, long>(column);
        IntegerColumn.Read(ref from, integers);
        if (kind == ValueKind.Decimal)
        {
            Decimals.Unscale(column, parameter);
        }
        else if (parameter == 1)
        {
            foreach (ref var integer in integers)
                integer = (long)ulong.RotateRight((ulong)integer, 1);
        }
        if (count > 0)
            LiftedValues.PutBack(into, positions[..count], patterns);
    }

    static int Write(in ValuePlan plan, ref ValueSearch search, Span<byte> into)
    {
        search.Prepare(plan.Kind, plan.Parameter); // the search may have gone on to something else
        var lifted = search.Lifted;
        into[0] = (byte)((int)plan.Kind | (lifted.IsEmpty ? 0 : LiftedBit) | (plan.Parameter << ParameterShift));
        var at = 1;
        if (!lifted.IsEmpty)
            at += LiftedValues.Write(search.Values, lifted, into[at..]);
        return at + IntegerColumn.Write(plan.Column, search.Integers, into[at..]);
    }

    /// <summary>Most constants are small integers, whose low bytes are zero: only the bytes above those are written.</summary>
    static int WriteConstant(double value, Span<byte> into)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var bytes = 8 - ((int)ulong.TrailingZeroCount(bits) / 8);
        into[0] = (byte)((int)ValueKind.Constant | (bytes << ParameterShift));
        for (var i = 0; i < bytes; i++)
            into[1 + i] = (byte)(bits >> (56 - (8 * i)));
        return 1 + bytes;
    }

    static ulong ReadTop(ReadOnlySpan<byte> from)
    {
        ulong bits = 0;
        for (var i = 0; i < from.Length; i++)
            bits |= (ulong)from[i] << (56 - (8 * i));
        return bits;
    }

    static void ReadRaw(ReadOnlySpan<byte> from, Span<double> into)
    {
        for (var i = 0; i < into.Length; i++)
            into[i] = BinaryPrimitives.ReadDoubleLittleEndian(from[(8 * i)..]);
    }

    static bool AllAlike(ReadOnlySpan<double> values)
    {
        var bits = MemoryMarshal.Cast<double, long>(values);
        return !bits.ContainsAnyExcept(bits[0]);
    }

    internal static void CheckSamples(int samples)
    {
        if (samples is < 1 or > SamplesMax)
            throw new ArgumentOutOfRangeException(nameof(samples), samples, $"A chunk has 1 to {SamplesMax} samples.");
    }
}

/// <summary>What a chunk's body is. 4 to 7 are no kind yet.</summary>
internal enum ValueKind
{
    /// <summary>One value for all samples.</summary>
    Constant = 0,

    /// <summary>Integers, to be divided by a power of ten.</summary>
    Decimal = 1,

    /// <summary>The doubles' bit patterns as integers.</summary>
    Bits = 2,

    /// <summary>The doubles themselves.</summary>
    Raw = 3,
}
