using System.Globalization;
using System.Net.Sockets;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Kills;

/// <summary>
/// A client as the example's: numbers under ids, and what was not acknowledged is sent again under the ids it has. One batch is under way at a time.
/// </summary>
internal sealed class PatientSender : IAsyncDisposable
{
    private const int BatchItems = 5;

    private static readonly TimeSpan BatchEvery = TimeSpan.FromMilliseconds(20);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly CancellationTokenSource _enough = new();
    private readonly Task _sending;
    private volatile Uri _hub;

    public PatientSender(RunningHub hub, double value)
    {
        _hub = hub.Address;
        Value = value;
        _sending = SendAsync();
    }

    public double Value { get; set; }

    /// <summary>Numbers the hub said it has.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Batches that had to be sent again, for nobody knows what became of them.</summary>
    public int Repeats { get; private set; }

    public void MoveTo(RunningHub hub) => _hub = hub.Address;

    /// <summary>Ends once all that was begun is acknowledged.</summary>
    public async Task FinishAsync(TimeSpan within)
    {
        await _enough.CancelAsync();
        await _sending.WaitAsync(within);
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        _http.Dispose();
        _enough.Dispose();
    }

    private async Task SendAsync()
    {
        using var timer = new PeriodicTimer(BatchEvery);
        for (var batch = 0; !_enough.IsCancellationRequested; batch++)
        {
            var body = BodyOf(batch);
            while (!await IsTakenAsync(body))
            {
                Repeats++;
                await timer.WaitForNextTickAsync();
            }
            Acknowledged += BatchItems;
            await timer.WaitForNextTickAsync();
        }
    }

    private string BodyOf(int batch) => $"[{string.Join(',', Enumerable.Range(0, BatchItems).Select(n =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"name": "county_api_ms", "val": {{Value}}, "id": "lab-{{batch}}-{{n}}"}""")))}]";

    private async Task<bool> IsTakenAsync(string body)
    {
        try
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await _http.PostAsync(new Uri(_hub, "/metric"), content);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
        {
            return false; // the hub is dead just now; a line that dies as it is made is told as it comes from the kernel
        }
    }
}
