using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using HmsOps.Act.Paging;
using HmsOps.Act.Paging.Smtp;
using HmsOps.Act.Tests.Support;
using Settings = HmsOps.Workspace.Paging.SmtpChannel;

namespace HmsOps.Act.Tests.Paging.Smtp;

/// <summary>Against a real socket whose other end says what the test wants.</summary>
public sealed class SmtpChannelTests
{
    private const string Password = "s3cret, with = and \"";
    private const string OffersTls = "250-mail.test\r\n250-STARTTLS\r\n250 AUTH PLAIN";

    private readonly HandTime _time = new();

    [Fact]
    public async Task A_page_is_delivered_and_the_servers_words_are_its_id()
    {
        await using var server = new ScriptedMailServer();
        Assert.Equal(new SendOutcome.Accepted("2.0.0 Ok: queued as 4F1A"), await Send(server));
        await server.Ended.WaitAsync(Pages.Patience);
        Assert.Equal(["EHLO [127.0.0.1]", "MAIL FROM:<ops@opm.gov>", "RCPT TO:<oncall@opm.gov>", "DATA", "QUIT"], server.Heard);
        Assert.Equal(
            """
            From: ops@opm.gov
            To: oncall@opm.gov
            Subject: [INC-2026-0042] county_api_ms 1580 ms
            Date: Fri, 20 Nov 2026 16:07:00 +0000
            Message-ID: <INC-2026-0042%2Foncall%2F1@opm.gov>
            References: <INC-2026-0042@opm.gov>
            X-HMS-Page-Key: INC-2026-0042/oncall/1
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: 7bit

            The county API is slow.
            Runbook: wiki/slow-county-api

            """.ReplaceLineEndings("\r\n"),
            server.Mail);
    }

    [Theory]
    [InlineData("greeting", "421 4.3.2 busy", true, "421 4.3.2 busy (its greeting)")]
    [InlineData("greeting", "554 no service", false, "554 no service (its greeting)")]
    [InlineData("EHLO", "502 what?", false, "502 what? (its answer to EHLO)")]
    [InlineData("MAIL", "451 4.3.0 try later", true, "451 4.3.0 try later (its answer to MAIL FROM)")]
    [InlineData("MAIL", "550 not you", false, "550 not you (its answer to MAIL FROM)")]
    [InlineData("RCPT", "450 4.2.1 grey", true, "450 4.2.1 grey (its answer to RCPT TO)")]
    [InlineData("RCPT", "550-5.1.1 no\r\n550 such user", false, "550 5.1.1 no such user (its answer to RCPT TO)")]
    [InlineData("DATA", "452 full", true, "452 full (its answer to DATA)")]
    [InlineData(".", "451 scanner down", true, "451 scanner down (it to take the mail)")]
    [InlineData(".", "554 5.7.1 spam \u001b[31m", false, "554 5.7.1 spam \\x1b[31m (it to take the mail)")]
    public async Task A_refusal_is_told_apart_by_its_first_digit(string step, string answer, bool mayPass, string words)
    {
        await using var server = new ScriptedMailServer((step, answer));
        var reason = $"mail server localhost:{server.Port}: {words}";
        SendOutcome expected = mayPass ? new SendOutcome.Failed(reason) : new SendOutcome.Rejected(reason);
        Assert.Equal(expected, await Send(server));
    }

    [Theory]
    [InlineData("greeting", ScriptedMailServer.Drop, "hung up (while waiting for its greeting)")]
    [InlineData("RCPT", ScriptedMailServer.Drop, "hung up (while waiting for its answer to RCPT TO)")]
    [InlineData(".", ScriptedMailServer.Drop, "hung up (while waiting for it to take the mail); it may have taken the page")]
    [InlineData("greeting", "SSH-2.0-OpenSSH_9.2", "answered something that is not SMTP: is this the port of a mail server? (while waiting for its greeting)")]
    [InlineData("MAIL", "25", "answered something that is not SMTP: is this the port of a mail server? (while waiting for its answer to MAIL FROM)")]
    [InlineData("DATA", "250 what for", "answered 250 to DATA, where 354 belongs (while waiting for its answer to DATA)")]
    public async Task A_broken_line_may_be_tried_again(string step, string answer, string words)
    {
        await using var server = new ScriptedMailServer((step, answer));
        Assert.Equal(new SendOutcome.Failed($"mail server localhost:{server.Port} {words}"), await Send(server));
    }

    [Theory]
    [InlineData("greeting", "its greeting)")]
    [InlineData("RCPT", "its answer to RCPT TO)")]
    [InlineData(".", "it to take the mail); it may have taken the page")]
    public async Task A_server_that_hangs_is_given_ten_seconds(string step, string words)
    {
        await using var server = new ScriptedMailServer((step, ScriptedMailServer.Hang));
        var sending = Send(server);
        await server.Hanging.WaitAsync(Pages.Patience);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(sending.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(new SendOutcome.Failed($"mail server localhost:{server.Port} did not answer within 10 s (while waiting for {words}"), await sending);
    }

    [Fact]
    public async Task The_token_ends_the_attempt()
    {
        await using var server = new ScriptedMailServer(("EHLO", ScriptedMailServer.Hang));
        using var stopping = new CancellationTokenSource();
        var sending = Channel(server).SendAsync(Pages.Page, stopping.Token);
        await server.Hanging.WaitAsync(Pages.Patience);
        stopping.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(Pages.Patience));
    }

    [Theory]
    [InlineData(3_000, "answered with a line of more than 2048 bytes")]
    [InlineData(0, "answered with more than 128 lines")]
    public async Task An_answer_without_end_is_cut(int lineLength, string words)
    {
        var answer = lineLength > 0
            ? "250 " + new string('x', lineLength)
            : string.Join("\r\n", Enumerable.Repeat("250-x", 200));
        await using var server = new ScriptedMailServer(("EHLO", answer));
        Assert.StartsWith($"mail server localhost:{server.Port} {words}", Assert.IsType<SendOutcome.Failed>(await Send(server)).Reason);
    }

    [Fact]
    public async Task A_port_nobody_listens_on_may_be_tried_again()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound and not listening: refused, and nobody else can take it
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var outcome = await new SmtpChannel(new Settings("127.0.0.1", port, "ops@opm.gov", null, null), NoSecrets, _time).SendAsync(Pages.Page, CancellationToken.None);
        Assert.StartsWith($"mail server 127.0.0.1:{port} cannot be reached: ", Assert.IsType<SendOutcome.Failed>(outcome).Reason);
    }

    [Fact]
    public async Task A_forbidden_address_is_never_connected_to()
    {
        var outcome = await new SmtpChannel(new Settings("169.254.169.254", 25, "ops@opm.gov", null, null), NoSecrets, _time).SendAsync(Pages.Page, CancellationToken.None);
        Assert.Equal(
            new SendOutcome.Rejected("169.254.169.254 is 169.254.169.254, the cloud's metadata service: nothing is sent there. Name its own address."),
            outcome);
    }

    [Fact]
    public async Task With_a_user_TLS_begins_before_the_password_is_sent()
    {
        await using var server = new ScriptedMailServer(("EHLO", OffersTls));
        Assert.IsType<SendOutcome.Accepted>(await Send(server, user: "ops", trusted: true));
        await server.Ended.WaitAsync(Pages.Patience);
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0ops\0{Password}"));
        Assert.Equal(
            ["EHLO [127.0.0.1]", "STARTTLS", "(tls)", "EHLO [127.0.0.1]", $"AUTH PLAIN {plain}", "MAIL FROM:<ops@opm.gov>", "RCPT TO:<oncall@opm.gov>", "DATA", "QUIT"],
            server.Heard);
    }

    [Fact]
    public async Task A_server_that_knows_only_LOGIN_is_signed_in_to_as_well()
    {
        await using var server = new ScriptedMailServer(
            ("EHLO", "250-mail.test\r\n250 AUTH=LOGIN"), ("AUTH", "334 VXNlcm5hbWU6"), (Base64("ops"), "334 UGFzc3dvcmQ6"), (Base64(Password), "235 ok"));
        Assert.IsType<SendOutcome.Accepted>(await Send(server, user: "ops"));
        Assert.Equal(["AUTH LOGIN", Base64("ops"), Base64(Password)], server.Heard.Skip(1).Take(3));
    }

    [Fact]
    public async Task A_certificate_nobody_vouches_for_gets_no_password()
    {
        await using var server = new ScriptedMailServer(("EHLO", OffersTls));
        var failed = Assert.IsType<SendOutcome.Failed>(await Send(server, user: "ops"));
        Assert.StartsWith($"mail server localhost:{server.Port} did not prove who it is: ", failed.Reason);
        await server.Ended.WaitAsync(Pages.Patience);
        Assert.DoesNotContain(server.Heard, line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Words_slipped_in_before_TLS_end_it()
    {
        await using var server = new ScriptedMailServer(("EHLO", OffersTls), ("STARTTLS", "220 go on\r\n250 AUTH PLAIN"));
        Assert.Equal(
            new SendOutcome.Failed(
                $"mail server localhost:{server.Port} sent more than its answer before TLS began: someone may be writing into the line (while waiting for its answer to STARTTLS)"),
            await Send(server, user: "ops", trusted: true));
    }

    [Theory]
    [InlineData("535 5.7.8 no: s3cret, with = and \"", false, "did not let 'ops' sign in (535): look at user and password.")]
    [InlineData("454 4.7.0 directory down", true, "did not let 'ops' sign in (454)")]
    public async Task A_password_refused_is_not_repeated(string answer, bool mayPass, string words)
    {
        await using var server = new ScriptedMailServer(("EHLO", "250-mail.test\r\n250 AUTH PLAIN"), ("AUTH", answer));
        var reason = $"mail server localhost:{server.Port} {words}";
        SendOutcome expected = mayPass ? new SendOutcome.Failed(reason) : new SendOutcome.Rejected(reason);
        Assert.Equal(expected, await Send(server, user: "ops"));
    }

    [Fact]
    public async Task A_server_without_a_known_way_to_sign_in_is_said()
    {
        await using var server = new ScriptedMailServer(("EHLO", "250-mail.test\r\n250 AUTH GSSAPI"));
        Assert.Equal(
            new SendOutcome.Rejected($"mail server localhost:{server.Port} offers neither AUTH PLAIN nor AUTH LOGIN: this version knows no other way to sign in."),
            await Send(server, user: "ops"));
    }

    [Fact]
    public async Task The_secret_is_asked_for_at_each_page()
    {
        await using var server = new ScriptedMailServer(("EHLO", "250-mail.test\r\n250 AUTH PLAIN"));
        string? value = null;
        var channel = new SmtpChannel(new Settings("localhost", server.Port, "ops@opm.gov", "ops", "mail"), (name, _) => Task.FromResult(name == "mail" ? value : null), _time);
        Assert.Equal(
            new SendOutcome.Rejected(
                $"mail server localhost:{server.Port} is to be signed in to as 'ops', but the secret 'mail' has no value: define it under secrets: in hms-ops.yaml."),
            await channel.SendAsync(Pages.Page, CancellationToken.None));
        value = Password;
        Assert.IsType<SendOutcome.Accepted>(await channel.SendAsync(Pages.Page, CancellationToken.None).WaitAsync(Pages.Patience));
    }

    [Fact]
    public async Task The_port_of_TLS_at_once_is_refused_by_name()
    {
        var outcome = await new SmtpChannel(new Settings("localhost", 465, "ops@opm.gov", null, null), NoSecrets, _time).SendAsync(Pages.Page, CancellationToken.None);
        Assert.Equal(
            new SendOutcome.Rejected("mail server localhost:465 expects TLS from the first byte, which is not in this version: take port 587, with STARTTLS."), outcome);
    }

    private static Task<string?> NoSecrets(string name, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private Task<SendOutcome> Send(ScriptedMailServer server, string? user = null, bool trusted = false) =>
        Channel(server, user, trusted).SendAsync(Pages.Page, CancellationToken.None).WaitAsync(Pages.Patience);

    private SmtpChannel Channel(ScriptedMailServer server, string? user = null, bool trusted = false)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        if (trusted)
            trust.CustomTrustStore.Add(server.Certificate);
        return new SmtpChannel(new Settings("localhost", server.Port, "ops@opm.gov", user, "mail"), (name, _) => Task.FromResult(name == "mail" ? Password : null), _time, trust);
    }
}
