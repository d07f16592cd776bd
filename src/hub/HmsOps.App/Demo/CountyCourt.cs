namespace HmsOps.App.Demo;

/// <summary>
/// The county court's scheduling API: about 110 ms under docket rule v40; under v41, which makes the county look up every Friday of the year, 1.2 s, and now and
/// then 4 s. It asks at each request which rule is live.
/// </summary>
internal sealed class CountyCourt(DocketRule rule, Random random, TimeProvider time)
{
    private const double HeldUp = 0.03; // of the requests under v41

    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(110);
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1.2);
    private static readonly TimeSpan Slowest = TimeSpan.FromSeconds(4);

    private readonly Lock _gate = new(); // Random is for one caller at a time

    /// <summary>Answers one request.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        try
        {
            var live = await rule.ReadAsync(http.RequestAborted);
            await Task.Delay(live == DocketRule.Bad ? UnderBad() : Quick, time, http.RequestAborted);
            await http.Response.WriteAsync($"scheduled under docket rule {live}\n", http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The clerk hung up.
        }
    }

    private TimeSpan UnderBad()
    {
        lock (_gate)
            return random.NextDouble() < HeldUp ? Slowest : Slow;
    }
}
