using System.CommandLine;

namespace HmsOps.App.Verbs;

/// <summary>How the asking verbs reach a running hub: <c>--hub URL</c>, else <c>OPS_URL</c>, else the default address.</summary>
internal static class HubClient
{
    private const string DefaultUrl = "http://127.0.0.1:9900";

    /// <summary>The option every asking verb has.</summary>
    public static Option<string?> HubOption() => new("--hub")
    {
        Description = $"Address of the hub (environment OPS_URL, else {DefaultUrl})",
        HelpName = "URL",
    };

    /// <summary>Asks, and says in one line how a hub that cannot be reached is reached.</summary>
    public static async Task<int> AskAsync(string? hub, string path, Func<Uri, HttpResponseMessage, Task<int>> answer, CancellationToken cancellationToken)
    {
        var address = hub ?? Environment.GetEnvironmentVariable("OPS_URL") ?? DefaultUrl;
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var root) || root.Scheme is not ("http" or "https"))
        {
            await Console.Error.WriteLineAsync($"hms-ops: '{address}' is no address of a hub; write it like {DefaultUrl}");
            return ExitCode.Usage;
        }
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = root, Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            return await answer(root, response);
        }
        catch (Exception e) when (e is HttpRequestException || e is TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"hms-ops: no hub answers at {root} ({e.Message}). Start one with: hms-ops serve; or name another with --hub URL");
            return ExitCode.Unreachable;
        }
    }
}
