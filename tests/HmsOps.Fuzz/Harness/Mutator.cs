using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using HmsOps.Series;

namespace HmsOps.Fuzz.Harness;

/// <summary>Makes inputs of others by small damage: bits, bytes, numbers at the edge, words of the language, pieces doubled, cut, moved and spliced.</summary>
sealed class Mutator(Decoder decoder, Random dice)
{
    const int ChangesMax = 6;
    const int PieceMax = 64;
    const int UnsealedOneIn = 16; // so that the checksums are tried too
    const int HeadOneIn = 16;
    const int ZerosOneIn = 4;
    const int SameLengthOneIn = 2;

    static readonly ulong[] Edges =
    [
        0, 1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 511, 512, 1023, 1024, 4095, 4096, 32767, 32768, 65535, 65536, 1 << 20, int.MaxValue - 1, int.MaxValue,
        1UL + int.MaxValue, uint.MaxValue, 1UL << 32, long.MaxValue, 1UL << 63, ulong.MaxValue - 1, ulong.MaxValue, 0x7ff0000000000000, 0x7ff0000000000002, 0x7ff8000000000001,
        0xfff0000000000000,
    ];

    readonly byte[][] _words = [.. decoder.Words.Select(Encoding.UTF8.GetBytes)];

    /// <summary>The next input, made of one or two of those known.</summary>
    public byte[] Next(Known known)
    {
        var bytes = new List<byte>(known.Choose(dice));
        var keepsLength = dice.Next(SameLengthOneIn) == 0; // what is told by its place stays where it is
        for (var changes = 1 + dice.Next(1 + dice.Next(ChangesMax)); changes > 0; changes--)
        {
            if (keepsLength)
                ChangeInPlace(bytes);
            else
                Change(bytes, known);
        }
        if (bytes.Count > decoder.InputBytesMax)
            bytes.RemoveRange(decoder.InputBytesMax, bytes.Count - decoder.InputBytesMax);
        var input = bytes.ToArray();
        if (decoder.Seal is { } seal && dice.Next(UnsealedOneIn) > 0)
            seal(input);
        return input;
    }

    void ChangeInPlace(List<byte> bytes)
    {
        var at = Place(bytes);
        if (at == bytes.Count)
            return;
        switch (dice.Next(_words.Length > 0 ? 7 : 6))
        {
            case 0:
            case 1:
                bytes[at] ^= (byte)(1 << dice.Next(8));
                break;
            case 2:
                bytes[at] = (byte)dice.Next(256);
                break;
            case 3:
                bytes[at] = (byte)(bytes[at] + dice.Next(-4, 5));
                break;
            case 4:
                Overwrite(bytes, at, Edge());
                break;
            case 5:
                Overwrite(bytes, at, [.. Enumerable.Repeat((byte)(dice.Next(3) * 127.5), 1 + dice.Next(16))]);
                break;
            default:
                Overwrite(bytes, at, _words[dice.Next(_words.Length)]);
                break;
        }
    }

    void Change(List<byte> bytes, Known known)
    {
        var at = Place(bytes);
        var left = bytes.Count - at;
        switch (dice.Next(_words.Length > 0 ? 9 : 7))
        {
            case 0:
                ChangeInPlace(bytes);
                break;
            case 1:
                bytes.Insert(at, (byte)dice.Next(256));
                break;
            case 2:
                bytes.RemoveRange(at, Math.Min(left, 1 + dice.Next(1 + dice.Next(PieceMax))));
                break;
            case 3:
                bytes.InsertRange(at, Number(Edges[dice.Next(Edges.Length)]));
                break;
            case 4 when left > 0:
                GrowNumber(bytes, at);
                break;
            case 5: // a piece once more, here or elsewhere, many times now and then
                var piece = bytes.GetRange(at, Math.Min(left, 1 + dice.Next(PieceMax)));
                var to = Place(bytes);
                for (var times = dice.Next(20) == 0 ? dice.Next(40) : 1; times > 0 && bytes.Count < decoder.InputBytesMax; times--)
                    bytes.InsertRange(to, piece);
                break;
            case 6 when dice.Next(4) == 0:
                bytes.RemoveRange(at, left);
                break;
            case 6:
                Splice(bytes, at, known.Choose(dice));
                break;
            default:
                if (_words.Length > 0)
                    bytes.InsertRange(at, _words[dice.Next(_words.Length)]);
                break;
        }
    }

    // Anywhere, but seldom in the head; and where there are runs of zeros, as in files that reserve room, mostly behind them.
    int Place(List<byte> bytes)
    {
        var at = dice.Next(bytes.Count > decoder.HeadBytes && dice.Next(HeadOneIn) > 0 ? decoder.HeadBytes : 0, bytes.Count + 1);
        if (at == bytes.Count || bytes[at] != 0 || dice.Next(ZerosOneIn) == 0)
            return at;
        var behind = CollectionsMarshal.AsSpan(bytes)[at..].IndexOfAnyExcept((byte)0);
        return behind < 0 ? at : at + behind;
    }

    static void Overwrite(List<byte> bytes, int at, ReadOnlySpan<byte> with)
    {
        for (var i = 0; i < with.Length && at + i < bytes.Count; i++)
            bytes[at + i] = with[i];
    }

    byte[] Edge()
    {
        var bytes = new byte[8];
        var edge = Edges[dice.Next(Edges.Length)];
        if (dice.Next(2) == 0)
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, edge);
        else
            BinaryPrimitives.WriteUInt64BigEndian(bytes, edge);
        var width = 1 << dice.Next(4);
        return BitConverter.IsLittleEndian && bytes[7] == 0 ? bytes[..width] : bytes[^width..];
    }

    // In whichever way numbers are written: as a varint, or in digits.
    byte[] Number(ulong value)
    {
        if (_words.Length > 0 && dice.Next(2) == 0)
            return Encoding.ASCII.GetBytes(dice.Next(2) == 0 ? value.ToString() : ((long)value).ToString());
        var bytes = new byte[Varint.BytesMax];
        return bytes[..Varint.Write(bytes, value)];
    }

    // A length or count that lies here says something else, and what follows stays where it is.
    void GrowNumber(List<byte> bytes, int at)
    {
        var rest = bytes.GetRange(at, Math.Min(Varint.BytesMax, bytes.Count - at)).ToArray().AsSpan();
        ReadOnlySpan<byte> from = rest;
        if (!Varint.TryRead(ref from, out var value))
            return;
        var length = rest.Length - from.Length;
        bytes.RemoveRange(at, length);
        bytes.InsertRange(at, Number(dice.Next(3) switch { 0 => value + (ulong)dice.Next(1, 9), 1 => value - (ulong)dice.Next(1, 9), _ => value << dice.Next(1, 40) }));
    }

    void Splice(List<byte> bytes, int at, byte[] other)
    {
        var from = dice.Next(other.Length + 1);
        if (dice.Next(2) == 0)
        {
            bytes.RemoveRange(at, bytes.Count - at);
            bytes.AddRange(other.AsSpan(from));
        }
        else
        {
            bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 1 + dice.Next(4 * PieceMax))).ToArray());
        }
    }
}
