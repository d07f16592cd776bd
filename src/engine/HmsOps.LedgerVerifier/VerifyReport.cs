namespace HmsOps.LedgerVerifier;

/// <summary>What the verification of a folder came to.</summary>
public sealed record VerifyReport
{
    /// <summary>Everything that is there verifies.</summary>
    public const string Good = "GOOD";

    /// <summary>Something does not; <see cref="Damage"/> says what and where.</summary>
    public const string Damaged = "DAMAGED";

    /// <summary>The folder holds something this version cannot check, named in <see cref="Notes"/>; so it vouches for nothing.</summary>
    public const string Unsupported = "UNSUPPORTED";

    /// <summary><see cref="Good"/>, <see cref="Damaged"/> or <see cref="Unsupported"/>.</summary>
    public required string Word { get; init; }

    /// <summary>The log's name, as its <c>origin</c> file says.</summary>
    public required string Origin { get; init; }

    /// <summary>Entries that verify, counted from the first one up to the end or to the damage.</summary>
    public required long Entries { get; init; }

    /// <summary>Root of the tree of those entries, 64 hexadecimal digits.</summary>
    public required string Root { get; init; }

    /// <summary>The first thing that does not verify; null when <see cref="Word"/> is not <see cref="Damaged"/>.</summary>
    public Damage? Damage { get; init; }

    /// <summary>What a reader should know besides, one sentence each: what this version does not check, a tail that was never acknowledged.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Time the verification took.</summary>
    public TimeSpan Took { get; init; }
}

/// <summary>The first place where a ledger does not verify.</summary>
/// <param name="File">The file, relative to the ledger's folder.</param>
/// <param name="Offset">Where in it the header, batch or page begins that does not verify.</param>
/// <param name="Sequence">The first entry that is concerned.</param>
/// <param name="What">What is wrong, in a sentence.</param>
/// <param name="Expected">The hash or value that was expected, where one was.</param>
/// <param name="Found">The hash or value that was found, where one was.</param>
public sealed record Damage(string File, long Offset, long Sequence, string What, string? Expected = null, string? Found = null);
