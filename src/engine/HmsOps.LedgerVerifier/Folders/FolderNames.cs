using System.Globalization;

namespace HmsOps.LedgerVerifier.Folders;

/// <summary>Which file of a ledger's folder is what.</summary>
internal static class FolderNames
{
    public const string Origin = "origin";
    public const string Log = "log";

    private const string SegmentSuffix = ".open";
    private const int Digits = 20;

    public static bool IsSegment(string name) =>
        name.StartsWith(Log + "/", StringComparison.Ordinal)
        && name.EndsWith(SegmentSuffix, StringComparison.Ordinal)
        && name.Length == Log.Length + 1 + Digits + SegmentSuffix.Length
        && !name.AsSpan(Log.Length + 1, Digits).ContainsAnyExceptInRange('0', '9');

    /// <summary>The first sequence of a segment, from its name; null when twenty digits are too many.</summary>
    public static long? FirstSequence(string segment) =>
        long.TryParse(segment.AsSpan(Log.Length + 1, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var first) ? first : null;

    /// <summary>What a later version writes and this one cannot check: to pass over it would be to vouch for it.</summary>
    public static string? Unsupported(string name) => name switch
    {
        "checkpoint" or "keys.vkeys" => $"{name}: signatures are not in this version, so it cannot be checked here",
        _ when name.EndsWith(".hms", StringComparison.Ordinal) || name.EndsWith(".sig", StringComparison.Ordinal) =>
            $"{name}: sealed segments are not in this version, so it cannot be checked here",
        _ => null,
    };

    /// <summary>What recovery set aside: the bytes of a tail that was never acknowledged.</summary>
    public static bool IsSetAside(string name) => name.StartsWith(Log + "/torn-", StringComparison.Ordinal);
}
