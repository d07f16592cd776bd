using System.Net;
using System.Net.Http.Headers;
using HmsOps.App.Settings;
using HmsOps.Net.Egress;
using HmsOps.Observe.Cluster.Reading;

namespace HmsOps.App.Running;

/// <summary>The way to the cluster of <c>storage: remote</c>: straight there, with the headers the settings name, their secrets read anew each minute.</summary>
internal sealed class ClusterWay : DelegatingHandler
{
    private static readonly TimeSpan RenewedEvery = TimeSpan.FromMinutes(1);

    private readonly RemoteStorage _storage;
    private readonly SecretReader _secrets;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _reading = new(1, 1);
    private volatile Filled? _filled;

    /// <summary>Connects when something is sent.</summary>
    /// <param name="storage">Which cluster.</param>
    /// <param name="secrets">The values of the secrets in its headers.</param>
    /// <param name="isOurs">True for the hub's own doors.</param>
    /// <param name="time">The clock.</param>
    public ClusterWay(RemoteStorage storage, SecretReader secrets, Func<IPEndPoint, bool> isOurs, TimeProvider time)
    {
        (_storage, _secrets, _time) = (storage, secrets, time);
        var handler = EgressRule.Handler(place => isOurs(place) ? "the hub's own door: it would send to itself" : null);
        handler.ConnectTimeout = ClusterPeer.ConnectWithin;
        handler.AutomaticDecompression = DecompressionMethods.GZip;
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(10); // so that a name that moved is followed
        InnerHandler = handler;
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("HMS-OPS", Verbs.Product.Version));
        foreach (var (name, value) in await HeadersAsync(cancellationToken))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                throw new HttpRequestException($"the header {name} of remote.headers cannot be sent");
        }
        return await base.SendAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _reading.Dispose();
        base.Dispose(disposing);
    }

    private async Task<IReadOnlyList<KeyValuePair<string, string>>> HeadersAsync(CancellationToken cancellationToken)
    {
        if (Fresh() is { } known)
            return known;
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (Fresh() is { } meanwhile)
                return meanwhile;
            var headers = new List<KeyValuePair<string, string>>();
            foreach (var (name, template) in _storage.Headers)
            {
                var (value, missing) = await HeaderTemplate.FillAsync(template, async secret => await _secrets.ReadAsync(secret, cancellationToken) is SecretOutcome.Found found ? found.Secret.Reveal() : null);
                headers.Add(new(name, value ?? throw new HttpRequestException($"the secret '{missing}' of remote.headers has no value: define it under secrets: in hms-ops.yaml")));
            }
            _filled = new Filled(headers, _time.GetTimestamp());
            return headers;
        }
        finally
        {
            _reading.Release();
        }
    }

    private IReadOnlyList<KeyValuePair<string, string>>? Fresh() => _filled is { } filled && _time.GetElapsedTime(filled.At) < RenewedEvery ? filled.Headers : null;

    private sealed record Filled(IReadOnlyList<KeyValuePair<string, string>> Headers, long At);
}
