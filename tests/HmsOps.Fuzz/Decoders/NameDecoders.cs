using System.Buffers.Binary;
using HmsOps.Fuzz.Harness;
using HmsOps.Net.Names;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>Answers of name servers. An input is a byte for what was asked, and the answer.</summary>
static class NameDecoders
{
    static readonly DnsType[] Types = [DnsType.A, DnsType.Aaaa, DnsType.Srv];

    public static IReadOnlyList<Decoder> All => [new("dns", Read) { Seeds = Seeds, Seal = Ask, InputBytesMax = 1024, AllocationBase = 512 << 10, AllocationPerByte = 2000, Share = 300 }];

    static Reading Read(ReadOnlyMemory<byte> input)
    {
        if (input.IsEmpty)
            return Reading.Refused("empty");
        var type = Types[input.Span[0] % 3];
        var answer = input.Span[1..];
        var question = Question(type);
        if (!DnsMessage.Answers(answer, question))
            return Reading.Refused("not the answer to this question");
        if (DnsMessage.IsCut(answer))
            return Reading.Refused("cut");
        var records = new List<DnsRecord>();
        if (!DnsMessage.TryRead(answer, question.Length, type, records))
            return Reading.Refused($"no answer, code {DnsMessage.CodeOf(answer)}");
        var digest = new Digest();
        foreach (var record in records)
        {
            Unless((record.Address is null) == (type == DnsType.Srv), "a record of another kind");
            Unless(record.Host.Length <= 255, $"a name of {record.Host.Length} characters");
            digest.Add(record.Address?.ToString() ?? record.Host);
            digest.Add((ulong)record.Port);
        }
        return Reading.Accepted($"{records.Count} records", digest);
    }

    static byte[] Question(DnsType type)
    {
        var bytes = new byte[DnsMessage.QuestionMax];
        DnsMessage.TryWrite(bytes, 0x1234, "_metrics._tcp.permit.opm.gov", type, out var length);
        return bytes[..length];
    }

    // What an answer has to repeat.
    static void Ask(byte[] input)
    {
        if (input.Length == 0)
            return;
        var question = Question(Types[input[0] % 3]);
        if (input.Length < 1 + question.Length)
            return;
        var answer = input.AsSpan(1);
        question.AsSpan(0, 2).CopyTo(answer);
        answer[2] |= 0x80;
        answer[2] &= 0xfd;
        BinaryPrimitives.WriteUInt16BigEndian(answer[4..], 1);
        question.AsSpan(12).CopyTo(answer[12..]);
    }

    static IEnumerable<(string, byte[])> Seeds()
    {
        foreach (var (name, at, data) in new (string, int, byte[][])[]
        {
            ("a", 0, [[10, 0, 0, 1], [10, 0, 0, 2]]),
            ("aaaa", 1, [[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]]),
            ("srv", 2, [[0, 1, 0, 1, 0x23, 0x8c, 1, (byte)'a', 0xc0, 12], [0, 1, 0, 1, 0, 80, 3, (byte)'x', (byte)'y', (byte)'z', 0]]),
            ("none", 0, []),
        })
        {
            byte[] answer = [(byte)at, .. Question(Types[at])];
            answer[3] = 0x81;
            answer[8] = (byte)data.Length;
            foreach (var record in data)
                answer = [.. answer, 0xc0, 12, 0, (byte)Types[at], 0, 1, 0, 0, 0, 60, 0, (byte)record.Length, .. record];
            yield return (name, answer);
        }
    }
}
