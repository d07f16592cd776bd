using HmsOps.App.Settings;
using HmsOps.Workspace.Folder;
using HmsOps.Workspace.Scraping;

namespace HmsOps.App.Running;

/// <summary>The values of credentials that targets are shown: secrets by name, files of the workspace and of nowhere else.</summary>
internal sealed class TargetCredentials(SecretReader secrets, string workspace)
{
    private const int BytesMax = 64 << 10;

    /// <summary>The value; null when there is none.</summary>
    public async Task<string?> ReadAsync(Credential credential, CancellationToken cancellationToken) => credential switch
    {
        Credential.Secret secret => await secrets.ReadAsync(secret.Name, cancellationToken) is SecretOutcome.Found found ? found.Secret.Reveal() : null,
        Credential.File file => OfFile(file.Path),
        Credential.Literal literal => literal.Reveal(),
        _ => null,
    };

    private string? OfFile(string path)
    {
        try
        {
            var real = RealPath.Of(Path.Combine(workspace, path));
            return real.StartsWith(RealPath.Of(workspace) + "/", StringComparison.Ordinal) && new FileInfo(real).Length <= BytesMax ? File.ReadAllText(real) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // the target's page says that the file cannot be read
        }
    }
}
