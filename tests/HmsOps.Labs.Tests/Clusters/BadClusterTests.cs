using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using HmsOps.Labs.Tests.World;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.PromQL;
using HmsOps.Series;

namespace HmsOps.Labs.Tests.Clusters;

/// <summary>Clusters that die, dawdle, or send too much.</summary>
public sealed class BadClusterTests
{
    private const int Series = 200;
    private const int Samples = 5_000;

    private static readonly Selection Big = new([new("__name__", MatchOp.Equal, "court_big")], 0, 4_000_000_000_000) { InAnyOrder = true };

    [Fact]
    public async Task One_that_dies_in_the_midst_of_an_answer_ends_the_question_and_is_left_alone()
    {
        using var lab = new LabFolder();
        await using var server = await FilledAsync(lab);
        using var cluster = new AskedCluster(server.Http, reads: false);
        using var cursor = cluster.Source.Select(Big, new QueryBudget(long.MaxValue), CancellationToken.None);
        Assert.True(cursor.MoveNext());
        await server.KillAsync();
        var walked = 1;
        var failure = Assert.Throws<ClusterUnavailableException>(() =>
        {
            while (cursor.MoveNext())
                walked++;
        });

        Assert.InRange(walked, 1, Series - 1);
        Assert.Contains("broke off its answer", failure.Message, StringComparison.Ordinal);
        var began = Stopwatch.GetTimestamp();
        Assert.Contains("asked again in", Assert.Throws<ClusterUnavailableException>(() => cluster.Source.Series(Big, int.MaxValue, CancellationToken.None)).Message, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task One_that_sends_more_than_the_query_may_hold_is_cut_short()
    {
        using var lab = new LabFolder();
        await using var server = await FilledAsync(lab);
        using var cluster = new AskedCluster(server.Http, reads: false);
        var end = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var refused = Assert.Throws<PromEvaluationException>(() =>
            cluster.Engine(new PromLimits { SamplesMax = 20_000 }).Instant(PromParser.Parse("sum(count_over_time(court_big[2d]))").Expression!, end, CancellationToken.None)); // it parses

        Assert.Equal("sample_limit", refused.Limit);
        Assert.Null(cluster.Source.Outage.Failure);

        // With room enough all of it comes, and is not held: a million samples take sixteen million bytes, and the answer some thirty.
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var all = cluster.Engine().Instant(PromParser.Parse("sum(count_over_time(court_big[2d]))").Expression!, end, CancellationToken.None);
        Assert.Equal(Series * (double)Samples, Assert.Single(all.Points).Value);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 8_000_000);
    }

    [Fact]
    public async Task One_that_answers_a_byte_a_second_is_given_up_after_its_patience()
    {
        var answer = """{"status":"success","data":{"resultType":"matrix","result":[]}}"""u8.ToArray();
        await using var server = new OneByOne(async (stream, over) =>
        {
            await SkipRequestAsync(stream, over);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {answer.Length}\r\n\r\n"), over);
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            try
            {
                foreach (var one in answer)
                {
                    await stream.WriteAsync(new[] { one }, over);
                    await timer.WaitForNextTickAsync(over);
                }
            }
            catch (IOException)
            {
                // The asker has gone, as he should.
            }
        });
        using var peer = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        using var cluster = new AskedCluster(peer, reads: false, patience: TimeSpan.FromSeconds(3));
        var began = Stopwatch.GetTimestamp();
        var failure = Assert.Throws<ClusterUnavailableException>(() => Walk(cluster, CancellationToken.None));

        Assert.Contains("came within 3 s", failure.Message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 2.5, 20);
    }

    [Fact]
    public async Task A_question_that_is_given_up_ends_its_request_at_once()
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stopping = new CancellationTokenSource();
        await using var server = new OneByOne(async (stream, over) =>
        {
            await SkipRequestAsync(stream, over);
            await stopping.CancelAsync();
            try
            {
                Assert.Equal(0, await stream.ReadAsync(new byte[1], over)); // the other side closes
            }
            catch (IOException)
            {
                // Or resets: gone all the same.
            }
            gone.SetResult();
        });
        using var peer = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        using var cluster = new AskedCluster(peer, reads: true);

        Assert.ThrowsAny<OperationCanceledException>(() => Walk(cluster, stopping.Token));
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Null(cluster.Source.Outage.Failure);
    }

    private static void Walk(AskedCluster cluster, CancellationToken cancellationToken)
    {
        using var cursor = cluster.Source.Select(Big, new QueryBudget(10), cancellationToken);
        while (cursor.MoveNext())
        {
        }
    }

    // Up to the empty line, and what comes with it: questions of reading are small.
    private static async Task SkipRequestAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var read = new List<byte>();
        var buffer = new byte[4_096];
        while (!Encoding.Latin1.GetString([.. read]).Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer, cancellationToken);
            Assert.NotEqual(0, count);
            read.AddRange(buffer[..count]);
        }
        var (text, length) = (Encoding.Latin1.GetString([.. read]), 0);
        foreach (var line in text.Split("\r\n").Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)))
            length = int.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
        for (var left = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4 + length - read.Count; left > 0;)
            left -= await stream.ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)), cancellationToken);
    }

    // A million samples with all their digits: some thirty million bytes of JSON, far more than the system's buffers hold.
    private static async Task<VictoriaMetricsServer> FilledAsync(LabFolder lab)
    {
        var server = await VictoriaMetricsServer.StartAsync(lab);
        var dice = new Random(5);
        var end = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 60_000;
        var times = string.Join(',', Enumerable.Range(0, Samples).Select(i => end - ((Samples - i) * 15_000L)));
        for (var n = 0; n < Series; n++)
        {
            var values = string.Join(',', Enumerable.Range(0, Samples).Select(_ => dice.NextDouble().ToString("R", CultureInfo.InvariantCulture)));
            using var content = new StringContent($$"""{"metric":{"__name__":"court_big","n":"{{n}}"},"values":[{{values}}],"timestamps":[{{times}}]}""");
            using var answer = await server.Http.PostAsync(new Uri("/api/v1/import", UriKind.Relative), content);
            answer.EnsureSuccessStatusCode();
        }
        await server.ShowAsync();
        return server;
    }
}
