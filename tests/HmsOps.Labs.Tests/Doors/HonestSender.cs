using System.Globalization;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Doors;

/// <summary>A sender that behaves: ten samples every 50 ms, all of which have to be taken at once.</summary>
internal sealed class HonestSender : IAsyncDisposable
{
    private const int BatchSamples = 10;
    private static readonly TimeSpan BatchEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AnsweredWithin = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = AnsweredWithin };
    private readonly CancellationTokenSource _enough = new();
    private readonly Task<int> _sending;

    public HonestSender(RunningHub hub) => _sending = SendAsync(new Uri(hub.Address, "/api/v2/write?precision=ms"));

    /// <summary>Ends; answers how many samples were taken. Fails when one was not.</summary>
    public async Task<int> FinishAsync()
    {
        await _enough.CancelAsync();
        return await _sending.WaitAsync(AnsweredWithin);
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        _http.Dispose();
        _enough.Dispose();
    }

    private async Task<int> SendAsync(Uri door)
    {
        using var timer = new PeriodicTimer(BatchEvery);
        var sent = 0;
        for (var time = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(); !_enough.IsCancellationRequested; time++)
        {
            var lines = new StringBuilder();
            for (var i = 0; i < BatchSamples; i++)
                lines.Append(CultureInfo.InvariantCulture, $"honest,i={i} v={sent + i} {time}\n");
            using var body = new StringContent(lines.ToString());
            using var answer = await _http.PostAsync(door, body);
            Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            sent += BatchSamples;
            await timer.WaitForNextTickAsync();
        }
        return sent;
    }
}
