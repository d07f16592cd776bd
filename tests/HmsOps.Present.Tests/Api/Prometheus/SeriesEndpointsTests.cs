using System.Text.Json;
using HmsOps.Present.Tests.Stage;
using HmsOps.Series;

namespace HmsOps.Present.Tests.Api.Prometheus;

public sealed class SeriesEndpointsTests : IAsyncLifetime
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private TestHub _hub = null!; // set by InitializeAsync

    public async Task InitializeAsync()
    {
        var stored = new StoredSeries(batch =>
        {
            batch.Add(Labels.From(("__name__", "up"), ("job", "node"), ("instance", "a:1")), StoredSeries.Before(60_000), 1);
            batch.Add(Labels.From(("__name__", "up"), ("job", "node"), ("instance", "b:1")), StoredSeries.Before(60_000), 1);
            batch.Add(Labels.From(("__name__", "up"), ("job", "court"), ("Zone", "east")), StoredSeries.Before(7_200_000), 0);
            batch.Add(Labels.From(("__name__", "tax-bot.ok"), ("law.code", "26 USC"), ("job", "𝄞")), StoredSeries.Before(60_000), 3);
        });
        _hub = await TestHub.StartAsync(stored.Sources());
    }

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Theory]
    [InlineData("/api/v1/series?match[]=up{job=\"node\"}", """[{"__name__":"up","instance":"a:1","job":"node"},{"__name__":"up","instance":"b:1","job":"node"}]""")]
    [InlineData("/api/v1/series?match[]=up{instance=\"a:1\"}&match[]={job=\"node\"}&match[]={\"tax-bot.ok\"}",
        """[{"__name__":"tax-bot.ok","job":"𝄞","law.code":"26 USC"},{"__name__":"up","instance":"a:1","job":"node"},{"__name__":"up","instance":"b:1","job":"node"}]""")]
    [InlineData("/api/v1/series?match[]=up&start=2026-11-20T09:00:00Z&end=2026-11-20T11:00:00Z", """[{"Zone":"east","__name__":"up","job":"court"}]""")]
    [InlineData("/api/v1/series?match[]=down", "[]")]
    [InlineData("/api/v1/labels", """["Zone","__name__","instance","job","law.code"]""")]
    [InlineData("/api/v1/labels?start=2026-11-20T11:58:00Z&match[]=up", """["__name__","instance","job"]""")]
    [InlineData("/api/v1/labels?match[]=up{job=\"court\"}&match[]={\"tax-bot.ok\"}", """["Zone","__name__","job","law.code"]""")]
    [InlineData("/api/v1/label/job/values", """["court","node","𝄞"]""")]
    [InlineData("/api/v1/label/job/values?match[]={\"tax-bot.ok\"}&match[]=up{job=\"node\"}", """["node","𝄞"]""")]
    [InlineData("/api/v1/label/__name__/values", """["tax-bot.ok","up"]""")]
    [InlineData("/api/v1/label/U__law_2e_code/values", """["26 USC"]""")]
    [InlineData("/api/v1/label/law.code/values", """["26 USC"]""")]
    [InlineData("/api/v1/label/nobody/values", "[]")]
    public async Task What_is_there_is_listed(string address, string data)
    {
        var said = await JsonAsync(await _hub.Client.GetAsync(address));

        Assert.Equal("success", said.GetProperty("status").GetString());
        Assert.Equal(data, Plain(said.GetProperty("data")));
        Assert.False(said.TryGetProperty("warnings", out _));
    }

    [Theory]
    [InlineData("/api/v1/series?match[]=up&limit=2", 2, true)]
    [InlineData("/api/v1/series?match[]=up&limit=3", 3, false)]
    [InlineData("/api/v1/series?match[]=up&limit=0", 3, false)]
    [InlineData("/api/v1/labels?limit=4", 4, true)]
    [InlineData("/api/v1/label/job/values?limit=1", 1, true)]
    public async Task A_limit_that_is_reached_is_said(string address, int items, bool isTruncated)
    {
        var said = await JsonAsync(await _hub.Client.GetAsync(address));

        Assert.Equal(items, said.GetProperty("data").GetArrayLength());
        Assert.Equal(isTruncated, said.TryGetProperty("warnings", out var warnings));
        if (isTruncated)
            Assert.Equal("""["results truncated due to limit"]""", Plain(warnings));
    }

    [Fact]
    public async Task A_form_is_answered_as_an_address_is_and_both_are_read_for_selectors()
    {
        using var form = await _hub.Client.SendAsync(TestHub.Post("/api/v1/series?match[]={\"tax-bot.ok\"}", "match[]=up%7Bjob%3D%22court%22%7D&limit=9", "application/x-www-form-urlencoded"));

        Assert.Equal("""[{"__name__":"tax-bot.ok","job":"𝄞","law.code":"26 USC"},{"Zone":"east","__name__":"up","job":"court"}]""", Plain((await JsonAsync(form)).GetProperty("data")));
    }

    private static string Plain(JsonElement json) => JsonSerializer.Serialize(json, Readable)
        .Replace("\\uD834\\uDD1E", "𝄞", StringComparison.Ordinal);

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.Clone();
    }
}
