using System.Text.Json;
using HmsOps.LedgerVerifier;

namespace HmsOps.Ledger.Tests.Tree;

/// <summary>
/// Proofs that others published, most of them bad in one way each: the test data of github.com/transparency-dev/merkle (Apache License 2.0, commit 417fb0c), a line a file.
/// </summary>
public sealed class PublishedVectorsTests
{
    [Fact]
    public void Inclusion_is_judged_as_published() => Judge("inclusion", 98, (proof, path) => Verifier.VerifyInclusion(
        Number(proof, "leafIdx"), Number(proof, "treeSize"), Hash(proof, "leafHash"), Hash(proof, "root"), path));

    [Fact]
    public void Consistency_is_judged_as_published() => Judge("consistency", 98, (proof, path) => Verifier.VerifyConsistency(
        Number(proof, "size1"), Number(proof, "size2"), Hash(proof, "root1"), Hash(proof, "root2"), path));

    private static void Judge(string kind, int count, Func<JsonElement, byte[][], bool> verify)
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Tree", "Vectors", $"{kind}.jsonl"));
        Assert.Equal(count, lines.Length);
        foreach (var line in lines)
        {
            using var json = JsonDocument.Parse(line);
            var proof = json.RootElement;
            byte[][] path = proof.GetProperty("proof") is { ValueKind: JsonValueKind.Array } hashes ? [.. hashes.EnumerateArray().Select(hash => hash.GetBytesFromBase64())] : [];
            Assert.True(verify(proof, path) == (!proof.GetProperty("wantErr").GetBoolean() && HasHashes(proof)), line);
        }
    }

    // Where nothing has to be hashed, theirs take any bytes for a root; ours only a hash.
    private static bool HasHashes(JsonElement proof) => proof.EnumerateObject().Where(each => each.Name.StartsWith("root", StringComparison.Ordinal)).All(root => Hash(proof, root.Name).Length == 32);

    // Theirs are unsigned: what is beyond our longest is negative here, and no place in any tree.
    private static long Number(JsonElement proof, string name) => unchecked((long)proof.GetProperty(name).GetUInt64());

    private static byte[] Hash(JsonElement proof, string name) => proof.GetProperty(name) is { ValueKind: JsonValueKind.String } hash ? hash.GetBytesFromBase64() : [];
}
