using System.Net.Http.Headers;
using HmsOps.Labs.Tests.World;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.PromQL;

namespace HmsOps.Labs.Tests.Clusters;

/// <summary>The reading side of the hub, put together as the hub puts it together, over a store that runs on this machine.</summary>
internal sealed class AskedCluster : IDisposable
{
    private readonly HttpClient _http;
    private readonly HttpClient _writing;

    public AskedCluster(HttpClient peer, bool reads, bool wholeReads = false, TimeSpan? patience = null)
    {
        _writing = peer;
        _http = new HttpClient(Handler(wholeReads)) { Timeout = Timeout.InfiniteTimeSpan };
        var address = peer.BaseAddress ?? throw new ArgumentException("The store has no address.", nameof(peer));
        Door = new ClusterDoor(
            new ClusterPeer
            {
                Http = _http,
                Address = address,
                ReadAddress = reads ? new Uri(address, "/api/v1/read") : null,
                Patience = patience ?? TimeSpan.FromSeconds(30),
            },
            TimeProvider.System, Task.Run);
        Language = new ClusterLanguage(Door);
        Source = new ClusterSource(Door, Language);
    }

    public ClusterDoor Door { get; }

    public ClusterLanguage Language { get; }

    public ClusterSource Source { get; }

    public PromEngine Engine(PromLimits? limits = null, IWholeAnswers? whole = null) => new(Source, limits ?? PromLimits.Default, whole: whole);

    /// <summary>Sends it the court's numbers, as any Prometheus does.</summary>
    public async Task WriteAsync(CourtSeries court, bool withHistograms)
    {
        foreach (var body in court.Bodies(withHistograms))
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            content.Headers.ContentEncoding.Add("snappy");
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/write", UriKind.Relative)) { Content = content };
            request.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
            using var answer = await _writing.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }

    public void Dispose() => _http.Dispose();

    private static HttpMessageHandler Handler(bool wholeReads)
    {
        var sockets = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = ClusterPeer.ConnectWithin };
        return wholeReads ? new AsksForSamples(sockets) : sockets;
    }

    /// <summary>Takes out of each remote read that chunks in a stream would do: the store answers as one does that knows nothing of them.</summary>
    private sealed class AsksForSamples(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private const int Queries = 1;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri?.AbsolutePath != "/api/v1/read" || request.Content is null)
                return await base.SendAsync(request, cancellationToken);
            var body = new ByteArrayContent(WithoutForms(Wire.Unsnap(await request.Content.ReadAsByteArrayAsync(cancellationToken))));
            foreach (var header in request.Content.Headers.Where(header => header.Key != "Content-Length"))
                body.Headers.TryAddWithoutValidation(header.Key, header.Value);
            request.Content = body;
            var answer = await base.SendAsync(request, cancellationToken);
            Assert.Equal("application/x-protobuf", answer.Content.Headers.ContentType?.MediaType);
            return answer;
        }

        private static byte[] WithoutForms(ReadOnlySpan<byte> question)
        {
            var left = new List<byte>();
            while (!question.IsEmpty)
            {
                if (Wire.ReadField(ref question, out var content).Number == Queries)
                    left.AddRange(Wire.Field(Queries, content));
            }
            return Wire.Snap([.. left]);
        }
    }
}
