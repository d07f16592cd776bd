using System.Security.Cryptography;
using System.Text;
using HmsOps.Disk;

namespace HmsOps.Ledger;

/// <summary>
/// The log's name, one line, written once when the log is made and never again. The header of each segment carries the first 16 bytes of its
/// SHA-256, so segments of two logs cannot be mixed.
/// </summary>
internal static class OriginFile
{
    public const int HashBytes = 16;

    private const int BytesMax = 256;

    public static string Path(string folder) => folder + "/origin";

    public static byte[] Hash(string origin) => SHA256.HashData(Encoding.UTF8.GetBytes(origin))[..HashBytes];

    /// <summary>The name in the file; null when there is no file.</summary>
    /// <exception cref="LedgerCorruptException">The file is not one line that may be a name.</exception>
    public static string? Read(IDisk disk, string folder)
    {
        if (!disk.Exists(Path(folder)))
            return null;
        var text = Encoding.UTF8.GetString(AtomicFile.Read(disk, Path(folder)));
        if (!text.EndsWith('\n') || !IsName(text[..^1]))
            throw new LedgerCorruptException(Path(folder), 0, 0, "this is not one line with the log's name", cause: null);
        return text[..^1];
    }

    /// <summary>Makes the file, durable before the first segment is.</summary>
    public static void Write(IDisk disk, string folder, string origin)
    {
        if (!IsName(origin))
            throw new ArgumentException($"A ledger's origin is a name such as ops.example.gov/ledger: no spaces, no plus sign, at most {BytesMax - 1} bytes. This is '{origin}'.", nameof(origin));
        AtomicFile.Replace(disk, Path(folder), Encoding.UTF8.GetBytes(origin + "\n"));
    }

    // What a checkpoint's first line may be, so that a log made today can be signed later: no space, no plus sign, nothing unseen.
    private static bool IsName(string origin) =>
        origin.Length > 0
        && Encoding.UTF8.GetByteCount(origin) < BytesMax
        && origin.All(c => !char.IsWhiteSpace(c) && !char.IsControl(c) && c is not '+' and not '\uFFFD');
}
