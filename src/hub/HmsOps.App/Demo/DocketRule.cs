namespace HmsOps.App.Demo;

/// <summary>The docket rule that is live: one word in a file, which stands for the system that rules are published to. The rollback script writes it too.</summary>
internal sealed class DocketRule(string path)
{
    public const string Good = "v40";
    public const string Bad = "v41";

    /// <summary>The version that is live now.</summary>
    public async Task<string> ReadAsync(CancellationToken cancellationToken) => (await File.ReadAllTextAsync(path, cancellationToken)).Trim();

    /// <summary>Puts a version live: written beside and renamed, so that nobody reads half a word.</summary>
    public void Put(string version)
    {
        var beside = $"{path}.next";
        File.WriteAllText(beside, $"{version}\n");
        File.Move(beside, path, overwrite: true);
    }
}
