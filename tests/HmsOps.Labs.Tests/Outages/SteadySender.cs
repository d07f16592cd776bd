using System.Globalization;
using System.Net.Sockets;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Outages;

/// <summary>Somebody who measures ten times a second and sends it to the hub, again until it is acknowledged: afterwards it is known what has to be there.</summary>
internal sealed class SteadySender : IAsyncDisposable
{
    public const int Series = 200;
    public const string Metric = "load_v";

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };
    private readonly CancellationTokenSource _enough = new();
    private Task? _sending;
    private volatile Uri? _hub;

    /// <summary>When was measured, in order; a sample of each series each time. Read it when the sender has finished.</summary>
    public List<long> Times { get; } = [];

    /// <summary>Batches that were sent again.</summary>
    public int Repeats { get; private set; }

    // A counter, a value that stays, a measured one, and one of which no two digits repeat.
    public static double ValueOf(int series, long time) => (series % 4) switch
    {
        0 => time / 100 * (series + 1),
        1 => series,
        2 => Math.Round(Math.Sin((time / 60_000.0) + series) * 100, 2),
        _ => (ulong)((time + series) * 0x5851F42D4C957F2DL) / 7.0,
    };

    /// <summary>Sends to this hub from now on.</summary>
    public void Begin(RunningHub hub)
    {
        _hub = hub.Address;
        _sending ??= SendAsync();
    }

    /// <summary>Ends once all that was begun is acknowledged.</summary>
    public async Task FinishAsync()
    {
        await _enough.CancelAsync();
        await (_sending ?? Task.CompletedTask).WaitAsync(TimeSpan.FromMinutes(1));
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        _http.Dispose();
        _enough.Dispose();
    }

    private async Task SendAsync()
    {
        using var timer = new PeriodicTimer(Every);
        while (!_enough.IsCancellationRequested)
        {
            var time = Math.Max(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Times.Count == 0 ? 0 : Times[^1] + 1);
            var text = new StringBuilder();
            for (var series = 0; series < Series; series++)
                text.Append(CultureInfo.InvariantCulture, $"load,series={series} v={ValueOf(series, time):R} {time}\n");
            var body = text.ToString();
            while (!await IsTakenAsync(body))
            {
                Repeats++;
                await timer.WaitForNextTickAsync();
            }
            Times.Add(time);
            await timer.WaitForNextTickAsync();
        }
    }

    private async Task<bool> IsTakenAsync(string body)
    {
        try
        {
            using var content = new StringContent(body);
            using var answer = await _http.PostAsync(new Uri(_hub!, "/api/v2/write?precision=ms"), content);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
        {
            return false; // the hub is being started anew
        }
    }
}
