using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace HmsOps.Act.Tests.Paging.Smtp;

/// <summary>A mail server that takes one mail, unless told what to answer at which step: a reply, <see cref="Hang"/> or <see cref="Drop"/>.</summary>
internal sealed class ScriptedMailServer : IAsyncDisposable
{
    public const string Hang = "(hang)";
    public const string Drop = "(drop)";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Dictionary<string, string> _answers = new(StringComparer.Ordinal)
    {
        ["greeting"] = "220 mail.test ready",
        ["EHLO"] = "250-mail.test\r\n250-PIPELINING\r\n250 8BITMIME",
        ["STARTTLS"] = "220 go on",
        ["AUTH"] = "235 2.7.0 welcome",
        ["MAIL"] = "250 2.1.0 ok",
        ["RCPT"] = "250 2.1.5 ok",
        ["DATA"] = "354 go on",
        ["."] = "250 2.0.0 Ok: queued as 4F1A",
    };

    private readonly TaskCompletionSource _hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _serving;

    public ScriptedMailServer(params (string Step, string Answer)[] answers)
    {
        foreach (var (step, answer) in answers)
            _answers[step] = answer;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _serving = ServeAsync();
    }

    public int Port { get; }

    /// <summary>What it was told, line by line, without the mail's own; <c>(tls)</c> where TLS began.</summary>
    public List<string> Heard { get; } = [];

    /// <summary>The mail as it came, dots still doubled, without the last one.</summary>
    public string Mail { get; private set; } = "";

    /// <summary>When it has come to the step at which it hangs.</summary>
    public Task Hanging => _hanging.Task;

    /// <summary>Its own root of trust, for localhost.</summary>
    public X509Certificate2 Certificate { get; } = MakeCertificate();

    /// <summary>The line is closed, by whomever.</summary>
    public Task Ended => _serving;

    public async ValueTask DisposeAsync()
    {
        _closing.Cancel();
        _listener.Stop();
        await _serving;
        Certificate.Dispose();
        _closing.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            using var client = await _listener.AcceptTcpClientAsync(_closing.Token);
            Stream stream = client.GetStream();
            if (!await AnswerAsync(stream, "greeting"))
                return;
            while (await ReadLineAsync(stream) is { } line)
            {
                Heard.Add(line);
                if (line == "QUIT" || !await AnswerAsync(stream, line.Split(' ', ':')[0]))
                    return;
                if (line == "STARTTLS")
                    stream = await SecureAsync(stream);
                if (line == "DATA" && _answers["DATA"].StartsWith("354", StringComparison.Ordinal))
                {
                    await ReadMailAsync(stream);
                    if (!await AnswerAsync(stream, "."))
                        return;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or System.Security.Authentication.AuthenticationException)
        {
            // The test is over, or the other side hung up.
        }
    }

    private async Task<bool> AnswerAsync(Stream stream, string step)
    {
        // A line that is no command is what was asked for last: the parts of AUTH LOGIN.
        var answer = _answers.TryGetValue(step, out var told) ? told : _answers["AUTH more"];
        if (answer == Hang)
        {
            _hanging.SetResult();
            await Task.Delay(Timeout.Infinite, _closing.Token);
        }
        if (answer == Drop)
            return false;
        await stream.WriteAsync(Encoding.UTF8.GetBytes(answer + "\r\n"));
        return true;
    }

    private async Task<Stream> SecureAsync(Stream stream)
    {
        var secret = new SslStream(stream);
        await secret.AuthenticateAsServerAsync(Certificate);
        Heard.Add("(tls)");
        _answers["EHLO"] = _answers.GetValueOrDefault("EHLO under TLS", _answers["EHLO"]);
        return secret;
    }

    private async Task ReadMailAsync(Stream stream)
    {
        var mail = new StringBuilder();
        while (await ReadLineAsync(stream) is { } line && line != ".")
            mail.Append(line).Append("\r\n");
        Mail = mail.ToString();
    }

    // A byte at a time: what follows a line may belong to TLS.
    private async Task<string?> ReadLineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var letter = new byte[1];
        while (await stream.ReadAsync(letter, _closing.Token) == 1)
        {
            if (letter[0] == '\n')
            {
                Assert.Equal('\r', line[^1]);
                return line.ToString(0, line.Length - 1);
            }
            line.Append((char)letter[0]);
        }
        return null;
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }
}
