namespace HmsOps.Labs.Tests.Clients;

/// <summary>Snappy's block format, as remote read packs its questions and answers (google/snappy, format_description.txt).</summary>
internal static class SnappyBlock
{
    private const int LiteralMax = 60; // the longest whose length stands in its tag

    /// <summary>Literals only: a block that is larger than what it holds, and right.</summary>
    public static byte[] Pack(ReadOnlySpan<byte> plain)
    {
        var block = new List<byte>();
        MessageWriter.Varint(block, (ulong)plain.Length);
        for (var at = 0; at < plain.Length; at += LiteralMax)
        {
            var piece = plain[at..Math.Min(at + LiteralMax, plain.Length)];
            block.Add((byte)((piece.Length - 1) << 2));
            block.AddRange(piece);
        }
        return [.. block];
    }

    public static byte[] Unpack(ReadOnlyMemory<byte> block)
    {
        var fields = new MessageReader(block);
        var plain = new byte[checked((int)fields.Varint())];
        var from = block[fields.At..].Span;
        var written = 0;
        while (!from.IsEmpty)
        {
            var tag = from[0];
            from = from[1..];
            if ((tag & 3) == 0)
            {
                var length = Number(ref from, (tag >> 2) < LiteralMax ? 0 : (tag >> 2) - LiteralMax + 1, tag >> 2) + 1;
                from[..length].CopyTo(plain.AsSpan(written));
                from = from[length..];
                written += length;
                continue;
            }
            var (bytes, copied) = (tag & 3) == 1 ? (1, ((tag >> 2) & 7) + 4) : ((tag & 3) == 2 ? 2 : 4, (tag >> 2) + 1);
            var back = Number(ref from, bytes, 0) | ((tag & 3) == 1 ? (tag >> 5) << 8 : 0);
            for (var i = 0; i < copied; i++, written++) // byte by byte: a copy may reach into itself
                plain[written] = plain[written - back];
        }
        return written == plain.Length ? plain : throw new InvalidDataException($"a snappy block of {plain.Length} bytes ended after {written}");
    }

    // Little endian; what the tag itself says when no byte follows.
    private static int Number(ref ReadOnlySpan<byte> from, int bytes, int inTag)
    {
        if (bytes == 0)
            return inTag;
        var number = 0;
        for (var i = 0; i < bytes; i++)
            number |= from[i] << (8 * i);
        from = from[bytes..];
        return number;
    }
}
