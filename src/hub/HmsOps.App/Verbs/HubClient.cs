using System.CommandLine;
using System.Text.Json;

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
    public static Task<int> AskAsync(string? hub, string path, Func<Uri, HttpResponseMessage, Task<int>> answer, CancellationToken cancellationToken) =>
        CallAsync(hub, TimeSpan.FromSeconds(10), async (root, client) =>
        {
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            return await answer(root, response);
        }, cancellationToken);

    /// <summary>Orders something that takes the time it takes, and hands on the answer's body; what the hub refuses is said.</summary>
    public static Task<int> PostAsync(
        string? hub, string path, IEnumerable<(string Name, string Value)> parameters, Func<string, int> answer, CancellationToken cancellationToken) =>
        CallAsync(hub, Timeout.InfiniteTimeSpan, async (_, client) =>
        {
            using var form = new FormUrlEncodedContent(parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)));
            using var response = await client.PostAsync(new Uri(path, UriKind.Relative), form, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
                return answer(body);
            await Console.Error.WriteLineAsync($"hms-ops: the hub answered {(int)response.StatusCode}: {DetailOf(body)}");
            return ExitCode.No;
        }, cancellationToken);

    private static async Task<int> CallAsync(string? hub, TimeSpan patience, Func<Uri, HttpClient, Task<int>> call, CancellationToken cancellationToken)
    {
        var address = hub ?? Environment.GetEnvironmentVariable("OPS_URL") ?? DefaultUrl;
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var root) || root.Scheme is not ("http" or "https"))
        {
            await Console.Error.WriteLineAsync($"hms-ops: '{address}' is no address of a hub; write it like {DefaultUrl}");
            return ExitCode.Usage;
        }
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = root, Timeout = patience };
        try
        {
            return await call(root, client);
        }
        catch (Exception e) when (e is HttpRequestException || e is TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"hms-ops: no hub answers at {root} ({e.Message}). Start one with: hms-ops serve; or name another with --hub URL");
            return ExitCode.Unreachable;
        }
    }

    // The sentence of a problem, or of an error in Prometheus' shape, or whatever came.
    private static string DetailOf(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return body;
            return json.RootElement.TryGetProperty("detail", out var said) || json.RootElement.TryGetProperty("error", out said) ? said.ToString() : body;
        }
        catch (JsonException)
        {
            return body;
        }
    }
}
