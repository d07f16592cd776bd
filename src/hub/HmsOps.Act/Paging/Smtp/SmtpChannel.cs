using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using HmsOps.Net.Egress;
using Settings = HmsOps.Workspace.Paging.SmtpChannel;

namespace HmsOps.Act.Paging.Smtp;

/// <summary>
/// Pages as mail, one connection a page. A small client of our own, for the framework's takes its time from the system, cannot use TLS only
/// where it is offered, and keeps the server's answer to itself.
/// </summary>
/// <remarks>Ports that expect TLS from the first byte (465) are not in this version.</remarks>
/// <param name="settings">The server, from the workspace.</param>
/// <param name="secrets">A secret's value by its name, null when it has none; asked at each page.</param>
/// <param name="time">Deadline and date.</param>
/// <param name="trust">Whose certificates are believed; null for the machine's own choice.</param>
public sealed class SmtpChannel(Settings settings, SecretValue secrets, TimeProvider time, X509ChainPolicy? trust = null) : IChannel
{
    private const int PortOfTlsAtOnce = 465;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    public string Kind => "smtp";

    private string Server => $"mail server {settings.Host}:{settings.Port}";

    public async Task<SendOutcome> SendAsync(PageMessage message, CancellationToken cancellationToken)
    {
        var (objection, password) = await ObjectionAsync(message, cancellationToken);
        if (objection is not null)
            return new SendOutcome.Rejected(objection);

        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var delivery = new SmtpDelivery(settings, password, trust);
        try
        {
            return await delivery.RunAsync(message.To, MailText.Compose(settings.From, message, time.GetUtcNow()), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed($"did not answer within {Deadline.TotalSeconds:0} s", delivery);
        }
        catch (EgressDeniedException e)
        {
            return new SendOutcome.Rejected(e.Message);
        }
        catch (SocketException e)
        {
            return Failed($"cannot be reached: {e.Message}", delivery);
        }
        catch (AuthenticationException e)
        {
            return Failed($"did not prove who it is: {e.Message}", delivery);
        }
        catch (EndOfStreamException)
        {
            return Failed("hung up", delivery);
        }
        catch (SmtpProtocolException e)
        {
            return Failed(e.Message, delivery);
        }
        catch (IOException e)
        {
            return Failed($"broke the line: {e.Message}", delivery);
        }
    }

    private SendOutcome.Failed Failed(string what, SmtpDelivery delivery) => new(
        $"{Server} {what} (while waiting for {delivery.Step})" + (delivery.MayBeTaken ? "; it may have taken the page" : ""));

    private async Task<(string? Objection, string? Password)> ObjectionAsync(PageMessage message, CancellationToken cancellationToken)
    {
        if (!MailText.IsAddress(message.To))
            return ($"'{Processes.Text.VisibleText.Of(message.To)}' is not a mail address this version can write to: name@example.org, in ASCII.", null);
        if (!MailText.IsAddress(settings.From))
            return ($"The sender '{Processes.Text.VisibleText.Of(settings.From)}' is not a mail address: set from: of the channel to one.", null);
        if (settings.Port == PortOfTlsAtOnce)
            return ($"{Server} expects TLS from the first byte, which is not in this version: take port 587, with STARTTLS.", null);
        if (settings.User is null)
            return (null, null);
        var password = settings.PasswordSecret is { } name ? await secrets(name, cancellationToken) : null;
        return password is not null
            ? (null, password)
            : ($"{Server} is to be signed in to as '{settings.User}', but the secret '{settings.PasswordSecret}' has no value: define it under secrets: in hms-ops.yaml.", null);
    }
}
