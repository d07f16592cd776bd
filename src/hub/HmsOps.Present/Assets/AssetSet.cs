using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace HmsOps.Present.Assets;

/// <summary>
/// The files of <c>wwwroot</c>, embedded in this assembly, packed once, and served under one folder named by the hash of them all: relative imports
/// between scripts stay inside one version, and a browser keeps them for a year. Immutable.
/// </summary>
public sealed class AssetSet
{
    private const string Prefix = "wwwroot/";

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    private readonly FrozenDictionary<string, Asset> _assets;

    private AssetSet(FrozenDictionary<string, Asset> assets, string version)
    {
        _assets = assets;
        Version = version;
    }

    /// <summary>The files this program was built with.</summary>
    public static AssetSet Embedded { get; } = Load(typeof(AssetSet).Assembly);

    /// <summary>Twelve hex digits of SHA-256 over names and contents.</summary>
    public string Version { get; }

    public IEnumerable<string> Names => _assets.Keys.Order(StringComparer.Ordinal);

    /// <summary>Where a page finds a file.</summary>
    public string PathOf(string name) => _assets.ContainsKey(name)
        ? $"/hms/{Version}/{name}"
        : throw new ArgumentException($"There is no file '{name}' in wwwroot.", nameof(name));

    /// <summary>One file; null when there is none of that name.</summary>
    public Asset? Find(string name) => _assets.GetValueOrDefault(name);

    private static AssetSet Load(Assembly assembly)
    {
        var assets = new Dictionary<string, Asset>(StringComparer.Ordinal);
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var name = resource[Prefix.Length..];
            using var stream = assembly.GetManifestResourceStream(resource)
                ?? throw new InvalidOperationException($"The assembly names the resource {resource} and does not hold it.");
            var plain = new byte[stream.Length];
            stream.ReadExactly(plain);
            all.AppendData(Encoding.UTF8.GetBytes(name));
            all.AppendData(plain);
            var type = Types.GetValueOrDefault(Path.GetExtension(name)) ?? throw new InvalidOperationException($"wwwroot/{name} has a type that is not served.");
            assets.Add(name, new Asset(type, plain, Pack(plain)));
        }
        return new AssetSet(assets.ToFrozenDictionary(StringComparer.Ordinal), Convert.ToHexStringLower(all.GetHashAndReset())[..12]);
    }

    private static byte[] Pack(byte[] plain)
    {
        using var into = new MemoryStream();
        using (var brotli = new BrotliStream(into, CompressionLevel.SmallestSize))
            brotli.Write(plain);
        return into.ToArray();
    }
}

/// <summary>One file, as it is and packed with Brotli.</summary>
public sealed record Asset(string ContentType, ReadOnlyMemory<byte> Plain, ReadOnlyMemory<byte> Packed);
