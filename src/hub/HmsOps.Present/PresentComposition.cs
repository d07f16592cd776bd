using HmsOps.Present.Api;
using HmsOps.Present.Api.Hub;
using HmsOps.Present.Api.Incidents;
using HmsOps.Present.Api.Influx;
using HmsOps.Present.Api.Ledger;
using HmsOps.Present.Api.Live;
using HmsOps.Present.Api.Otlp;
using HmsOps.Present.Api.Prometheus;
using HmsOps.Present.Api.Push;
using HmsOps.Present.Api.Queries;
using HmsOps.Present.Api.RemoteWrite;
using HmsOps.Present.Api.Store;
using HmsOps.Present.Api.Workspace;
using HmsOps.Present.Assets;
using HmsOps.Present.Doors;
using HmsOps.Present.Readings;
using HmsOps.Present.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HmsOps.Present;

/// <summary>How the hub takes this room in: one call for its services, one for its addresses.</summary>
public static class PresentComposition
{
    /// <summary>Registers what pages and endpoints are made from, and the limits of the door.</summary>
    public static IServiceCollection AddPresent(this IServiceCollection services, PresentSources sources)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(sources);
        services.AddRazorComponents();
        WithoutKeys(services);
        services.AddResponseCompression(options => options.EnableForHttps = false); // a secret beside text of a stranger must not be compressed with it
        services.AddSingleton(sources);
        services.AddSingleton(new HostRule(sources.Hosts));
        services.AddSingleton(new MetricReader(sources.PromQL));
        services.AddSingleton(new LedgerReader(sources.Journal));
        services.AddSingleton(_ => new QueryGate(sources.Time, sources.Limits.QueriesAtOnce));
        services.AddSingleton(sources.Queries ?? new RunningQueries(sources.Time));
        services.AddSingleton<LiveStreams>();
        services.AddSingleton<LiveEndpoint>();
        services.AddSingleton<LedgerEndpoints>();
        services.AddSingleton<TileEndpoints>();
        services.AddSingleton<PromDoor>();
        services.AddSingleton<QueryEndpoints>();
        services.AddSingleton<SeriesEndpoints>();
        services.AddSingleton<ExpressionEndpoints>();
        services.AddSingleton<MetadataEndpoints>();
        services.AddSingleton<RuleEndpoints>();
        services.AddSingleton<StatusEndpoints>();
        services.AddSingleton<TargetsEndpoint>();
        services.AddSingleton<StoreAdminEndpoints>();
        services.AddSingleton<FederateEndpoint>();
        services.AddSingleton<ReadEndpoint>();
        services.AddSingleton<PageEndpoints>();
        services.Configure<KestrelServerOptions>(Limit);
        return services;
    }

    /// <summary>Maps every page and every address of the API, and what stands before them.</summary>
    public static WebApplication MapPresent(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var services = app.Services;
        var sources = services.GetRequiredService<PresentSources>();
        app.UseMiddleware<OtlpGrpcDoor>(); // another port, with an edge of its own
        app.UseMiddleware<RequestEdge>();
        app.UseResponseCompression();
        app.UseRouting(); // after the edge: what is refused there is never routed

        var api = app.MapGroup("/api/ops/v1").AddEndpointFilter(static (context, next) =>
        {
            context.HttpContext.Response.Headers.CacheControl = "no-store";
            return next(context);
        });
        PushEndpoint.Map(app, sources);
        RemoteWriteEndpoint.Map(app, sources);
        InfluxEndpoints.Map(app, sources);
        OtlpEndpoints.Map(app, sources);
        services.GetRequiredService<QueryEndpoints>().Map(app);
        services.GetRequiredService<SeriesEndpoints>().Map(app);
        services.GetRequiredService<ExpressionEndpoints>().Map(app);
        services.GetRequiredService<MetadataEndpoints>().Map(app);
        services.GetRequiredService<RuleEndpoints>().Map(app);
        services.GetRequiredService<StatusEndpoints>().Map(app);
        services.GetRequiredService<StoreAdminEndpoints>().Map(app);
        services.GetRequiredService<FederateEndpoint>().Map(app);
        services.GetRequiredService<ReadEndpoint>().Map(app);
        services.GetRequiredService<TargetsEndpoint>().Map(app);
        IncidentsEndpoint.Map(api, sources);
        services.GetRequiredService<LedgerEndpoints>().Map(api);
        services.GetRequiredService<TileEndpoints>().Map(app);
        services.GetRequiredService<LiveEndpoint>().Map(api);
        WorkspaceEndpoint.Map(api, sources);
        HubEndpoints.Map(app, api, sources);
        StoreEndpoints.Map(api, sources);
        QueriesEndpoints.Map(api, services.GetRequiredService<RunningQueries>());
        AssetsEndpoint.Map(app);
        services.GetRequiredService<PageEndpoints>().Map(app);
        NoAddress.Map(app);
        return app;
    }

    // The framework protects state that pages hand back to it. Ours hand back none, so it need not make keys, before the hub is ready, in the home folder.
    private static void WithoutKeys(IServiceCollection services)
    {
        foreach (var service in services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationType?.Assembly == typeof(IKeyManager).Assembly).ToList())
            services.Remove(service);
        services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
    }

    // design/reliability, Limits: each is refused by Kestrel itself, before a byte of ours is spent.
    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 2_048;
        kestrel.Limits.MaxRequestLineSize = 8 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        kestrel.Limits.MaxRequestBodySize = 8 * 1024 * 1024;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 100;
    }
}
