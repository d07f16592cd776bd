using System.Net;
using System.Net.Sockets;
using HmsOps.App.Running;
using HmsOps.App.Settings;

namespace HmsOps.App.Tests.Running;

public sealed class ClusterWayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hms-way-").FullName;
    private readonly HttpListener _cluster = new();
    private readonly Uri _address;
    private readonly HandClock _time = new();

    public ClusterWayTests()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        _address = new Uri($"http://127.0.0.1:{((IPEndPoint)port.LocalEndpoint).Port}/");
        port.Stop();
        _cluster.Prefixes.Add(_address.ToString());
        _cluster.Start();
    }

    public void Dispose()
    {
        _cluster.Close();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Requests_carry_the_headers_and_a_secret_that_was_changed_is_used_within_a_minute()
    {
        await File.WriteAllTextAsync(Secret, "first\n");
        using var http = Way();

        Assert.Equal("opm|Bearer first", await SentAsync(http));
        await File.WriteAllTextAsync(Secret, "second\n");
        Assert.Equal("opm|Bearer first", await SentAsync(http));
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("opm|Bearer second", await SentAsync(http));
    }

    [Fact]
    public async Task A_secret_without_a_value_is_named()
    {
        using var http = Way();
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(_address));
        Assert.Contains("the secret 'cluster' of remote.headers has no value", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hubs_own_door_is_no_cluster()
    {
        await File.WriteAllTextAsync(Secret, "first\n");
        using var http = Way(isOurs: true);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(_address));
        Assert.Contains("own door", failure.Message + failure.InnerException?.Message, StringComparison.Ordinal);
    }

    private string Secret => Path.Combine(_folder, "cluster.token");

    private HttpClient Way(bool isOurs = false)
    {
        var read = Assert.IsType<SettingsOutcome.Read>(SettingsReader.Read(new SettingsSources
        {
            WorkingDirectory = _folder,
            SystemTimeZone = TimeZoneInfo.Utc,
            Flags = new Dictionary<string, string>
            {
                ["--storage"] = "remote",
                ["--remote-write"] = $"{_address}api/v1/write",
                ["--remote-headers"] = "{X-Scope-OrgID: opm, Authorization: 'Bearer ${secret:cluster}'}",
                ["--secrets"] = $"{{cluster: 'file:{Secret}'}}",
            },
        }));
        var remote = read.Settings.Remote;
        Assert.NotNull(remote);
        return new HttpClient(new ClusterWay(remote, new SecretReader(read.Settings, new Dictionary<string, string>(), _time), _ => isOurs, _time));
    }

    private async Task<string> SentAsync(HttpClient http)
    {
        var answer = http.GetAsync(_address);
        var context = await _cluster.GetContextAsync();
        context.Response.Close();
        (await answer).Dispose();
        return $"{context.Request.Headers["X-Scope-OrgID"]}|{context.Request.Headers["Authorization"]}";
    }

    private sealed class HandClock : TimeProvider
    {
        private TimeSpan _elapsed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _elapsed.Ticks;

        public void Advance(TimeSpan by) => _elapsed += by;
    }
}
