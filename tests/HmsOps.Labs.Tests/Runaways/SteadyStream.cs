using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Runaways;

/// <summary>
/// What has to go on while others run wild: samples of the same series ten times a second, some series that are new each time, and once a second a case that breaks a rule's
/// bound. How long each acknowledgement takes is noted, and how long after it was sent the verdict on each case stands in the ledger.
/// </summary>
internal sealed partial class SteadyStream : IAsyncDisposable
{
    public const string Rule = """
        metric: runaway_case.last
        threshold: 0.5
        window: "1m"
        by: [case]
        name: runaway_case

        """;

    private const int SeriesEach = 1_000;
    private const int NewEach = 20;
    private const int BatchesACase = 10;

    private static readonly TimeSpan BatchEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan VerdictWithin = TimeSpan.FromSeconds(30);

    private readonly RunningHub _hub;
    private readonly CancellationTokenSource _enough = new();
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<int, long> _sent = [];
    private readonly ConcurrentDictionary<int, TimeSpan> _verdicts = [];
    private readonly List<TimeSpan> _acknowledged = [];
    private readonly SemaphoreSlim _came = new(0);
    private readonly Task _sending;
    private readonly Task _watching;
    private readonly HttpClient _stream = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Begins; cases have numbers from one on, so that those of several streams are apart.</summary>
    public SteadyStream(RunningHub hub, int firstCase)
    {
        _hub = hub;
        _watching = WatchAsync();
        _sending = SendAsync(firstCase);
    }

    /// <summary>Ends once there is a verdict on every case; answers how long acknowledgements and verdicts took.</summary>
    public async Task<(Latencies Acknowledged, Latencies Verdicts)> FinishAsync()
    {
        await _enough.CancelAsync();
        await _sending;
        var began = Stopwatch.GetTimestamp();
        while (_verdicts.Count < _sent.Count)
        {
            var left = VerdictWithin - Stopwatch.GetElapsedTime(began);
            Assert.True(left > TimeSpan.Zero && await _came.WaitAsync(left), $"no verdict on {_sent.Count - _verdicts.Count} of {_sent.Count} cases within {VerdictWithin.TotalSeconds:0} s");
        }
        return (new Latencies(_acknowledged), new Latencies(_verdicts.Values));
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await _over.CancelAsync();
        await Task.WhenAll(_sending, _watching);
        _stream.Dispose();
        _came.Dispose();
        _enough.Dispose();
        _over.Dispose();
    }

    private async Task SendAsync(int number)
    {
        using var timer = new PeriodicTimer(BatchEvery);
        for (var batch = 0; !_enough.IsCancellationRequested; batch++)
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            using var writer = new SeriesWriter();
            for (var i = 0; i < SeriesEach; i++)
                writer.Add("steady", [("id", $"{i}")], (now, batch + i));
            for (var i = 0; i < NewEach; i++)
                writer.Add("fleeting", [("id", $"{number}-{batch}-{i}")], (now, 1));
            if (batch % BatchesACase == BatchesACase - 1)
            {
                _sent[number] = Stopwatch.GetTimestamp();
                writer.Add("runaway_case", [("case", $"{number++}")], (now, 1));
            }
            var began = Stopwatch.GetTimestamp();
            await writer.SendAsync(_hub);
            _acknowledged.Add(Stopwatch.GetElapsedTime(began));
            await timer.WaitForNextTickAsync();
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_hub.Address, "/api/ops/v1/ledger?kind=alert"));
            request.Headers.Add("Accept", "text/event-stream");
            using var answer = await _stream.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _over.Token);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(_over.Token), Encoding.UTF8);
            while (await lines.ReadLineAsync(_over.Token) is { } line)
            {
                if (Case().Match(line) is not { Success: true } match || !_sent.TryGetValue(int.Parse(match.Groups[1].Value), out var sent))
                    continue;
                if (_verdicts.TryAdd(int.Parse(match.Groups[1].Value), Stopwatch.GetElapsedTime(sent)))
                    _came.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    [GeneratedRegex("\"case\":\"([0-9]+)\"")]
    private static partial Regex Case();
}

/// <summary>How long things took.</summary>
internal sealed class Latencies(IEnumerable<TimeSpan> all)
{
    private readonly TimeSpan[] _sorted = [.. all.Order()];

    public int Count => _sorted.Length;

    public TimeSpan Median => At(0.5);

    public TimeSpan P99 => At(0.99);

    public TimeSpan Max => At(1);

    public override string ToString() => FormattableString.Invariant($"{Count} times: median {Median.TotalMilliseconds:0.0} ms, p99 {P99.TotalMilliseconds:0.0} ms, most {Max.TotalMilliseconds:0.0} ms");

    private TimeSpan At(double part) => _sorted.Length == 0 ? TimeSpan.Zero : _sorted[(int)((_sorted.Length - 1) * part)];
}
