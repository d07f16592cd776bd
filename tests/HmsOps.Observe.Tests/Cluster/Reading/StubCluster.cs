using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.Observe.RemoteRead;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Cluster.Reading;

/// <summary>A cluster as a test has it answer, and what it was asked.</summary>
internal sealed class StubCluster : HttpMessageHandler
{
    public const string Address = "http://cluster.example:8428/prom";

    /// <summary>Answers by the end of the path: <c>query</c>, <c>read</c>, <c>status/buildinfo</c>.</summary>
    public Dictionary<string, Func<Question, HttpResponseMessage>> Answers { get; } = [];

    /// <summary>What was asked, in order.</summary>
    public List<Question> Asked { get; } = [];

    public HandTime Time { get; } = new();

    public ClusterDoor Door(bool reads = false, TimeSpan? patience = null) => new(
        new ClusterPeer
        {
            Http = new HttpClient(this, disposeHandler: false),
            Address = new Uri(Address),
            ReadAddress = reads ? new Uri($"{Address}/api/v1/read") : null,
            Patience = patience ?? TimeSpan.FromSeconds(30),
        },
        Time, Task.Run);

    /// <summary>A source over it.</summary>
    public ClusterSource Source(bool reads = false)
    {
        var door = Door(reads);
        return new ClusterSource(door, new ClusterLanguage(door));
    }

    /// <summary>Answers with a matrix of these series, in this order: <c>{"__name__":"up"} 1.5:2 3:NaN</c>, times in seconds.</summary>
    public StubCluster WithSamples(params string[] series)
    {
        Answers["query"] = _ => Json(Matrix(series));
        return this;
    }

    /// <summary>Answers remote reads as a hub does that has these series.</summary>
    public StubCluster WithReads(ISeriesSource source, bool streamed = true)
    {
        Answers["read"] = Through(source, streamed);
        return this;
    }

    public static Func<Question, HttpResponseMessage> Through(ISeriesSource source, bool streamed) => question =>
    {
        var outlet = new RemoteReadOutlet(source, new Refusals(), new ReadLimits());
        var (request, refusal) = outlet.ReadAsync(PipeReader.Create(new MemoryStream(question.Body)), CancellationToken.None).GetAwaiter().GetResult();
        Assert.Null(refusal);
        if (!streamed)
        {
            using var answer = outlet.Answer(request!, CancellationToken.None, out _); // it was not refused
            return Bytes(answer!.Bytes.ToArray(), RemoteReadOutlet.SampledType);
        }
        var stream = new MemoryStream();
        var writer = PipeWriter.Create(stream);
        outlet.StreamAsync(request!, writer, CancellationToken.None).GetAwaiter().GetResult();
        writer.Complete();
        return Bytes(stream.ToArray(), RemoteReadOutlet.StreamedType);
    };

    public static string Matrix(params string[] series) => Result("matrix", $"[{string.Join(',', series.Select(Series))}]");

    public static string Result(string type, string result, string more = "") => $$"""{"status":"success","data":{"resultType":"{{type}}","result":{{result}}}{{more}}}""";

    public static HttpResponseMessage Json(string text, HttpStatusCode status = HttpStatusCode.OK) => Bytes(Encoding.UTF8.GetBytes(text), "application/json", status);

    public static HttpResponseMessage Bytes(byte[] bytes, string type, HttpStatusCode status = HttpStatusCode.OK)
    {
        var answer = new HttpResponseMessage(status) { Content = new ByteArrayContent(bytes) };
        answer.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return answer;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var uri = request.RequestUri!; // of a request that is sent
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var question = new Question(uri.AbsolutePath, Fields(request.Content?.Headers.ContentType?.MediaType == "application/x-www-form-urlencoded" ? Encoding.UTF8.GetString(body) : uri.Query.TrimStart('?')), body);
        lock (Asked)
            Asked.Add(question);
        var answer = Answers.FirstOrDefault(pair => uri.AbsolutePath.EndsWith($"/prom/api/v1/{pair.Key}", StringComparison.Ordinal)).Value;
        return answer?.Invoke(question) ?? Json("""{"status":"error","errorType":"not_found","error":"no such address"}""", HttpStatusCode.NotFound);
    }

    private static string Series(string line)
    {
        var end = line.IndexOf('}', StringComparison.Ordinal) + 1;
        var samples = line[end..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(sample => sample.Split(':')).Select(pair => $"[{pair[0]},\"{pair[1]}\"]");
        return $$"""{"metric":{{line[..end]}},"values":[{{string.Join(',', samples)}}]}""";
    }

    private static Dictionary<string, string> Fields(string form) => form.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=')).ToDictionary(pair => WebUtility.UrlDecode(pair[0]), pair => WebUtility.UrlDecode(pair[1]));

    internal sealed record Question(string Path, IReadOnlyDictionary<string, string> Fields, byte[] Body);
}
