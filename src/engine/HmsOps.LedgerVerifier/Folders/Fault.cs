namespace HmsOps.LedgerVerifier.Folders;

/// <summary>What does not check about a header page or a frame, and how deep the check had come.</summary>
internal sealed record Fault(Depth Depth, string What, string? Expected = null, string? Found = null)
{
    public static Fault Head(string what) => new(Depth.Head, what);

    public static Fault Content(string what, string? expected = null, string? found = null) => new(Depth.Content, what, expected, found);

    public Damage At(string file, long offset, long sequence, string? because = null) =>
        new(file, offset, sequence, because is null ? What : $"{What}, {because}", Expected, Found);
}

/// <summary>How deep a check had come when it failed: what a crash can leave behind differs.</summary>
internal enum Depth
{
    /// <summary>The head's checksum does not hold, so nothing it says is believed.</summary>
    Head,

    /// <summary>The head holds; the entries' checksum does not.</summary>
    Payload,

    /// <summary>All checksums hold; what they protect is not what should stand there. No crash does that.</summary>
    Content,

    /// <summary>It is of a kind this version does not know.</summary>
    Unknown,
}
