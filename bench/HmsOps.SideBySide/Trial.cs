using System.Diagnostics;
using System.Globalization;

namespace HmsOps.SideBySide;

/// <summary>One peer, one scale, one time: everything that is measured of it, by name. A figure that could not be had says why.</summary>
internal sealed class Trial(Peer peer, Scale scale, string folder, TimeProvider time)
{
    private const int IdleSeconds = 20;

    private readonly Dictionary<string, double> _figures = [];
    private readonly Dictionary<string, string> _failures = [];
    private readonly double _millionSamples = scale.Samples / 1e6;

    public IReadOnlyDictionary<string, double> Figures => _figures;

    public IReadOnlyDictionary<string, string> Failures => _failures;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        using var server = new Server(peer, folder);
        _figures["start, empty, s"] = await server.StartAsync(cancellationToken);
        var empty = ProcessCost.Resident(server.Pid);
        await IntakeAsync(server, empty, cancellationToken);
        await AskAllAsync(server, cancellationToken);
        await TryAsync("compacted", () => CompactAsync(server, cancellationToken));
        _figures["clean stop, s"] = server.Stop();
        await RestartAsync(server, "restart", cancellationToken);
        server.Kill();
        await RestartAsync(server, "restart after kill -9", cancellationToken);
        server.Stop();
    }

    private async Task IntakeAsync(Server server, long empty, CancellationToken cancellationToken)
    {
        var first = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000 * 1000 - (long)scale.Scrapes * scale.IntervalMs;
        var fleet = new Fleet(scale);
        var cpu = ProcessCost.CpuSeconds(server.Pid);
        var begun = Stopwatch.GetTimestamp();
        var took = await Sender.SendAsync(server, peer, fleet, scale, first, cancellationToken);
        _figures["intake, wall s"] = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var used = ProcessCost.CpuSeconds(server.Pid) - cpu;
        _figures["samples per core-second, k"] = scale.Samples / used / 1000;
        _figures["write request p50, ms"] = 1000 * took[took.Length / 2];
        _figures["write request p99, ms"] = 1000 * took[took.Length * 99 / 100];
        _figures["disk after intake, B/sample"] = ProcessCost.DiskBytes(Path.Combine(folder, "data")) / (double)scale.Samples;
        await Task.Delay(TimeSpan.FromSeconds(IdleSeconds), time, cancellationToken);
        _figures["CPU s per M samples, with 20 s idle"] = (ProcessCost.CpuSeconds(server.Pid) - cpu) / _millionSamples;
        _figures["RSS - empty, B/series"] = (ProcessCost.Resident(server.Pid) - empty) / (double)scale.Series;
        _figures["peak RSS, B/series"] = ProcessCost.PeakResident(server.Pid) / (double)scale.Series;
        _figures["RSS, MiB"] = ProcessCost.Resident(server.Pid) / 1048576.0;
    }

    private async Task CompactAsync(Server server, CancellationToken cancellationToken)
    {
        var bytes = await peer.CompactAsync(server, cancellationToken);
        _figures["disk compacted, B/sample"] = bytes / (double)scale.Samples;
        if (peer.IndexBytes(folder) is { } index)
            _figures["of it index, B/sample"] = index / (double)scale.Samples;
    }

    private async Task AskAllAsync(Server server, CancellationToken cancellationToken)
    {
        if (scale.Series > 100_000)
            return;
        var logs = 0.0;
        var answered = 0;
        foreach (var question in Question.All)
        {
            await TryAsync(question.Name, async () =>
            {
                var cost = await CostOfAsync(server, question, cancellationToken);
                _figures[$"query CPU ms: {question.Name}"] = 1000 * cost;
                logs += Math.Log(1000 * cost);
                answered++;
            });
        }
        if (answered == Question.All.Count)
            _figures["31 queries, CPU ms, geometric mean"] = Math.Exp(logs / answered);
        else
            _failures["31 queries, CPU ms, geometric mean"] = $"{Question.All.Count - answered} of them were refused";
        var idle = ProcessCost.Resident(server.Pid);
        ProcessCost.ForgetPeak(server.Pid);
        await TryAsync("heavy query, memory", async () =>
        {
            await AskAsync(server, Question.All[^1], cancellationToken);
            _figures["heavy query, MiB above idle"] = Math.Max(0.1, (ProcessCost.PeakResident(server.Pid) - idle) / 1048576.0);
        });
    }

    // Asked once to warm up, then until half a second of the server's time is spent or thirty times: the mean.
    private async Task<double> CostOfAsync(Server server, Question question, CancellationToken cancellationToken)
    {
        await AskAsync(server, question, cancellationToken);
        var before = ProcessCost.CpuSeconds(server.Pid);
        var times = 0;
        double used;
        do
        {
            await AskAsync(server, question, cancellationToken);
            times++;
            used = ProcessCost.CpuSeconds(server.Pid) - before;
        }
        while (times < 30 && used < 0.5);
        return used / times;
    }

    private async Task AskAsync(Server server, Question question, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var path = question.RangeSeconds == 0
            ? $"{peer.QueryPath}?query={Uri.EscapeDataString(question.Text)}&time={now - 30}&nocache=1"
            : $"{peer.RangePath}?query={Uri.EscapeDataString(question.Text)}&start={now - 30 - question.RangeSeconds}&end={now - 30}&step={question.StepSeconds}&nocache=1";
        using var answer = await server.Http.GetAsync(path, cancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{(int)answer.StatusCode} {System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(200, body.Length)))}");
    }

    private async Task RestartAsync(Server server, string what, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        _figures[$"{what}, s"] = await server.StartAsync(cancellationToken);
        await TryAsync($"{what} + first heavy query", async () =>
        {
            await AskAsync(server, Question.All[^2], cancellationToken);
            _figures[$"{what} + first heavy query, s"] = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        });
    }

    private async Task TryAsync(string what, Func<Task> measure)
    {
        try
        {
            await measure();
        }
        catch (Exception failure) when (failure is InvalidOperationException or HttpRequestException or TaskCanceledException)
        {
            _failures[what] = string.Create(CultureInfo.InvariantCulture, $"{failure.Message}");
        }
    }
}
