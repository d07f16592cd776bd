using Microsoft.AspNetCore.Http;

namespace HmsOps.Present.Doors;

/// <summary>
/// The hub answers to its own names only. A page elsewhere can point its own host name at a loopback address (DNS rebinding); the browser then still says
/// that name, and this is where it is refused.
/// </summary>
public sealed class HostRule(IEnumerable<string> hosts)
{
    private readonly HashSet<string> _hosts = new(hosts.Select(Bare), StringComparer.OrdinalIgnoreCase);

    /// <summary>Why a request is refused; null when it is not.</summary>
    public Problem? Refuse(HttpRequest request)
    {
        if (!request.Host.HasValue)
        {
            return new Problem("host-missing", "The request names no host", StatusCodes.Status400BadRequest,
                "Send a Host header with the name in the hub's address.");
        }
        var asked = Bare(request.Host.Host);
        return _hosts.Contains(asked)
            ? null
            : new Problem("host-unknown", $"This hub does not answer to the name '{Shown(asked)}'", StatusCodes.Status421MisdirectedRequest,
                $"Use one of its names: {string.Join(", ", _hosts.Order(StringComparer.Ordinal))}. Another name is added under http.hosts in hms-ops.yaml.");
    }

    private static string Bare(string host) => host.Trim('[', ']').TrimEnd('.');

    private static string Shown(string host) => host.Length > 100 ? host[..100] + "…" : host;
}
