using System.Net;
using HmsOps.Present.Doors;
using HmsOps.Present.Tests.Stage;
using Microsoft.AspNetCore.Http;

namespace HmsOps.Present.Tests.Doors;

public sealed class RequestEdgeTests
{
    private static readonly HostRule Hosts = new(["127.0.0.1", "localhost", "::1", "ops.gov"]);

    [Theory]
    [InlineData("127.0.0.1:9900", 0)]
    [InlineData("localhost", 0)]
    [InlineData("LOCALHOST:80", 0)]
    [InlineData("ops.gov.", 0)]
    [InlineData("[::1]:9900", 0)]
    [InlineData("evil.example", 421)]
    [InlineData("ops.gov.evil.example", 421)]
    [InlineData("127.0.0.1.evil.example:9900", 421)]
    [InlineData("", 400)]
    public void The_hub_answers_to_its_own_names_only(string host, int status)
    {
        var http = new DefaultHttpContext();
        http.Request.Host = new HostString(host);

        Assert.Equal(status, Hosts.Refuse(http.Request)?.Status ?? 0);
    }

    [Theory]
    [InlineData("GET", "cross-site", "https://evil.example", false)]
    [InlineData("POST", "", "", false)]
    [InlineData("POST", "none", "", false)]
    [InlineData("POST", "same-origin", "http://127.0.0.1:9900", false)]
    [InlineData("POST", "", "http://127.0.0.1:9900", false)]
    [InlineData("POST", "cross-site", "", true)]
    [InlineData("POST", "same-site", "http://127.0.0.1:9900", true)]
    [InlineData("POST", "", "http://127.0.0.1:3000", true)]
    [InlineData("POST", "", "https://127.0.0.1:9900", true)]
    [InlineData("POST", "", "null", true)]
    [InlineData("DELETE", "cross-site", "", true)]
    public void What_changes_something_must_not_come_from_a_page_of_another_origin(string method, string site, string origin, bool refused)
    {
        var http = new DefaultHttpContext();
        http.Request.Method = method;
        http.Request.Scheme = "http";
        http.Request.Host = new HostString("127.0.0.1:9900");
        if (site.Length > 0)
            http.Request.Headers["Sec-Fetch-Site"] = site;
        if (origin.Length > 0)
            http.Request.Headers.Origin = origin;

        Assert.Equal(refused, OriginRule.Refuse(http.Request) is not null);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api/v1/query?query=1")]
    [InlineData("/nowhere")]
    [InlineData("/hms/x/tokens.css")]
    public async Task Every_answer_carries_the_policy_to_the_letter(string address)
    {
        await using var hub = await TestHub.StartAsync(CountyCourt.Over.Sources());
        using var answer = await hub.Client.GetAsync(address);

        Assert.Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("same-origin", answer.Headers.GetValues("Cross-Origin-Opener-Policy").Single());
        Assert.Equal("same-origin", answer.Headers.GetValues("Cross-Origin-Resource-Policy").Single());
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Fact]
    public async Task A_fault_in_one_page_is_said_and_ends_nothing_else()
    {
        var broken = true;
        await using var hub = await TestHub.StartAsync(CountyCourt.Over.Sources(s => s with
        {
            Workspace = () => broken ? throw new InvalidOperationException("secret detail") : CountyCourt.Workspace,
        }));
        using var failed = await hub.Client.GetAsync("/workspace");
        broken = false;
        using var next = await hub.Client.GetAsync("/workspace");

        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        Assert.DoesNotContain("secret detail", await failed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.True(failed.Headers.Contains("Content-Security-Policy"));
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }
}
