using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using HmsOps.Net.Egress;
using HmsOps.Observe.Exposition;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Observe.Scrape.Fetching;

/// <summary>
/// Asks targets over HTTP. A target is not believed: redirects stay on its own host, its address is judged after its name was resolved, its headers and body are bounded,
/// and credentials go to the one origin they were written for.
/// </summary>
/// <param name="credentials">The value of a credential, or null when it has none; read anew each minute, so that a changed one is used.</param>
/// <param name="isOurs">True for the hub's own doors.</param>
public sealed class HttpFetch(ScrapeLimits limits, Func<Credential, CancellationToken, Task<string?>> credentials, Func<IPEndPoint, bool> isOurs, TimeProvider time) : ITargetFetch, IDisposable
{
    private const int RedirectsMax = 3;
    private const int ClientsMax = 1_000;

    private static readonly TimeSpan ListWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RenewedEvery = TimeSpan.FromMinutes(1);

    private readonly BodyReader _bodies = new(limits);
    private readonly Lock _gate = new();
    private readonly Dictionary<ScrapeAccess, (HttpMessageInvoker Client, DateTimeOffset Made)> _clients = [];

    /// <summary>Bytes of answers that are held now.</summary>
    public long BytesInUse => _bodies.InUse;

    /// <inheritdoc/>
    public async Task<FetchOutcome> FetchAsync(ScrapeTarget target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        try
        {
            var client = await ClientAsync(target.Set.Access, cancellationToken);
            var url = target.Url;
            for (var redirects = 0; ; redirects++)
            {
                using var request = await RequestAsync(target, url, cancellationToken);
                using var answer = await client.SendAsync(request, cancellationToken);
                if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308))
                    return await TakeAsync(target, answer, cancellationToken);
                if (Follow(target.Set, url, answer.Headers.Location, redirects) is { } refused)
                    return refused;
                url = new Uri(url, answer.Headers.Location!); // Follow refused where there is none
            }
        }
        catch (CredentialException e)
        {
            return new FetchOutcome.Failed("credential", e.Message);
        }
        catch (HttpRequestException e)
        {
            return new FetchOutcome.Failed(CodeOf(e), Said(e));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return new FetchOutcome.Failed("broken", $"it broke the line: {e.Message}");
        }
    }

    /// <summary>Asks for a list of targets.</summary>
    /// <exception cref="IOException">There is no list, and the message says why.</exception>
    public async Task<ReadOnlyMemory<byte>> AskForTargetsAsync(Uri url, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(ListWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var client = await ClientAsync(ScrapeAccess.None, either.Token);
            using var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = HttpVersion.Version11 };
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("HMS-OPS", null));
            using var answer = await client.SendAsync(request, either.Token);
            if (answer.StatusCode != HttpStatusCode.OK)
                throw new IOException($"it answered {(int)answer.StatusCode}");
            await using var stream = await answer.Content.ReadAsStreamAsync(either.Token);
            var (body, failed) = await _bodies.ReadAsync(stream, isPacked: false, either.Token);
            using (body)
                return body is null ? throw new IOException(failed!.Reason) : body.Span.ToArray(); // without a body there is a reason
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"it did not answer within {ListWithin.TotalSeconds:0} s", e);
        }
        catch (HttpRequestException e)
        {
            throw new IOException(Said(e), e);
        }
    }

    public void Dispose()
    {
        foreach (var (client, _) in _clients.Values)
            client.Dispose();
    }

    private async Task<FetchOutcome> TakeAsync(ScrapeTarget target, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.StatusCode != HttpStatusCode.OK)
            return new FetchOutcome.Failed("status", $"it answered {(int)answer.StatusCode} {answer.ReasonPhrase}".TrimEnd());
        var type = answer.Content.Headers.NonValidated.TryGetValues("Content-Type", out var types) ? types.ToString() : null;
        if ((ContentFormat.Of(type) ?? FallbackOf(target.Set)) is not { } format)
        {
            return new FetchOutcome.Failed("content_type", $"its Content-Type {(string.IsNullOrEmpty(type) ? "is missing" : $"is {SeriesText.Found(Encoding.UTF8.GetBytes(type))}")}, which names no format of metrics; " +
                "let it send text/plain; version=0.0.4, or write fallback_scrape_protocol");
        }
        var encodings = answer.Content.Headers.ContentEncoding;
        var isPacked = encodings.Count == 1 && encodings.First().Equals("gzip", StringComparison.OrdinalIgnoreCase);
        if (encodings.Count > 0 && !isPacked)
            return new FetchOutcome.Failed("encoding", "its answer is packed in a way nobody asked for; gzip or none is read");
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var (body, failed) = await _bodies.ReadAsync(stream, isPacked, cancellationToken);
        return body is null ? failed! : new FetchOutcome.Answered(body, format); // without a body there is a reason
    }

    private static ExpositionFormat? FallbackOf(ScrapeSet set) => set.Fallback switch
    {
        "text" => ExpositionFormat.Text,
        "openmetrics" => ExpositionFormat.OpenMetrics,
        "protobuf" => ExpositionFormat.Protobuf,
        _ => null,
    };

    private static FetchOutcome.Failed? Follow(ScrapeSet set, Uri from, Uri? location, int redirects)
    {
        if (location is null || !Uri.TryCreate(from, location, out var to))
            return new FetchOutcome.Failed("redirect", "it redirects to nowhere");
        if (!set.FollowRedirects)
            return new FetchOutcome.Failed("redirect", "it redirects, and follow_redirects is false");
        if (redirects >= RedirectsMax)
            return new FetchOutcome.Failed("redirect", $"it redirects more than {RedirectsMax} times");
        return to.Host == from.Host && to.Port == from.Port && to.Scheme == from.Scheme
            ? null
            : new FetchOutcome.Failed("redirect", $"it redirects to {to.Scheme}://{to.Authority}, another place than {from.Scheme}://{from.Authority}: write that address if it is meant");
    }

    private async Task<HttpRequestMessage> RequestAsync(ScrapeTarget target, Uri url, CancellationToken cancellationToken)
    {
        var access = target.Set.Access;
        var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("Accept", ContentFormat.Accept);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("HMS-OPS", null));
        request.Headers.Add("X-Prometheus-Scrape-Timeout-Seconds", target.Timeout.TotalSeconds.ToString("R", CultureInfo.InvariantCulture));
        if (target.Set.Compressed)
            request.Headers.Add("Accept-Encoding", "gzip");
        if (access.User is not null)
        {
            var pair = Encoding.UTF8.GetBytes($"{access.User}:{(access.Password is null ? "" : await ReadAsync(access.Password, cancellationToken))}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(pair));
        }
        if (access.Token is not null && !request.Headers.TryAddWithoutValidation("Authorization", $"{access.TokenType} {await ReadAsync(access.Token, cancellationToken)}"))
            throw new CredentialException("its token cannot stand in a header");
        foreach (var (name, credential) in access.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, await ReadAsync(credential, cancellationToken)))
                throw new CredentialException($"{name} is no header that can be sent");
        }
        return request;
    }

    private async Task<string> ReadAsync(Credential credential, CancellationToken cancellationToken) =>
        (await credentials(credential, cancellationToken) ?? throw new CredentialException(credential switch
        {
            Credential.Secret secret => $"the secret '{secret.Name}' has no value: define it under secrets: in hms-ops.yaml",
            Credential.File file => $"the file {file.Path} of the workspace cannot be read",
            _ => "a credential has no value",
        })).Trim();

    // A new one each minute where certificates are read, so that renewed ones are used; the old one is let go, not closed under a scrape.
    private async Task<HttpMessageInvoker> ClientAsync(ScrapeAccess access, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hasFiles = access.Authority is not null || access.Certificate is not null;
        lock (_gate)
        {
            if (_clients.TryGetValue(access, out var known) && (!hasFiles || now - known.Made < RenewedEvery))
                return known.Client;
        }
        var tls = await TlsAsync(access, cancellationToken);
        var handler = EgressRule.Handler(place => isOurs(place) ? "the hub's own door" : null);
        handler.AutomaticDecompression = DecompressionMethods.None;
        handler.MaxResponseDrainSize = 0;
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(10); // so that a name that moved is followed
        handler.SslOptions = tls;
        var client = new HttpMessageInvoker(handler);
        lock (_gate)
        {
            if (_clients.Count >= ClientsMax)
                _clients.Clear(); // those of manifests that were edited away; they are made anew
            _clients[access] = (client, now);
        }
        return client;
    }

    private async Task<SslClientAuthenticationOptions> TlsAsync(ScrapeAccess access, CancellationToken cancellationToken)
    {
        var options = new SslClientAuthenticationOptions();
        if (access.ServerName is not null)
            options.TargetHost = access.ServerName;
        try
        {
            if (access.Certificate is not null && access.Key is not null)
            {
                var certificate = await ReadAsync(access.Certificate, cancellationToken);
                var key = await ReadAsync(access.Key, cancellationToken);
                using var pem = X509Certificate2.CreateFromPem(certificate, key);
                options.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
            }
            if (access.Authority is not null)
            {
                var roots = new X509Certificate2Collection();
                roots.ImportFromPem(await ReadAsync(access.Authority, cancellationToken));
                options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
            }
        }
        catch (CryptographicException e)
        {
            throw new CredentialException($"its ca_file, cert_file or key_file is no PEM: {e.Message}");
        }
#pragma warning disable CA5359 // asked for in so many words: insecure_skip_verify
        if (access.TrustsAnyone)
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        return options;
    }

    private static string CodeOf(HttpRequestException e) => e.InnerException switch
    {
        EgressDeniedException => "egress_denied",
        System.Security.Authentication.AuthenticationException => "tls",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => "dns",
        SocketException => "connect",
        _ => "broken",
    };

    private static string Said(HttpRequestException e) => e.InnerException switch
    {
        EgressDeniedException denied => denied.Message,
        SocketException { SocketErrorCode: SocketError.HostNotFound } => "its name does not exist",
        SocketException socket => $"it cannot be connected to: {socket.Message}",
        System.Security.Authentication.AuthenticationException tls => $"its TLS is not trusted: {tls.Message}",
        { } inner => $"it broke the line: {inner.Message}",
        null => $"it broke the line: {e.Message}",
    };

    private sealed class CredentialException(string message) : Exception(message);
}
