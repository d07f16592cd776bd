using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Tests.Wire;

namespace HmsOps.Observe.Tests.Cluster.Sending;

/// <summary>A cluster that takes remote write, by the way in of the product itself, and the trouble a test gives it.</summary>
internal sealed class TakingCluster(TimeProvider time) : HttpMessageHandler
{
    private readonly RecordingSink _sink = new();

    /// <summary>What it keeps.</summary>
    public RecordingSink Sink => _sink;

    /// <summary>A 2.0 message is answered as by one who has never heard of it: unread, and all is well.</summary>
    public bool KnowsOneOnly { get; set; }

    /// <summary>A request with a sample it refuses is refused whole, as 1.0 knows it.</summary>
    public bool TakesWhole { get; set; }

    /// <summary>The next requests get these answers and are not read; null is passed through.</summary>
    public Queue<Func<CancellationToken, Task<HttpResponseMessage>>?> Troubles { get; } = new();

    /// <summary>Each request: when it came, and its version.</summary>
    public List<(DateTimeOffset At, string Version)> Requests { get; } = [];

    public void Trouble(int times, HttpStatusCode status, string words = "", TimeSpan? retryAfter = null)
    {
        for (var i = 0; i < times; i++)
        {
            Troubles.Enqueue(_ =>
            {
                var answer = new HttpResponseMessage(status) { Content = new StringContent(words) };
                if (retryAfter is { } pause)
                    answer.Headers.RetryAfter = new System.Net.Http.Headers.RetryConditionHeaderValue(pause);
                return Task.FromResult(answer);
            });
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var version = request.Headers.GetValues("X-Prometheus-Remote-Write-Version").Single();
        Requests.Add((time.GetUtcNow(), version));
        if (Troubles.TryDequeue(out var trouble) && trouble is not null)
            return await trouble(cancellationToken);
        if (KnowsOneOnly && version != "0.1.0")
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken); // every request has one
        var head = new WriteRequestHead(request.Content.Headers.ContentType?.ToString(), string.Join(',', request.Content.Headers.ContentEncoding), version);
        if (TakesWhole)
        {
            var tried = await new RemoteWriteIntake(new RecordingSink { Refuses = _sink.Refuses }, new Refusals(), new WriteLimits()).AcceptAsync(head, PipeReader.Create(new MemoryStream(body)), cancellationToken);
            if (tried.Status >= 400)
                return new HttpResponseMessage((HttpStatusCode)tried.Status) { Content = new StringContent(tried.Message ?? "") };
        }
        var taken = await new RemoteWriteIntake(_sink, new Refusals(), new WriteLimits()).AcceptAsync(head, PipeReader.Create(new MemoryStream(body)), cancellationToken);
        var answer = new HttpResponseMessage((HttpStatusCode)taken.Status) { Content = new StringContent(taken.Message ?? "") };
        if (version == "2.0.0")
        {
            answer.Headers.Add("X-Prometheus-Remote-Write-Samples-Written", taken.Samples.ToString(CultureInfo.InvariantCulture));
            answer.Headers.Add("X-Prometheus-Remote-Write-Histograms-Written", taken.Histograms.ToString(CultureInfo.InvariantCulture));
            answer.Headers.Add("X-Prometheus-Remote-Write-Exemplars-Written", taken.Exemplars.ToString(CultureInfo.InvariantCulture));
        }
        return answer;
    }
}
