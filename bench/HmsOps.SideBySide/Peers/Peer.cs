using System.Diagnostics;
using System.Text.Json;

namespace HmsOps.SideBySide.Peers;

/// <summary>A server that is measured: how it is started, and where it is asked.</summary>
internal abstract class Peer
{
    /// <summary>As the command line and the table call it.</summary>
    public abstract string Name { get; }

    /// <summary>What `--version` prints, its first line.</summary>
    public abstract string Version { get; }

    public abstract string Program { get; }

    public abstract string ReadyPath { get; }

    /// <summary>Whether it keeps native histograms.</summary>
    public abstract bool KnowsNativeHistograms { get; }

    /// <summary>What it is started with, its folder and port left out: the table says it.</summary>
    public abstract IReadOnlyList<string> Flags { get; }

    /// <summary>How to start it on an empty folder or on one it has used before.</summary>
    public abstract IEnumerable<string> Arguments(string folder, int port);

    /// <summary>Has the server bring all it took to its final form on disk, and answers that form's bytes.</summary>
    /// <exception cref="NotMeasuredException">It cannot, and says why.</exception>
    public abstract Task<CompactForm> CompactAsync(Server server, CancellationToken cancellationToken);

    /// <summary>Posts without a body; an answer that is no success says why the figure is not there.</summary>
    protected static async Task PostAsync(Server server, string path, CancellationToken cancellationToken)
    {
        using var answer = await server.Http.PostAsync(path, null, cancellationToken);
        await NotMeasuredException.UnlessSuccessAsync(answer, cancellationToken);
    }

    protected static string FirstLine(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var text = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return text.Trim().Split('\n')[0].Trim();
    }
}

/// <summary>What a server's data takes on disk in its final form.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="IndexBytes">Of it, what is no sample.</param>
internal sealed record CompactForm(long Bytes, long IndexBytes);

/// <summary>The server does not run any more: whatever part it was in cannot go on.</summary>
internal sealed class ServerGoneException(string why) : Exception(why);

/// <summary>A figure that cannot be had of this server, and why: a line of the table, not the end of the run.</summary>
internal sealed class NotMeasuredException(string why) : Exception(why)
{
    private const int SaidMax = 240;

    /// <summary>A refusal in the server's own words.</summary>
    public static async Task UnlessSuccessAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var said = Sentence(await answer.Content.ReadAsStringAsync(cancellationToken)).ReplaceLineEndings(" ").Trim();
        throw new NotMeasuredException($"answered {(int)answer.StatusCode}: {(said.Length > SaidMax ? said[..SaidMax] + "…" : said)}");
    }

    // Prometheus' `error`, a problem's `title`, or the body as it is.
    private static string Sentence(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            return root.ValueKind == JsonValueKind.Object && (root.TryGetProperty("error", out var said) || root.TryGetProperty("title", out said)) ? said.ToString() : body;
        }
        catch (JsonException)
        {
            return body; // a text
        }
    }
}
