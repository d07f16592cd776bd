using System.Buffers;
using System.Text;

namespace HmsOps.Ledger.Tests;

/// <summary>A draft of text, which remembers what it was told.</summary>
internal sealed class Text(string text) : IEntryDraft
{
    public string Content => text;

    public long? Sequence { get; private set; }

    public DateTimeOffset? Time { get; private set; }

    public void Encode(long sequence, DateTimeOffset time, IBufferWriter<byte> into)
    {
        Assert.Null(Sequence); // a draft is encoded once
        Sequence = sequence;
        Time = time;
        into.Write(Encoding.UTF8.GetBytes(text));
    }

    public static string Of(LedgerEntry entry) => Encoding.UTF8.GetString(entry.Bytes.Span);
}

/// <summary>A draft of bytes as they are, or of nothing but its failure.</summary>
internal sealed class Raw(byte[]? bytes) : IEntryDraft
{
    public void Encode(long sequence, DateTimeOffset time, IBufferWriter<byte> into) =>
        into.Write(bytes ?? throw new InvalidOperationException("this draft cannot be written"));
}
