using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using HmsOps.Net.Egress;
using HmsOps.Processes.Text;
using Settings = HmsOps.Workspace.Paging.SmtpChannel;

namespace HmsOps.Act.Paging.Smtp;

/// <summary>
/// One mail, from connecting to hanging up (RFC 5321). The server's no is an outcome; a broken line is an exception, and <see cref="Step"/>
/// then says how far we came.
/// </summary>
/// <remarks>
/// greeting → EHLO → [STARTTLS → EHLO] → [AUTH] → MAIL → RCPT → DATA → text → QUIT. TLS and AUTH only where there is a user:
/// a relay that asks nobody's name is talked to as it is.
/// </remarks>
internal sealed class SmtpDelivery(Settings settings, string? password, X509ChainPolicy? trust)
{
    private const int ReasonMax = 300;

    /// <summary>What we are waiting for, to complete "… while waiting for".</summary>
    public string Step { get; private set; } = "a connection";

    /// <summary>True once the mail was sent whole and not yet answered: the server may have taken it.</summary>
    public bool MayBeTaken { get; private set; }

    private string Server => $"mail server {settings.Host}:{settings.Port}";

    public async Task<SendOutcome> RunAsync(string to, byte[] mail, CancellationToken cancellationToken)
    {
        using var socket = await EgressRule.ConnectAsync(new DnsEndPoint(settings.Host, settings.Port), cancellationToken);
        await using var plain = new NetworkStream(socket, ownsSocket: false);
        var line = new SmtpLine(plain);
        if (Refusal(await NextAsync(line, null, "its greeting", cancellationToken)) is { } unwelcome)
            return unwelcome;
        var hello = $"EHLO {Literal(socket)}";
        var offers = await NextAsync(line, hello, "its answer to EHLO", cancellationToken);
        if (Refusal(offers) is { } noHello)
            return noHello;
        if (settings.User is null)
            return await SendAsync(line, to, mail, cancellationToken);

        if (offers.Offer("STARTTLS") is null)
        {
            return IsLoopback(socket)
                ? await SignInAndSendAsync(line, offers, to, mail, cancellationToken)
                : new SendOutcome.Rejected($"{Server} does not offer STARTTLS: the password is not sent in the clear. Turn TLS on there, or send without a user.");
        }
        if (Refusal(await NextAsync(line, "STARTTLS", "its answer to STARTTLS", cancellationToken)) is { } noTls)
            return noTls;
        if (!line.IsDrained)
            throw new SmtpProtocolException("sent more than its answer before TLS began: someone may be writing into the line");
        Step = "TLS to begin";
        await using var secret = new SslStream(plain, leaveInnerStreamOpen: true);
        await secret.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = settings.Host, CertificateChainPolicy = trust }, cancellationToken);
        line = new SmtpLine(secret);
        offers = await NextAsync(line, hello, "its answer to EHLO under TLS", cancellationToken);
        return Refusal(offers) ?? await SignInAndSendAsync(line, offers, to, mail, cancellationToken);
    }

    private async Task<SendOutcome> SignInAndSendAsync(SmtpLine line, SmtpReply offers, string to, byte[] mail, CancellationToken cancellationToken) =>
        await SignInAsync(line, offers, cancellationToken) ?? await SendAsync(line, to, mail, cancellationToken);

    private async Task<SendOutcome?> SignInAsync(SmtpLine line, SmtpReply offers, CancellationToken cancellationToken)
    {
        const string step = "its answer to AUTH";
        var ways = (offers.Offer("AUTH") ?? "").Split(' ').ToHashSet(StringComparer.OrdinalIgnoreCase);
        SmtpReply reply;
        if (ways.Contains("PLAIN"))
        {
            reply = await NextAsync(line, $"AUTH PLAIN {Base64($"\0{settings.User}\0{password}")}", step, cancellationToken);
        }
        else if (ways.Contains("LOGIN"))
        {
            reply = await NextAsync(line, "AUTH LOGIN", step, cancellationToken);
            if (reply.Code == 334)
                reply = await NextAsync(line, Base64(settings.User!), step, cancellationToken); // only called where there is a user
            if (reply.Code == 334)
                reply = await NextAsync(line, Base64(password!), step, cancellationToken); // and then a password
        }
        else
        {
            return new SendOutcome.Rejected($"{Server} offers neither AUTH PLAIN nor AUTH LOGIN: this version knows no other way to sign in.");
        }
        if (reply.IsPositive)
            return null;
        // Its words are left out: some servers repeat what they were sent, and that was the password.
        var reason = $"{Server} did not let '{settings.User}' sign in ({reply.Code})";
        return reply.IsTransient ? new SendOutcome.Failed(reason) : new SendOutcome.Rejected($"{reason}: look at user and password.");
    }

    private async Task<SendOutcome> SendAsync(SmtpLine line, string to, byte[] mail, CancellationToken cancellationToken)
    {
        if (Refusal(await NextAsync(line, $"MAIL FROM:<{settings.From}>", "its answer to MAIL FROM", cancellationToken)) is { } noSender)
            return noSender;
        if (Refusal(await NextAsync(line, $"RCPT TO:<{to}>", "its answer to RCPT TO", cancellationToken)) is { } noReceiver)
            return noReceiver;
        var data = await NextAsync(line, "DATA", "its answer to DATA", cancellationToken);
        if (data.Code != 354)
            return Refusal(data) ?? throw new SmtpProtocolException($"answered {data.Code} to DATA, where 354 belongs");

        Step = "it to take the mail";
        MayBeTaken = true;
        await line.SendAsync(MailText.Stuffed(mail), cancellationToken);
        var taken = await line.ReceiveAsync(cancellationToken);
        MayBeTaken = false;
        if (Refusal(taken) is { } notTaken)
            return notTaken;
        await HangUpAsync(line, cancellationToken);
        return new SendOutcome.Accepted(Words(taken));
    }

    private async Task<SmtpReply> NextAsync(SmtpLine line, string? command, string step, CancellationToken cancellationToken)
    {
        Step = step;
        if (command is not null)
            await line.SendAsync(command, cancellationToken);
        return await line.ReceiveAsync(cancellationToken);
    }

    // It has the mail: how the line ends changes nothing any more.
    private static async Task HangUpAsync(SmtpLine line, CancellationToken cancellationToken)
    {
        try
        {
            await line.SendAsync("QUIT", cancellationToken);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
        }
    }

    private SendOutcome? Refusal(SmtpReply reply)
    {
        if (reply.IsPositive)
            return null;
        var reason = $"{Server}: {reply.Code} {Words(reply)} ({Step})";
        return reply.IsTransient ? new SendOutcome.Failed(reason) : new SendOutcome.Rejected(reason);
    }

    private static string Words(SmtpReply reply) =>
        VisibleText.Of(Encoding.UTF8.GetBytes(string.Join(' ', reply.Lines)), ReasonMax, "…");

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static bool IsLoopback(Socket socket) => socket.RemoteEndPoint is IPEndPoint { Address: var address } && IPAddress.IsLoopback(address);

    // We have no name in the world: RFC 5321 §4.1.3 lets an address stand for it.
    private static string Literal(Socket socket) => socket.LocalEndPoint is IPEndPoint { Address: var address }
        ? address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{address.ToString().Split('%')[0]}]" : $"[{address}]"
        : "[127.0.0.1]";
}
