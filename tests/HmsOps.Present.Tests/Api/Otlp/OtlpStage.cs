using System.Net;
using HmsOps.Observe;
using HmsOps.Observe.Otlp;
using HmsOps.Present.Api.Otlp;
using HmsOps.Present.Tests.Stage;
using HmsOps.PromQL;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Tsdb;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace HmsOps.Present.Tests.Api.Otlp;

/// <summary>
/// Both doors of OTLP on real ports, in front of a store of its own on the real clock, for a real client stamps its points by it. What the store of this version
/// refuses by name, histograms and differences, is kept beside it.
/// </summary>
public sealed class OtlpStage : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly MetricStore _store;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private OtlpStage(Func<PresentSources, PresentSources> change)
    {
        _store = MetricStore.Open(new SimulatedDisk(new Random(4317)), new MetricStoreOptions { Folder = "metrics" }, TimeProvider.System);
        _running = _store.RunAsync(_stopping.Token);
        Kept = new KeptBeside(_store);
        Intake = new OtlpIntake(Kept, Refusals, new OtlpLimits(), TimeProvider.System);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, options => options.UseOtlpGrpc());
        });
        builder.Services.AddPresent(CountyCourt.Over.Sources(s => change(s with { Otlp = Intake, Time = TimeProvider.System, PromQL = new PromEngine(_store, PromLimits.Default) })));
        _app = builder.Build();
        _app.MapPresent();
    }

    public OtlpIntake Intake { get; }

    public Refusals Refusals { get; } = new();

    public KeptBeside Kept { get; }

    public Uri Http => new(_app.Urls.First());

    public Uri Grpc => new(_app.Urls.Last());

    public HttpClient Client { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { DefaultRequestVersion = HttpVersion.Version11 };

    /// <summary>Speaks HTTP/2 without TLS.</summary>
    public HttpClient GrpcClient { get; } = new(new SocketsHttpHandler())
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public static async Task<OtlpStage> StartAsync(Func<PresentSources, PresentSources>? change = null)
    {
        var stage = new OtlpStage(change ?? (sources => sources));
        await stage._app.StartAsync();
        return stage;
    }

    /// <summary>The store's series of a name, newest value each, as PromQL prints them.</summary>
    public IReadOnlyList<string> Stored(string name)
    {
        var selection = new Selection([new Matcher("__name__", MatchOp.Equal, name)], long.MinValue, long.MaxValue);
        var lines = new List<string>();
        using var cursor = _store.Select(selection, new QueryBudget(1_000), CancellationToken.None);
        while (cursor.MoveNext())
            lines.Add($"{cursor.Current.Labels} {cursor.Current.Values[^1]}");
        return lines;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        GrpcClient.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _stopping.Cancel();
        await _running;
        _store.Dispose();
        _stopping.Dispose();
    }
}
