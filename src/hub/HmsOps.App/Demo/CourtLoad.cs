using System.Text.Json;
using System.Threading.Channels;
using HmsOps.Record;

namespace HmsOps.App.Demo;

/// <summary>
/// Clerks who schedule hearings: about 20 calls a second to the court, each timed, and each time sent to the hub as chapter B's client sends it. When every clerk
/// waits for an answer the next call is not made.
/// </summary>
internal sealed class CourtLoad(Uri court, Uri hub, IIds ids, TimeProvider time) : IDisposable
{
    public const string Metric = "county_api_ms";
    public const int CallsPerSecond = 20;

    private const int Clerks = 64; // 20 a second for 1.3 s are 26 at once

    private static readonly TimeSpan AverageOver = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly TaskCompletionSource _watched = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Queue<(long At, double Milliseconds)> _newest = new();
    private long _calls;
    private long _failed;

    /// <summary>Completes when the hub has taken the first number.</summary>
    public Task Watched => _watched.Task;

    /// <summary>Calls the court has answered or failed so far.</summary>
    public (long Calls, long Failed) Counts => (Interlocked.Read(ref _calls), Interlocked.Read(ref _failed));

    /// <summary>The average call of the last second; null when none ended.</summary>
    public double? Average
    {
        get
        {
            lock (_gate)
            {
                Forget();
                return _newest.Count == 0 ? null : _newest.Average(n => n.Milliseconds);
            }
        }
    }

    /// <summary>Calls until it is told to stop, and lets nothing run on behind.</summary>
    public Task RunAsync(CancellationToken stopping)
    {
        // A turn that finds every clerk busy is left out: waiting for one would measure our own queue.
        var turns = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { SingleWriter = true, FullMode = BoundedChannelFullMode.DropWrite });
        return Task.WhenAll([TurnAsync(turns.Writer, stopping), .. Enumerable.Range(0, Clerks).Select(_ => WorkAsync(turns.Reader, stopping))]);
    }

    public void Dispose() => _http.Dispose();

    private async Task TurnAsync(ChannelWriter<bool> turns, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / CallsPerSecond), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
                turns.TryWrite(true);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task WorkAsync(ChannelReader<bool> turns, CancellationToken stopping)
    {
        try
        {
            await foreach (var _ in turns.ReadAllAsync(stopping))
            {
                if (await CallAsync(stopping) is { } milliseconds)
                    await SendAsync(milliseconds, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task<double?> CallAsync(CancellationToken stopping)
    {
        var began = time.GetTimestamp();
        var answered = await PostAsync(court, JsonContent.Create("a hearing on Friday"), _ => Task.CompletedTask, stopping);
        var milliseconds = time.GetElapsedTime(began).TotalMilliseconds;
        Interlocked.Increment(ref _calls);
        if (!answered)
        {
            Interlocked.Increment(ref _failed);
            return null;
        }
        lock (_gate)
        {
            _newest.Enqueue((time.GetTimestamp(), milliseconds));
            Forget();
        }
        return milliseconds;
    }

    // Fields and whole numbers as the chapter's client has them. A hub that is away costs this number, not the load.
    private Task SendAsync(double milliseconds, CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        var item = new { name = Metric, ts = now.ToUnixTimeSeconds(), val = (long)milliseconds, id = $"{ids.NewId(now):n}" };
        return PostAsync(new Uri(hub, "metric"), JsonContent.Create(item), SeeTakenAsync, stopping);

        async Task SeeTakenAsync(HttpContent answer)
        {
            using var json = await JsonDocument.ParseAsync(await answer.ReadAsStreamAsync(stopping), cancellationToken: stopping);
            if (json.RootElement.GetProperty("taken").GetInt32() == 1)
                _watched.TrySetResult();
        }
    }

    private async Task<bool> PostAsync(Uri to, HttpContent body, Func<HttpContent, Task> read, CancellationToken stopping)
    {
        using var deadline = new CancellationTokenSource(AnswerWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, deadline.Token);
        try
        {
            using var answer = await _http.PostAsync(to, body, either.Token);
            if (answer.IsSuccessStatusCode)
                await read(answer.Content);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return false; // the deadline
        }
    }

    private void Forget()
    {
        while (_newest.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > AverageOver)
            _newest.Dequeue();
    }
}
