using System.Buffers;
using System.Text;

namespace HmsOps.Ledger.Child;

/// <summary>An entry of text.</summary>
internal sealed class Line(string text) : IEntryDraft
{
    public void Encode(long sequence, DateTimeOffset time, IBufferWriter<byte> into) => into.Write(Encoding.UTF8.GetBytes(text));
}
