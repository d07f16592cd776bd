using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HmsOps.App.Tests.Verbs.Query;

/// <summary>What listens where a hub should: it answers everything alike, and keeps what it was asked last.</summary>
internal sealed class ScriptedHub : IAsyncDisposable
{
    private readonly WebApplication _web;

    private ScriptedHub(WebApplication web) => _web = web;

    /// <summary>Method, path and body of the last request.</summary>
    public string Asked { get; private set; } = "";

    public string Url { get; private set; } = "";

    public static async Task<ScriptedHub> StartAsync(int status, string body)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var hub = new ScriptedHub(builder.Build());
        hub._web.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            hub.Asked = $"{http.Request.Method} {http.Request.Path} {await reader.ReadToEndAsync(http.RequestAborted)}";
            http.Response.StatusCode = status;
            await http.Response.WriteAsync(body, http.RequestAborted);
        });
        await hub._web.StartAsync();
        hub.Url = hub._web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(); // it has started
        return hub;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
