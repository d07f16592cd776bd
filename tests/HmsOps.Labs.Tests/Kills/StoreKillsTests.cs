using System.Diagnostics;
using System.Globalization;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Kills;

/// <summary>
/// Rounds of SIGKILL at random moments while two senders write, and while the store seals, merges, copies itself or stops: what was acknowledged is there, to the bit, nothing that
/// was not sent is, and every start succeeds. Twelve rounds here; <c>./kills 1000</c> for more.
/// </summary>
/// <remarks>
/// Samples carry times of years ago that go on by 15 s a batch, so that half a second of load is hours to the store, and it seals in nearly every round. After each kill everything is
/// looked at that the last rounds sent, and a slice of what is older; after every fiftieth, and the last, all there is.
/// </remarks>
public sealed class StoreKillsTests
{
    private const int RecentRounds = 4; // what they sent is looked at after each kill
    private const int SliceWindows = 2; // and so much of what is older, another part each time
    private const int AllEvery = 50;    // rounds
    private const int LateEvery = 3;    // batches

    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("HMS_KILL_ROUNDS") ?? "12", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("HMS_KILL_SEED") ?? "1", CultureInfo.InvariantCulture);

    // In the head; in what is sealed; in what is merged. A millisecond beside the batches in order, so that no two have one time.
    private static readonly long[] Lateness = [SentSamples.StepMs * 4, SentSamples.StepMs * 4, 3 * 3_600_000L, 49 * 3_600_000L];

    private readonly SentSamples _sent = new();
    private readonly Random _dice = new(Seed);
    private readonly List<List<SentBatch>> _rounds = [];
    private long _time = SentSamples.WindowOf(DateTimeOffset.UtcNow.AddYears(-6).ToUnixTimeMilliseconds());
    private readonly HashSet<string> _blocks = []; // all that ever were
    private int _slice;

    [Fact]
    public async Task Every_acknowledged_sample_is_there_none_is_invented_and_every_start_succeeds()
    {
        using var lab = new LabFolder();
        var began = Stopwatch.GetTimestamp();
        var (starts, halfBlocks, halfCheckpoints) = (new List<TimeSpan>(), 0, 0);
        for (var number = 0; number < Rounds; number++)
        {
            await using var hub = await StartAsync(lab);
            starts.Add(hub.ReadyAfter);
            await SayAsync(string.Create(CultureInfo.InvariantCulture, $"round {number} after {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s, a start in {hub.ReadyAfter.TotalSeconds:0.00} s, {_blocks.Count} blocks so far"));
            await CheckAsync(hub, number);
            await ResendAsync(hub, number);
            await PlayAsync(hub, lab, number);
            halfBlocks += HalfWritten(lab, "blocks");
            halfCheckpoints += HalfWritten(lab, "checkpoints");
            _blocks.UnionWith(Blocks(lab));
        }
        await using var last = await StartAsync(lab);
        await CheckAsync(last, Rounds, all: true);
        var sealedWindows = await AssertSealedAsync(last);
        var merged = _blocks.Except(Blocks(lab)).Count();
        Assert.True(merged >= Rounds / 4, $"{merged} blocks were merged into others in {Rounds} rounds: too few to tell");
        await last.StopAsync();
        var verified = await Checkout.OpsAsync("store", "verify", "--data", lab.Data);
        Assert.True(verified.Code == 0, verified.Output + verified.Errors);
        Assert.True(_sent.Acknowledged > Rounds * SentSamples.SeriesOfSender, $"{_sent.Acknowledged} samples were acknowledged in {Rounds} rounds: too few to tell");
        starts.Sort();
        await SayAsync(string.Create(CultureInfo.InvariantCulture,
            $"{Rounds} rounds in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s: {_sent.Acknowledged} samples acknowledged, {_sent.Unknown} under way at a kill and not sent again; none lost, none invented. "
            + $"{sealedWindows} windows of two hours sealed, {merged} blocks merged into others; {halfBlocks} kills left a block half written, {halfCheckpoints} a checkpoint. A start took {starts[Rounds / 2].TotalSeconds:0.00} s, at most {starts[^1].TotalSeconds:0.00} s."));
    }

    // One line, the newest: who runs a thousand rounds looks there.
    private static Task SayAsync(string said) => File.WriteAllTextAsync(Path.Combine(Checkout.Root, ".build", "kills.txt"), said + "\n");

    // Without the port of OTLP over gRPC: it is the same for all hubs of a machine, and others start here meanwhile.
    private static Task<RunningHub> StartAsync(LabFolder lab) => RunningHub.StartAsync(lab, "--late-window", "100y", "--otlp-grpc", "off");

    // One life of the hub, and its end.
    private async Task PlayAsync(RunningHub hub, LabFolder lab, int number)
    {
        using var enough = new CancellationTokenSource();
        var sent = new List<SentBatch>();
        _rounds.Add(sent);
        var players = Enumerable.Range(0, SentSamples.Senders).Select(sender => SendAsync(hub, sender, number, sent, enough.Token)).ToList();
        var copy = Path.Combine(lab.Root, "copy");
        if (_dice.Next(3) is var order and < 2)
            players.Add(OrderAsync(hub, order == 0 ? "compact" : $"snapshot?folder={copy}", enough.Token));
        var stops = _dice.Next(4) == 0;
        await Task.Delay(_dice.Next(50, 900)); // the chosen moment; nothing is waited for
        if (stops)
        {
            await hub.SignalAsync("TERM"); // the kill then falls into the last flush, the checkpoint, or comes too late
            await Task.Delay(_dice.Next(250));
        }
        await hub.KillAsync();
        await enough.CancelAsync();
        await Task.WhenAll(players);
        if (Directory.Exists(copy))
            Directory.Delete(copy, recursive: true);
    }

    private async Task CheckAsync(RunningHub hub, int number, bool all = false)
    {
        var windows = _sent.Windows;
        if (!all && number % AllEvery != 0)
        {
            var recent = _rounds.TakeLast(RecentRounds).SelectMany(round => round.Select(batch => SentSamples.WindowOf(batch.Time)));
            var slice = windows.Length == 0 ? [] : Enumerable.Range(0, SliceWindows).Select(_ => windows[_slice++ % windows.Length]);
            windows = [.. recent.Concat(slice).Distinct()];
        }
        foreach (var window in windows)
        {
            var wrong = _sent.Compare(window, await StoredSeries.OfAsync(hub, "load_v", window, window + SentSamples.WindowMs - 1));
            Assert.True(wrong is null, $"Seed {Seed}, before round {number}: {wrong}.");
        }
    }

    // What was under way at the kill: whether the store has it or not, it says yes, and has it once.
    private async Task ResendAsync(RunningHub hub, int number)
    {
        if (_rounds.Count == 0 || number % 2 == 0)
            return;
        foreach (var batch in _rounds[^1].Where(batch => !batch.IsAcknowledged).ToArray())
        {
            batch.IsAcknowledged = await IsTakenAsync(hub, batch);
            Assert.True(batch.IsAcknowledged, $"Seed {Seed}, round {number}: {batch} was sent again and is refused.");
            _rounds[^1].Add(batch);
        }
    }

    private async Task SendAsync(RunningHub hub, int sender, int round, List<SentBatch> sent, CancellationToken enough)
    {
        for (var number = 0; !enough.IsCancellationRequested; number++)
        {
            var time = Interlocked.Add(ref _time, SentSamples.StepMs);
            if (number % LateEvery == LateEvery - 1)
                time -= Lateness[number / LateEvery % Lateness.Length] - 1 - (number / LateEvery % Lateness.Length);
            var batch = _sent.Add(time, sender, round);
            lock (sent)
                sent.Add(batch);
            batch.IsAcknowledged = await IsTakenAsync(hub, batch);
        }
    }

    private static async Task<bool> IsTakenAsync(RunningHub hub, SentBatch batch)
    {
        try
        {
            using var body = new StringContent(SentSamples.LinesOf(batch), Encoding.UTF8);
            using var answer = await hub.Http.PostAsync(new Uri("/api/v2/write?precision=ms", UriKind.Relative), body);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception end) when (end is HttpRequestException or OperationCanceledException)
        {
            return false; // killed before it answered: nobody knows
        }
    }

    private static async Task OrderAsync(RunningHub hub, string order, CancellationToken enough)
    {
        try
        {
            while (!enough.IsCancellationRequested)
            {
                using var answer = await hub.Http.PostAsync(new Uri($"/api/ops/v1/store/{order}", UriKind.Relative), content: null, enough);
            }
        }
        catch (Exception end) when (end is HttpRequestException or OperationCanceledException)
        {
            // The kill.
        }
    }

    private async Task<long> AssertSealedAsync(RunningHub hub)
    {
        const long twoHours = 2 * 3_600_000L;
        var sealedUpTo = (await hub.JsonAsync("/api/ops/v1/store")).GetProperty("sealedUpTo").GetDateTimeOffset().ToUnixTimeMilliseconds();
        var windows = (sealedUpTo - _sent.Windows[0]) / twoHours;
        Assert.True(windows >= Rounds / 4, $"{windows} windows were sealed in {Rounds} rounds: too few to tell");
        return windows;
    }

    private static IEnumerable<string> Blocks(LabFolder lab) => Directory.GetFiles(Path.Combine(lab.Data, "metrics", "blocks"), "*.block");

    // What a writer leaves when it is killed in its midst.
    private static int HalfWritten(LabFolder lab, string folder)
    {
        var path = Path.Combine(lab.Data, "metrics", folder);
        return Directory.Exists(path) && Directory.GetFiles(path, "*.tmp").Length > 0 ? 1 : 0;
    }
}
