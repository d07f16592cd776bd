using System.Security.Cryptography;

namespace HmsOps.Fuzz.Harness;

/// <summary>The inputs kept in the repository: a folder a decoder, a file an input. What once failed stays, and is run before anything else.</summary>
sealed class Corpus(string folder)
{
    /// <summary>The corpus of this checkout.</summary>
    public static Corpus OfCheckout() => new(Path.Combine(Checkout(), "tests", "HmsOps.Fuzz", "corpus"));

    /// <summary>The folder that holds the solution.</summary>
    public static string Checkout()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "HmsOps.slnx")))
                return at;
        }
        throw new DirectoryNotFoundException($"{AppContext.BaseDirectory} does not lie in a checkout: no folder above it holds HmsOps.slnx.");
    }

    /// <summary>The inputs of a decoder, by the names of their files.</summary>
    public IReadOnlyList<(string Path, byte[] Bytes)> Of(Decoder decoder)
    {
        var of = Path.Combine(folder, decoder.Name);
        return Directory.Exists(of) ? [.. Directory.GetFiles(of).Order(StringComparer.Ordinal).Select(path => (path, File.ReadAllBytes(path)))] : [];
    }

    /// <summary>Writes what the encoders make. Answers how many files.</summary>
    public int WriteSeeds(Decoder decoder)
    {
        var written = 0;
        foreach (var (name, bytes) in decoder.Seeds())
        {
            Write(decoder, $"seed-{name}", bytes);
            written++;
        }
        return written;
    }

    /// <summary>Keeps an input that failed; answers its path.</summary>
    public string Keep(Decoder decoder, byte[] input) => Write(decoder, $"found-{Convert.ToHexStringLower(SHA256.HashData(input))[..10]}", input);

    string Write(Decoder decoder, string name, byte[] bytes)
    {
        var of = Directory.CreateDirectory(Path.Combine(folder, decoder.Name)).FullName;
        var path = Path.Combine(of, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
