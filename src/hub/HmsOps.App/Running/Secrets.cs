namespace HmsOps.App.Running;

/// <summary>
/// What the names in <c>${secret:name}</c> stand for: a file in the data folder's <c>secrets/</c>, else the environment's <c>HMS_SECRET_NAME</c>. Read at each use, so a
/// changed one counts at once.
/// </summary>
internal sealed class Secrets(string dataFolder)
{
    /// <summary>The value; null when nothing defines it.</summary>
    public string? Read(string name)
    {
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') || name.StartsWith('.'))
            return null;
        var file = Path.Combine(dataFolder, "secrets", name);
        if (File.Exists(file))
            return File.ReadAllText(file).TrimEnd('\r', '\n');
        return Environment.GetEnvironmentVariable($"HMS_SECRET_{name.ToUpperInvariant().Replace('-', '_').Replace('.', '_')}");
    }
}
