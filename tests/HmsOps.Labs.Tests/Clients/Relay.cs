using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace HmsOps.Labs.Tests.Clients;

/// <summary>
/// Stands before an exporter and answers two scrapers with the same bytes: the first of them to ask for the third time makes the relay ask the exporter, and the other one's
/// third question gets that very answer. So what both keep of their third scrapes has to be equal to the bit, though they ask at different moments.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private const int Scrapers = 2;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly ConcurrentDictionary<string, int> _asked = [];
    private readonly ConcurrentDictionary<int, Answer> _answers = [];
    private readonly string? _accept;
    private readonly Uri _exporter;
    private readonly MetricsPage _page;

    /// <summary>Begins to answer, on a free port of this machine.</summary>
    /// <param name="exporter">Its address, <c>host:port</c>.</param>
    /// <param name="accept">The format that is asked for; null: what the scraper asks for, which then has to be the same for both.</param>
    public Relay(string exporter, string? accept)
    {
        (_exporter, _accept) = (new Uri($"http://{exporter}/metrics"), accept);
        _page = new MetricsPage(AnswerAsync);
    }

    public string Address => _page.Address;

    /// <summary>The formats that were answered; with a remark when a scraper had not asked for it.</summary>
    public ConcurrentDictionary<string, bool> Said { get; } = [];

    /// <summary>Waits until the exporter has started: a scrape that comes before would fail.</summary>
    public async Task UntilStartedAsync(TimeSpan within)
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(LookEvery);
        while (true)
        {
            try
            {
                using var answer = await _http.GetAsync(_exporter);
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException e) when (Stopwatch.GetElapsedTime(began) > within)
            {
                throw new TimeoutException($"{_exporter} did not answer within {within.TotalSeconds:0} s", e);
            }
            catch (HttpRequestException)
            {
                await timer.WaitForNextTickAsync(); // it starts still
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _page.DisposeAsync();
        _http.Dispose();
    }

    private async Task<PageBody> AnswerAsync(HttpListenerRequest request)
    {
        var scraper = (request.UserAgent ?? "").Split('/')[0];
        var number = _asked.AddOrUpdate(scraper, 0, (_, before) => before + 1);
        var answer = _answers.GetOrAdd(number, _ => new Answer(new Lazy<Task<PageBody>>(() => AskAsync(request))));
        var body = await answer.Body.Value;
        var format = body.Type.Split(';')[0];
        Said[(request.Headers["Accept"] ?? "").Contains(format, StringComparison.Ordinal) ? format : $"{format}, unasked by {scraper}"] = true;
        if (answer.Given() == Scrapers)
            _answers.TryRemove(number, out _);
        return body;
    }

    private async Task<PageBody> AskAsync(HttpListenerRequest scraper)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _exporter);
        request.Headers.TryAddWithoutValidation("Accept", _accept ?? scraper.Headers["Accept"]);
        using var answer = await _http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        var type = answer.Content.Headers.ContentType?.ToString() ?? "";
        return new PageBody(type, await answer.Content.ReadAsByteArrayAsync());
    }

    private sealed class Answer(Lazy<Task<PageBody>> body)
    {
        private int _given;

        public Lazy<Task<PageBody>> Body => body;

        public int Given() => Interlocked.Increment(ref _given);
    }
}
