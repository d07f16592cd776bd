using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace HmsOps.Net.Names;

/// <summary>The kinds of records that are asked for. Numbers as on the wire.</summary>
public enum DnsType
{
    /// <summary>An IPv4 address.</summary>
    A = 1,

    /// <summary>An IPv6 address.</summary>
    Aaaa = 28,

    /// <summary>A host and port (RFC 2782).</summary>
    Srv = 33,
}

/// <summary>One record of an answer: an address, or a host and port.</summary>
/// <param name="Address">The address; null of a host.</param>
/// <param name="Host">The host, without the dot at its end; empty of an address.</param>
/// <param name="Port">The host's port; 0 of an address.</param>
public readonly record struct DnsRecord(IPAddress? Address, string Host, int Port);

/// <summary>Questions and answers of RFC 1035 as bytes. Reading is bounded whatever the bytes are: names point backwards only, at most a few times.</summary>
internal static class DnsMessage
{
    public const int QuestionMax = 12 + 256 + 4;

    private const int HeaderBytes = 12;
    private const int RecordsMax = 1_000;
    private const int PointersMax = 16;
    private const ushort Truncated = 0x0200;
    private const ushort Response = 0x8000;

    /// <summary>Writes a question; answers its bytes. False when the name cannot be one.</summary>
    public static bool TryWrite(Span<byte> into, ushort id, string name, DnsType type, out int length)
    {
        length = 0;
        into[..HeaderBytes].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(into, id);
        into[2] = 1; // recursion desired
        into[5] = 1; // one question
        var at = HeaderBytes;
        foreach (var label in name.TrimEnd('.').Split('.'))
        {
            if (label.Length is 0 or > 63 || !Ascii.IsValid(label) || at + label.Length + 2 > HeaderBytes + 255)
                return false;
            into[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, into[at..]);
        }
        into[at++] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(into[at..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(into[(at + 2)..], 1); // IN
        length = at + 4;
        return true;
    }

    /// <summary>True when bytes answer a question that was written: same number, same question.</summary>
    public static bool Answers(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> question) =>
        answer.Length >= question.Length && answer[..2].SequenceEqual(question[..2]) && (BinaryPrimitives.ReadUInt16BigEndian(answer[2..]) & Response) != 0
        && BinaryPrimitives.ReadUInt16BigEndian(answer[4..]) == 1 && Ascii.EqualsIgnoreCase(answer[HeaderBytes..question.Length], question[HeaderBytes..]);

    /// <summary>True when the answer did not fit.</summary>
    public static bool IsCut(ReadOnlySpan<byte> answer) => (BinaryPrimitives.ReadUInt16BigEndian(answer[2..]) & Truncated) != 0;

    /// <summary>The server's verdict: 0 well, 3 no such name.</summary>
    public static int CodeOf(ReadOnlySpan<byte> answer) => answer[3] & 0x0f;

    /// <summary>Reads the records of one type; false when the bytes are not an answer.</summary>
    public static bool TryRead(ReadOnlySpan<byte> answer, int questionLength, DnsType type, List<DnsRecord> records)
    {
        var count = BinaryPrimitives.ReadUInt16BigEndian(answer[6..]);
        var at = questionLength;
        if (count > RecordsMax)
            return false;
        for (var i = 0; i < count; i++)
        {
            if (!TryReadName(answer, ref at, out _) || at + 10 > answer.Length)
                return false;
            var kind = BinaryPrimitives.ReadUInt16BigEndian(answer[at..]);
            var size = BinaryPrimitives.ReadUInt16BigEndian(answer[(at + 8)..]);
            at += 10;
            if (at + size > answer.Length)
                return false;
            var rest = at;
            at += size;
            if (kind != (int)type)
                continue;
            switch (type)
            {
                case DnsType.Srv:
                    rest += 6;
                    if (size < 7 || !TryReadName(answer, ref rest, out var host))
                        return false;
                    records.Add(new DnsRecord(null, host, BinaryPrimitives.ReadUInt16BigEndian(answer[(at - size + 4)..])));
                    break;
                case DnsType.A when size == 4:
                case DnsType.Aaaa when size == 16:
                    records.Add(new DnsRecord(new IPAddress(answer.Slice(rest, size)), "", 0));
                    break;
                default:
                    return false;
            }
        }
        return true;
    }

    private static bool TryReadName(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        var text = new StringBuilder();
        var pointers = 0;
        var from = at;
        name = "";
        while (from < message.Length)
        {
            var length = message[from];
            if (length == 0)
            {
                if (pointers == 0)
                    at = from + 1;
                name = text.ToString();
                return true;
            }
            if (length >= 0xc0)
            {
                if (from + 1 >= message.Length || ++pointers > PointersMax)
                    return false;
                var to = ((length & 0x3f) << 8) | message[from + 1];
                if (pointers == 1)
                    at = from + 2;
                if (to >= from)
                    return false;
                from = to;
                continue;
            }
            if (length > 63 || from + 1 + length > message.Length || text.Length + length > 255)
                return false;
            if (text.Length > 0)
                text.Append('.');
            text.Append(Encoding.ASCII.GetString(message.Slice(from + 1, length)));
            from += 1 + length;
        }
        return false;
    }
}
