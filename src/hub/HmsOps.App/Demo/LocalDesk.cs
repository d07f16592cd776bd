using System.Net;

namespace HmsOps.App.Demo;

/// <summary>A small HTTP service on a free port of this machine, with one address that takes posts.</summary>
internal sealed class LocalDesk : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LocalDesk(WebApplication app, Uri address) => (_app, Address) = (app, address);

    /// <summary>Where it takes posts.</summary>
    public Uri Address { get; }

    public static async Task<LocalDesk> OpenAsync(string path, RequestDelegate answer, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders(); // the terminal belongs to the story
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        var app = builder.Build();
        app.MapPost(path, answer);
        await app.StartAsync(cancellationToken);
        return new LocalDesk(app, new Uri(new Uri(app.Urls.First()), path));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    // Signals are the demo's: everything ends in its order.
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
