namespace HmsOps.Ledger;

/// <summary>Bytes of the log do not verify. Nothing was changed on the disk.</summary>
public sealed class LedgerCorruptException(string file, long offset, long sequence, string what, Exception? cause)
    : Exception($"{file}: at byte {offset}, entry {sequence}: {what}. Nothing was changed; 'hms-ops ledger verify' examines the whole folder.", cause)
{
    /// <summary>The file.</summary>
    public string File { get; } = file;

    /// <summary>Where in it the bytes that do not verify begin.</summary>
    public long Offset { get; } = offset;

    /// <summary>The first entry that is concerned.</summary>
    public long Sequence { get; } = sequence;
}
