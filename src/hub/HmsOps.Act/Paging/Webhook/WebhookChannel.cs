using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HmsOps.Net.Egress;
using HmsOps.Processes.Text;
using Settings = HmsOps.Workspace.Paging.WebhookChannel;

namespace HmsOps.Act.Paging.Webhook;

/// <summary>
/// Pages as JSON to an address: <c>POST</c> with <c>Idempotency-Key</c> and, where there is a secret, <c>X-HMS-Timestamp</c> (seconds since 1970) and
/// <c>X-HMS-Signature: sha256=</c> HMAC-SHA-256 of <c>timestamp.body</c> in hex. The path of an address is often a secret itself: no message
/// or log shows more than scheme, host and port.
/// </summary>
public sealed class WebhookChannel : IChannel, IDisposable
{
    private const int AnswerMax = 64 * 1024;
    private const int IdMax = 200;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    // A page does not wait for a day next year because a receiver says so.
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromHours(1);

    private readonly Settings _settings;
    private readonly SecretValue _secrets;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <summary>Takes the address from the workspace, and where a secret's value is found at each page.</summary>
    public WebhookChannel(Settings settings, SecretValue secrets, TimeProvider time)
    {
        _settings = settings;
        _secrets = secrets;
        _time = time;
        var handler = EgressRule.Handler();
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(1); // so that a name that moved is followed
        _http = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan, // ours is on the clock that was handed in
        };
    }

    public string Kind => "webhook";

    private string Receiver => $"{_settings.Url.Scheme}://{_settings.Url.Authority}";

    public async Task<SendOutcome> SendAsync(PageMessage message, CancellationToken cancellationToken)
    {
        var (objection, secret) = await ObjectionAsync(cancellationToken);
        if (objection is not null)
            return new SendOutcome.Rejected(objection);

        using var deadline = new CancellationTokenSource(Deadline, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var request = RequestOf(message, secret);
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return answer.IsSuccessStatusCode ? new SendOutcome.Accepted(await IdOfAsync(answer, either.Token)) : RefusalOf(answer);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SendOutcome.Failed($"{Receiver} did not answer within {Deadline.TotalSeconds:0} s");
        }
        catch (HttpRequestException e) when (e.InnerException is EgressDeniedException denied)
        {
            return new SendOutcome.Rejected(denied.Message);
        }
        catch (HttpRequestException e)
        {
            return new SendOutcome.Failed($"{Receiver} cannot be reached or broke the line: {(e.InnerException ?? e).Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<(string? Objection, string? Secret)> ObjectionAsync(CancellationToken cancellationToken)
    {
        if (_settings.Url.Scheme is not ("http" or "https"))
            return ($"{Receiver} is no address for a web hook: it begins with http:// or https://.", null);
        if (_settings.SigningSecret is not { } name)
            return (null, null);
        var secret = await _secrets(name, cancellationToken);
        return secret is not null
            ? (null, secret)
            : ($"Pages to {Receiver} are to be signed, but the secret '{name}' has no value: define it under secrets: in hms-ops.yaml.", null);
    }

    private HttpRequestMessage RequestOf(PageMessage message, string? secret)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(WebhookPage.Of(message), WebhookJson.Default.WebhookPage);
        var request = new HttpRequestMessage(HttpMethod.Post, _settings.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("HMS-OPS", null));
        request.Headers.Add("Idempotency-Key", PageKeyText.InHeader(message.Key));
        if (secret is not null)
        {
            var timestamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString();
            byte[] signed = [.. Encoding.ASCII.GetBytes(timestamp), (byte)'.', .. body];
            request.Headers.Add("X-HMS-Timestamp", timestamp);
            request.Headers.Add("X-HMS-Signature", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}");
        }
        return request;
    }

    private SendOutcome RefusalOf(HttpResponseMessage answer)
    {
        var code = (int)answer.StatusCode;
        return answer.StatusCode switch
        {
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or (HttpStatusCode)425 or >= HttpStatusCode.InternalServerError =>
                new SendOutcome.Failed($"{Receiver} answered {code}", RetryAfterOf(answer.Headers.RetryAfter)),
            < HttpStatusCode.BadRequest => new SendOutcome.Rejected($"{Receiver} answered {code}; redirects are not followed: write the final address."),
            _ => new SendOutcome.Rejected($"{Receiver} answered {code}"),
        };
    }

    private TimeSpan? RetryAfterOf(RetryConditionHeaderValue? header)
    {
        var after = header?.Delta ?? header?.Date - _time.GetUtcNow();
        if (after is not { } wait)
            return null;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > RetryAfterMax ? RetryAfterMax : wait;
    }

    /// <summary>What the receiver calls it, where it says so. It has the page: trouble with the rest of its answer changes nothing.</summary>
    private static async Task<string> IdOfAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.Headers.Location is { } location)
            return Visible(location.OriginalString);
        if (answer.Content.Headers.ContentType?.MediaType is not "application/json")
            return "";
        try
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
            var bytes = new byte[AnswerMax];
            var length = await stream.ReadAtLeastAsync(bytes, AnswerMax, throwOnEndOfStream: false, cancellationToken);
            using var json = JsonDocument.Parse(bytes.AsMemory(0, length));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("id", out var id)
                && id.ValueKind is JsonValueKind.String or JsonValueKind.Number
                ? Visible(id.ToString())
                : "";
        }
        catch (Exception e) when (e is JsonException or IOException or OperationCanceledException)
        {
            return "";
        }
    }

    private static string Visible(string text) => VisibleText.Of(Encoding.UTF8.GetBytes(text), IdMax, "…");
}
