using HmsOps.Ledger.Tree;
using HmsOps.LedgerVerifier;

namespace HmsOps.Ledger.Tests.Tree;

/// <summary>The eight-entry tree that Certificate Transparency's implementations check themselves against: roots and proofs are known facts.</summary>
public sealed class KnownVectorsTests
{
    private static readonly string[] Entries =
    [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ];

    private const string A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    private const string B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    private const string C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    private const string D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    private const string E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    private const string F = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
    private const string G = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
    private const string H = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    private const string I = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, H)]
    [InlineData(2, G)]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(4, F)]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void Roots_are_the_known_ones(int size, string root)
    {
        var range = new CompactRange();
        foreach (var leaf in Leaves().Take(size))
            range.Append(leaf);
        Assert.Equal(root, range.Root().ToString());
        Assert.Equal(root, Trees.Of(Leaves()).Root(0, size).ToString());
    }

    [Theory]
    [InlineData(0, 1, "")]
    [InlineData(0, 8, $"{A} {B} {C}")]
    [InlineData(5, 8, $"{D} {E} {F}")]
    [InlineData(2, 3, G)]
    [InlineData(1, 5, $"{H} {B} {D}")]
    public void Inclusion_proofs_are_the_known_ones(int index, int size, string path)
    {
        var levels = Trees.Of(Leaves());
        var proof = Trees.Bytes(ProofBuilder.Inclusion(levels, index, size));
        Assert.Equal(path, Trees.Hex(proof));
        Assert.True(Verifier.VerifyInclusion(
            index, size, Verifier.LeafHash(Convert.FromHexString(Entries[index])), levels.Root(0, size).ToArray(), proof));
    }

    [Theory]
    [InlineData(1, 1, "")]
    [InlineData(1, 8, $"{A} {B} {C}")]
    [InlineData(6, 8, $"{I} {E} {F}")]
    [InlineData(2, 5, $"{B} {D}")]
    public void Consistency_proofs_are_the_known_ones(int from, int to, string path)
    {
        var levels = Trees.Of(Leaves());
        var proof = Trees.Bytes(ProofBuilder.Consistency(levels, from, to));
        Assert.Equal(path, Trees.Hex(proof));
        Assert.True(Verifier.VerifyConsistency(from, to, levels.Root(0, from).ToArray(), levels.Root(0, to).ToArray(), proof));
    }

    private static IEnumerable<TreeHash> Leaves() => Entries.Select(entry => TreeHashing.Leaf(Convert.FromHexString(entry)));
}
