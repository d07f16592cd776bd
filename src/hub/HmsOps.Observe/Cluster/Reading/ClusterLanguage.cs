using System.Globalization;
using System.Text.Json;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// What a cluster is, by what it says at <c>/api/v1/status/buildinfo</c>: asked when somebody wants to know, at most once an hour, and again once the cluster has failed, for what comes back may be another version. Safe for
/// concurrent use.
/// </summary>
public sealed class ClusterLanguage(ClusterDoor door)
{
    // An upgrade is seen within it, and without it where the cluster was away meanwhile, as it mostly is.
    private static readonly TimeSpan KnownFor = TimeSpan.FromHours(1);

    private const long BytesMax = 64 << 10;

    private Said? _said;

    /// <summary>What it is, as far as it need not be asked.</summary>
    internal ClusterKind? Known =>
        Volatile.Read(ref _said) is { } said && door.Time.GetElapsedTime(said.At) < KnownFor && said.Failures == door.Outage.Failures ? said.Kind : null;

    /// <summary>What it is.</summary>
    internal async Task<ClusterKind> KindAsync(CancellationToken cancellationToken)
    {
        if (Known is { } known)
            return known;
        var failures = door.Outage.Failures;
        var kind = await AskAsync(cancellationToken);
        Volatile.Write(ref _said, new Said(kind, door.Time.GetTimestamp(), failures));
        return kind;
    }

    /// <summary>True where names of labels of any letters are written with backslashes.</summary>
    internal async Task<bool> ReadsBackslashesAsync(CancellationToken cancellationToken) => (await KindAsync(cancellationToken)).IsVictoriaMetrics;

    private async Task<ClusterKind> AskAsync(CancellationToken cancellationToken)
    {
        const string what = "its version (status/buildinfo)";
        using var answer = await door.GetAsync("status/buildinfo", [], what, cancellationToken, mayRefuse: true);
        var isVictoriaMetrics = answer.Headers.Contains("X-Server-Hostname");
        if (!answer.IsSuccessStatusCode)
            return ClusterKind.Of(new Dictionary<string, string>(), isVictoriaMetrics); // not each store has the address, nor shows it to all
        var fields = new BuildFields();
        using var tokens = new JsonTokens(await door.WithinAsync(answer.Content.ReadAsStreamAsync, cancellationToken), BytesMax);
        try
        {
            await door.WithinAsync(token => tokens.FeedAsync(fields, token), cancellationToken);
        }
        catch (JsonDamagedException)
        {
            return ClusterKind.Unknown; // whatever it is, it says so in no way that is known here
        }
        return ClusterKind.Of(fields.All, isVictoriaMetrics);
    }

    private sealed record Said(ClusterKind Kind, long At, long Failures);

    private sealed class BuildFields : ITokenTaker
    {
        private string _name = "";

        public Dictionary<string, string> All { get; } = new(StringComparer.Ordinal);

        public bool Take(ref Utf8JsonReader token)
        {
            if (token is { CurrentDepth: 2, TokenType: JsonTokenType.PropertyName })
                _name = token.GetString() ?? "";
            else if (token is { CurrentDepth: 2, TokenType: JsonTokenType.String })
                All[_name] = token.GetString() ?? "";
            return true;
        }
    }
}

/// <summary>What a cluster is.</summary>
/// <param name="IsHub">It is an hms-ops.</param>
/// <param name="IsVictoriaMetrics">It is a VictoriaMetrics.</param>
/// <param name="Minor">The language is that of Prometheus 3 and so much; null where it is another, or nobody knows.</param>
internal sealed record ClusterKind(bool IsHub, bool IsVictoriaMetrics, int? Minor)
{
    public static readonly ClusterKind Unknown = new(false, false, null);

    private const string HubName = "HMS-OPS";

    /// <summary>True where it says to an expression what the engine says.</summary>
    public bool Speaks(ExpressionNeeds needs) => !needs.IsOwn && Minor is { } minor && minor >= needs.Minor && (IsHub || !needs.IsHubs);

    /// <summary>
    /// By the fields of buildinfo. Only Prometheus itself says in which Go it was built and no application: Mimir has a name, Thanos numbers below 1, VictoriaMetrics an old number or none.
    /// </summary>
    public static ClusterKind Of(IReadOnlyDictionary<string, string> fields, bool isVictoriaMetrics)
    {
        var application = fields.GetValueOrDefault("application", "");
        var isHub = application == HubName;
        var isPrometheus = application.Length == 0 && fields.GetValueOrDefault("goVersion", "").Length > 0 && fields.GetValueOrDefault("revision", "").Length > 0;
        return new ClusterKind(isHub, isVictoriaMetrics, (isHub || isPrometheus) && !isVictoriaMetrics ? MinorOf(fields.GetValueOrDefault("version", "")) : null);
    }

    private static int? MinorOf(string version)
    {
        var parts = version.Split('.');
        return parts.Length >= 2 && parts[0] == "3" && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor) ? minor : null;
    }
}
