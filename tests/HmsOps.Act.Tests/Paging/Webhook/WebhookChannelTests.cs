using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using HmsOps.Act.Paging;
using HmsOps.Act.Paging.Webhook;
using HmsOps.Act.Tests.Support;
using Settings = HmsOps.Workspace.Paging.WebhookChannel;

namespace HmsOps.Act.Tests.Paging.Webhook;

/// <summary>Against a real socket whose other end answers with the bytes the test wants.</summary>
public sealed class WebhookChannelTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private readonly HandTime _time = new();

    [Fact]
    public async Task A_page_arrives_as_json_under_its_key()
    {
        await using var receiver = new ScriptedReceiver(Ok);
        Assert.Equal(new SendOutcome.Accepted(""), await Send(receiver, Pages.Page with { PossibleRepeat = true, Body = "slow \"again\"\n" }));
        Assert.Equal("POST /hooks/T0K3N?x=1 HTTP/1.1", receiver.RequestLine);
        Assert.Equal("application/json", receiver.Headers["Content-Type"]);
        Assert.Equal("INC-2026-0042/oncall/1", receiver.Headers["Idempotency-Key"]);
        Assert.Equal("HMS-OPS", receiver.Headers["User-Agent"]);
        Assert.DoesNotContain("X-HMS-Signature", receiver.Headers.Keys);
        Assert.Equal(
            """
            {"key":"INC-2026-0042/oncall/1","incident":"INC-2026-0042","to":"oncall@opm.gov","subject":"[INC-2026-0042] county_api_ms 1580 ms","body":"slow \u0022again\u0022\n","possibleRepeat":true,"facts":{"alert":"county_api_ms","value":"1580 ms"}}
            """,
            Encoding.UTF8.GetString(receiver.Body));
    }

    [Fact]
    public async Task With_a_secret_each_call_is_signed_with_its_time()
    {
        await using var receiver = new ScriptedReceiver(Ok);
        Assert.IsType<SendOutcome.Accepted>(await Send(receiver, Pages.Page, secret: "k3y"));
        Assert.Equal("1795190820", receiver.Headers["X-HMS-Timestamp"]); // 2026-11-20T16:07:00Z
        byte[] signed = [.. "1795190820."u8, .. receiver.Body];
        Assert.Equal("sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("k3y"u8, signed)), receiver.Headers["X-HMS-Signature"]);
    }

    [Fact]
    public async Task Without_the_secrets_value_nothing_is_sent()
    {
        using var channel = new WebhookChannel(new Settings(new Uri("http://127.0.0.1:9/T0K3N"), "hook"), (_, _) => Task.FromResult<string?>(null), _time);
        Assert.Equal(
            new SendOutcome.Rejected("Pages to http://127.0.0.1:9 are to be signed, but the secret 'hook' has no value: define it under secrets: in hms-ops.yaml."),
            await channel.SendAsync(Pages.Page, CancellationToken.None));
    }

    [Theory]
    [InlineData("HTTP/1.1 201 Created\r\nLocation: /pages/77\r\nContent-Length: 0\r\n\r\n", "/pages/77")]
    [InlineData("HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"id\":\"P-77\"}", "P-77")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"id\":77}", "77")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"id\":\"a\\u001b[31m\"}", "a\\x1b[31m")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"id\":{}}  ", "")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nnope", "")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{\"id\":", "")] // hangs up in the middle: it has the page
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok", "")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", "")]
    public async Task What_the_receiver_calls_it_is_kept(string answer, string id)
    {
        await using var receiver = new ScriptedReceiver(answer);
        Assert.Equal(new SendOutcome.Accepted(id), await Send(receiver, Pages.Page));
    }

    [Theory]
    [InlineData("500 Internal Server Error", "", null)]
    [InlineData("503 Service Unavailable", "Retry-After: 120\r\n", 120)]
    [InlineData("429 Too Many Requests", "Retry-After: Fri, 20 Nov 2026 16:07:30 GMT\r\n", 30)]
    [InlineData("429 Too Many Requests", "Retry-After: Fri, 20 Nov 2026 16:00:00 GMT\r\n", 0)]
    [InlineData("429 Too Many Requests", "Retry-After: 999999999\r\n", 3600)]
    [InlineData("429 Too Many Requests", "Retry-After: soon\r\n", null)]
    [InlineData("408 Request Timeout", "", null)]
    [InlineData("425 Too Early", "", null)]
    [InlineData("599 \u001b[31m", "", null)]
    public async Task What_may_pass_is_tried_again_when_the_receiver_says(string status, string headers, int? retryAfter)
    {
        await using var receiver = new ScriptedReceiver($"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n");
        Assert.Equal(
            new SendOutcome.Failed($"http://127.0.0.1:{receiver.Port} answered {status[..3]}", retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null),
            await Send(receiver, Pages.Page));
    }

    [Theory]
    [InlineData("400 Bad Request", "answered 400")]
    [InlineData("404 Not Found", "answered 404")]
    [InlineData("410 Gone", "answered 410")]
    [InlineData("302 Found", "answered 302; redirects are not followed: write the final address.")]
    [InlineData("307 Temporary Redirect", "answered 307; redirects are not followed: write the final address.")]
    public async Task What_will_not_pass_is_rejected(string status, string words)
    {
        await using var receiver = new ScriptedReceiver($"HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(new SendOutcome.Rejected($"http://127.0.0.1:{receiver.Port} {words}"), await Send(receiver, Pages.Page));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    public async Task A_receiver_that_hangs_up_or_speaks_no_HTTP_may_be_tried_again(string answer)
    {
        await using var receiver = new ScriptedReceiver(answer);
        var failed = Assert.IsType<SendOutcome.Failed>(await Send(receiver, Pages.Page));
        Assert.StartsWith($"http://127.0.0.1:{receiver.Port} cannot be reached or broke the line: ", failed.Reason);
        Assert.DoesNotContain("T0K3N", failed.Reason);
    }

    [Fact]
    public async Task A_receiver_that_hangs_is_given_ten_seconds()
    {
        await using var receiver = new ScriptedReceiver(null);
        var sending = Send(receiver, Pages.Page);
        await receiver.Hanging.WaitAsync(Pages.Patience);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(sending.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(new SendOutcome.Failed($"http://127.0.0.1:{receiver.Port} did not answer within 10 s"), await sending);
    }

    [Fact]
    public async Task The_token_ends_the_attempt()
    {
        await using var receiver = new ScriptedReceiver(null);
        using var channel = new WebhookChannel(new Settings(receiver.Url, null), (_, _) => Task.FromResult<string?>(null), _time);
        using var stopping = new CancellationTokenSource();
        var sending = channel.SendAsync(Pages.Page, stopping.Token);
        await receiver.Hanging.WaitAsync(Pages.Patience);
        stopping.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(Pages.Patience));
    }

    [Fact]
    public async Task A_port_nobody_listens_on_may_be_tried_again()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound and not listening: refused, and nobody else can take it
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        using var channel = new WebhookChannel(new Settings(new Uri($"http://127.0.0.1:{port}/T0K3N"), null), (_, _) => Task.FromResult<string?>(null), _time);
        var failed = Assert.IsType<SendOutcome.Failed>(await channel.SendAsync(Pages.Page, CancellationToken.None));
        Assert.StartsWith($"http://127.0.0.1:{port} cannot be reached or broke the line: ", failed.Reason);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/T0K3N", "169.254.169.254 is 169.254.169.254, the cloud's metadata service: nothing is sent there. Name its own address.")]
    [InlineData("https://[::ffff:169.254.1.1]/T0K3N", "[::ffff:169.254.1.1] is ::ffff:169.254.1.1, a link-local address: nothing is sent there. Name its own address.")]
    [InlineData("ftp://127.0.0.1/T0K3N", "ftp://127.0.0.1 is no address for a web hook: it begins with http:// or https://.")]
    public async Task A_forbidden_address_is_never_connected_to(string url, string words)
    {
        using var channel = new WebhookChannel(new Settings(new Uri(url), null), (_, _) => Task.FromResult<string?>(null), _time);
        Assert.Equal(new SendOutcome.Rejected(words), await channel.SendAsync(Pages.Page, CancellationToken.None));
    }

    [Fact]
    public async Task A_key_that_no_header_could_hold_is_encoded()
    {
        await using var receiver = new ScriptedReceiver(Ok);
        await Send(receiver, Pages.Page with { Key = "a b\r\nX: ü" });
        Assert.Equal("a%20b%0D%0AX%3A%20%C3%BC", receiver.Headers["Idempotency-Key"]);
    }

    private async Task<SendOutcome> Send(ScriptedReceiver receiver, PageMessage page, string? secret = null)
    {
        using var channel = new WebhookChannel(
            new Settings(receiver.Url, secret is null ? null : "hook"), (name, _) => Task.FromResult(name == "hook" ? secret : null), _time);
        return await channel.SendAsync(page, CancellationToken.None).WaitAsync(Pages.Patience);
    }
}
