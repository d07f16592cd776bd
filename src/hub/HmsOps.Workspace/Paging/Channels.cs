namespace HmsOps.Workspace.Paging;

/// <summary>The <c>channels:</c> of the roster: how a page leaves the hub. Credentials are names of secrets, never values.</summary>
/// <param name="Smtp">Mail; null when not configured.</param>
/// <param name="Webhook">A web hook; null when not configured.</param>
public sealed record Channels(SmtpChannel? Smtp, WebhookChannel? Webhook)
{
    /// <summary>Nothing is configured: pages can only be shown.</summary>
    public static Channels None { get; } = new(null, null);
}

/// <summary>A mail server.</summary>
/// <param name="Host">Its name or address.</param>
/// <param name="Port">Its port.</param>
/// <param name="From">The sender's address.</param>
/// <param name="User">User name; null to send without signing in.</param>
/// <param name="PasswordSecret">The name of the secret that holds the password.</param>
public sealed record SmtpChannel(string Host, int Port, string From, string? User, string? PasswordSecret);

/// <summary>An address that takes pages as JSON.</summary>
/// <param name="Url">http or https.</param>
/// <param name="SigningSecret">The name of the secret that signs each call (HMAC-SHA-256); null to send unsigned.</param>
public sealed record WebhookChannel(Uri Url, string? SigningSecret);
