using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Kills;

/// <summary>
/// Rounds of SIGKILL at random moments while two senders write and the store is now and then ordered to compact: what was acknowledged is there, to the bit, nothing that was
/// not sent is, and every start succeeds. Twelve rounds here; <c>./kills 1000</c> for more.
/// </summary>
public sealed class StoreKillsTests
{
    private const int Series = 40;
    private const long LateMs = 5_000;
    private const int KeptRounds = 8; // so many are looked at again after each kill; all of them at the end

    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("HMS_KILL_ROUNDS") ?? "12", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("HMS_KILL_SEED") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Every_acknowledged_sample_is_there_none_is_invented_and_every_start_succeeds()
    {
        using var lab = new LabFolder();
        var dice = new Random(Seed);
        var rounds = new List<Round>();
        var (acknowledged, unknown) = (0L, 0L);
        for (var number = 0; number < Rounds; number++)
        {
            await using var hub = await RunningHub.StartAsync(lab);
            foreach (var earlier in rounds.TakeLast(KeptRounds))
                await earlier.CheckAsync(hub, number);
            var round = new Round(number);
            await round.PlayAsync(hub, TimeSpan.FromMilliseconds(dice.Next(50, 900)), compacts: dice.Next(3) == 0);
            rounds.Add(round);
            (acknowledged, unknown) = (acknowledged + round.Acknowledged, unknown + round.Unknown);
        }
        await using var last = await RunningHub.StartAsync(lab);
        foreach (var round in rounds)
            await round.CheckAsync(last, Rounds);
        Assert.True(acknowledged > Rounds * Series, $"{acknowledged} samples were acknowledged in {Rounds} rounds: too few to tell");
        await last.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(Checkout.Root, ".build", "kills.txt"), $"{Rounds} rounds, {acknowledged} samples acknowledged, {unknown} under way at a kill; none lost, none invented\n");
    }

    /// <summary>One life of the hub: what was sent in it, and what of it was acknowledged.</summary>
    private sealed class Round(int number)
    {
        private readonly ConcurrentDictionary<(int Series, long Time), (double Value, bool IsAcknowledged)> _sent = [];
        private readonly long _first = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        private long _next = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

        public long Acknowledged => _sent.Values.Count(sample => sample.IsAcknowledged);

        public long Unknown => _sent.Count - Acknowledged;

        public async Task PlayAsync(RunningHub hub, TimeSpan life, bool compacts)
        {
            using var enough = new CancellationTokenSource();
            var senders = Enumerable.Range(0, 2).Select(sender => SendAsync(hub, sender, enough.Token)).ToList();
            if (compacts)
                senders.Add(OrderAsync(hub, enough.Token));
            await Task.Delay(life);
            await hub.KillAsync();
            await enough.CancelAsync();
            await Task.WhenAll(senders);
        }

        public async Task CheckAsync(RunningHub hub, int after)
        {
            // A window of a millisecond holds the sample at its end, or none.
            var query = Uri.EscapeDataString($"last_over_time(load_v{{round=\"{number}\"}}[1ms])");
            var range = string.Create(CultureInfo.InvariantCulture, $"&start={(_first - LateMs) / 1_000.0:0.000}&end={Interlocked.Read(ref _next) / 1_000.0:0.000}&step=0.001");
            var found = await hub.JsonAsync($"/api/v1/query_range?query={query}{range}");
            var there = new HashSet<(int, long)>();
            foreach (var series in found.GetProperty("data").GetProperty("result").EnumerateArray())
            {
                var id = int.Parse(series.GetProperty("metric").GetProperty("series").GetString()!, CultureInfo.InvariantCulture);
                foreach (var sample in series.GetProperty("values").EnumerateArray())
                {
                    var at = (id, (long)Math.Round(sample[0].GetDouble() * 1_000));
                    var value = double.Parse(sample[1].GetString()!, CultureInfo.InvariantCulture);
                    Assert.True(_sent.TryGetValue(at, out var sent) && sent.Value.Equals(value), $"Round {number}, after {after}: {at} is {value} there, and was sent as {sent.Value}.");
                    Assert.True(there.Add(at), $"Round {number}, after {after}: {at} is there twice.");
                }
            }
            var lost = _sent.Where(sample => sample.Value.IsAcknowledged && !there.Contains(sample.Key)).Select(sample => sample.Key).ToArray();
            Assert.True(lost.Length == 0, $"Round {number}, after {after}: {lost.Length} of {Acknowledged} acknowledged samples are not there, first {lost.FirstOrDefault()}.");
        }

        // A sample each of some series; every third batch is late for half of them.
        private async Task SendAsync(RunningHub hub, int sender, CancellationToken enough)
        {
            for (var batch = 0; !enough.IsCancellationRequested; batch++)
            {
                var time = Interlocked.Increment(ref _next) - (batch % 3 == 2 ? LateMs : 0);
                var samples = Enumerable.Range(0, Series / 2).Select(i => (Series: (i * 2) + sender, Time: time, Value: (batch * 1.25) + i)).Where(sample => _sent.TryAdd((sample.Series, sample.Time), (sample.Value, false))).ToArray();
                var text = new StringBuilder();
                foreach (var sample in samples)
                    text.Append(CultureInfo.InvariantCulture, $"load,round={number},series={sample.Series} v={sample.Value} {sample.Time}\n");
                if (!await IsTakenAsync(hub, text.ToString()))
                    continue;
                foreach (var sample in samples)
                    _sent[(sample.Series, sample.Time)] = (sample.Value, true);
            }
        }

        private static async Task<bool> IsTakenAsync(RunningHub hub, string lines)
        {
            try
            {
                using var body = new StringContent(lines, Encoding.UTF8);
                using var answer = await hub.Http.PostAsync(new Uri("/api/v2/write?precision=ms", UriKind.Relative), body);
                return answer.IsSuccessStatusCode;
            }
            catch (Exception end) when (end is HttpRequestException or OperationCanceledException)
            {
                return false; // killed before it answered: nobody knows
            }
        }

        private static async Task OrderAsync(RunningHub hub, CancellationToken enough)
        {
            try
            {
                while (!enough.IsCancellationRequested)
                {
                    using var answer = await hub.Http.PostAsync(new Uri("/api/ops/v1/store/compact", UriKind.Relative), content: null, enough);
                }
            }
            catch (Exception end) when (end is HttpRequestException or OperationCanceledException)
            {
                // The kill.
            }
        }
    }
}
