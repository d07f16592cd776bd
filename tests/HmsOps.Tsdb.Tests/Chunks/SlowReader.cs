using System.Numerics;

namespace HmsOps.Tsdb.Tests.Chunks;

/// <summary>
/// A reader of docs/formats/chunks.md and of nothing else: bit by bit, in numbers without bounds, sharing no line with the product's. It trusts
/// its bytes.
/// </summary>
sealed class SlowReader(byte[] bytes)
{
    static readonly BigInteger Modulus = BigInteger.One << 64;

    int _at;

    public int Consumed => _at;

    public double[] Values(int samples)
    {
        var head = bytes[_at++];
        var parameter = head >> 4;
        switch (head & 7)
        {
            case 0:
                var top = 0UL;
                for (var i = 0; i < 8; i++)
                    top = (top << 8) | (i < parameter ? bytes[_at++] : 0UL);
                return [.. Enumerable.Repeat(BitConverter.UInt64BitsToDouble(top), samples)];
            case 3:
                return [.. Enumerable.Range(0, samples).Select(_ => BitConverter.UInt64BitsToDouble(Pattern()))];
            default:
                var lifted = (head & 8) != 0 ? Lifted() : [];
                var column = Integers(samples - lifted.Count).Select(integer =>
                    (head & 7) == 1 ? integer / Math.Pow(10, parameter)
                    : BitConverter.UInt64BitsToDouble(parameter == 1 ? ((ulong)integer >> 1) | ((ulong)integer << 63) : (ulong)integer));
                var values = new Queue<double>(column);
                return [.. Enumerable.Range(0, samples).Select(i => lifted.TryGetValue(i, out var pattern) ? BitConverter.UInt64BitsToDouble(pattern) : values.Dequeue())];
        }
    }

    public long[] Integers(int count)
    {
        var width = bytes[_at] & 0x7f;
        var patched = (bytes[_at++] & 0x80) != 0;
        var order = bytes[_at] & 3;
        var divided = (bytes[_at++] & 4) != 0;
        var firsts = new[] { 0, 1, 2, 0 }[order];
        BigInteger first = firsts > 0 ? Signed() : 0;
        BigInteger slope = order >= 2 ? Signed() : 0;
        BigInteger origin = Signed();
        BigInteger divisor = divided ? Number() : 1;
        var quotients = new BigInteger[count - firsts];
        for (var i = 0; i < quotients.Length; i++)
        {
            for (var bit = 0; bit < width; bit++)
            {
                var position = (i * width) + bit;
                if ((bytes[_at + (position / 8)] >> (position % 8) & 1) != 0)
                    quotients[i] += BigInteger.One << bit;
            }
        }
        _at += ((quotients.Length * width) + 7) / 8;
        var patches = patched ? bytes[_at++] : 0;
        for (var position = -1; patches > 0; patches--)
        {
            position += 1 + (int)Number();
            quotients[position] = Signed();
        }
        var residuals = quotients.Select(quotient => origin + (divisor * quotient)).ToArray();
        var numbers = new BigInteger[count];
        for (var i = 0; i < count; i++)
        {
            numbers[i] = order switch
            {
                0 => residuals[i],
                1 => i == 0 ? first : numbers[i - 1] + residuals[i - 1],
                2 => i == 0 ? first : i == 1 ? first + slope : (2 * numbers[i - 1]) - numbers[i - 2] + residuals[i - 2],
                _ => residuals[i] + (i * slope),
            };
        }
        return [.. numbers.Select(number => (long)(ulong)(((number % Modulus) + Modulus) % Modulus))];
    }

    Dictionary<int, ulong> Lifted()
    {
        var head = (int)Number();
        var count = head >> 2;
        var positions = new int[count];
        for (var (i, last) = (0, -1); i < count; i++)
            last = positions[i] = last + 1 + (int)Number();
        var shared = (head & 3) switch { 0 => 0x7ff0000000000002UL, 1 => Pattern(), _ => 0UL };
        return positions.ToDictionary(position => position, _ => (head & 3) == 2 ? Pattern() : shared);
    }

    ulong Pattern()
    {
        _at += 8;
        return BitConverter.ToUInt64(bytes, _at - 8);
    }

    ulong Number()
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            value |= (ulong)(bytes[_at] & 0x7f) << shift;
            if (bytes[_at++] < 0x80)
                return value;
        }
    }

    long Signed()
    {
        var folded = Number();
        return (folded & 1) == 0 ? (long)(folded >> 1) : -(long)(folded >> 1) - 1;
    }
}
