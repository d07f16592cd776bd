using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace HmsOps.Ledger.Tests.Verifying;

/// <summary>
/// The verifier of <c>examples/verify_ledger</c>, which is Python and knows nothing of ours, over a log that others made: the test data of
/// github.com/transparency-dev/tessera (Apache License 2.0, commit 1811ae1a), fifteen entries and the checkpoint after each.
/// </summary>
public sealed class PublishedLogTests : IDisposable
{
    private const string Key = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
    private const string OtherKey = "example.com/log/testdata+8c7a597b+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"; // the key of RFC 8032's first test

    private readonly string _folder = Directory.CreateTempSubdirectory("hms-published-").FullName;

    public PublishedLogTests()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Verifying", "published-log.json")));
        foreach (var file in json.RootElement.EnumerateObject())
        {
            var path = Path.Combine(_folder, file.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? _folder);
            File.WriteAllBytes(path, Convert.FromHexString(file.Value.GetString() ?? ""));
        }
    }

    [Fact]
    public async Task It_is_good_and_begins_with_each_of_its_earlier_checkpoints()
    {
        Assert.StartsWith("0 GOOD example.com/log/testdata: 15 entries, root aca6c38a", await VerifyAsync(Key), StringComparison.Ordinal);
        for (var size = 0; size <= 15; size += 5)
            Assert.Contains($"they begin with the {size} of", await VerifyAsync(Key, "--since", Path.Combine(_folder, $"checkpoint.{size}")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tile/entries/000.p/15", 20, "1 DAMAGED tile/0/000.p/15: entry 3 hashes to")]
    [InlineData("tile/entries/000.p/15", 1, "1 DAMAGED tile/entries/000.p/15: entry 1 at byte")]
    [InlineData("tile/0/000.p/15", 200, "1 DAMAGED tile/0/000.p/15: entry 6 hashes to")]
    [InlineData("checkpoint", 26, "1 UNSIGNED the checkpoint: the signature of example.com/log/testdata is not")]
    [InlineData("checkpoint", 130, "1 UNSIGNED the checkpoint: the signature of example.com/log/testdata is not")]
    public async Task One_changed_byte_is_found_and_located(string file, int at, string said)
    {
        var path = Path.Combine(_folder, file);
        var bytes = File.ReadAllBytes(path);
        bytes[at] = bytes[at] == (byte)'5' ? (byte)'6' : (byte)'5';
        File.WriteAllBytes(path, bytes);
        Assert.StartsWith(said, await VerifyAsync(Key), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_key_has_not_signed_it() =>
        Assert.StartsWith("1 UNSIGNED the checkpoint is signed by none of the 1 keys", await VerifyAsync(OtherKey), StringComparison.Ordinal);

    [Fact]
    public async Task What_was_taken_away_again_is_a_fork()
    {
        File.Copy(Path.Combine(_folder, "checkpoint.9"), Path.Combine(_folder, "checkpoint"), overwrite: true);
        Assert.StartsWith("1 FORK the earlier checkpoint is of 12 entries, this ledger has 9", await VerifyAsync(Key, "--since", Path.Combine(_folder, "checkpoint.12")), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> VerifyAsync(string key, params string[] more)
    {
        using var python = Process.Start(new ProcessStartInfo("python3", [Script(), _folder, "--key", key, .. more]) { RedirectStandardOutput = true, UseShellExecute = false })
            ?? throw new InvalidOperationException("python3 did not start");
        var said = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        return $"{python.ExitCode} {said}";
    }

    private static string Script([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here) ?? "", "..", "..", "..", "examples", "verify_ledger", "verify_ledger.py"));
}
