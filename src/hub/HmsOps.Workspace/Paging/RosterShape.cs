using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Paging;

/// <summary>The keys of a roster: in this version, how pages leave the hub.</summary>
public static class RosterShape
{
    private const int PortDefault = 587; // mail submission, RFC 6409

    public static readonly Key<string> Host = new("host", new TextType(), "The mail server's name or address.", "mail.opm.gov") { IsRequired = true };
    public static readonly Key<long> Port = new("port", new CountType(1, 65_535), "Its port.", "587") { DefaultText = "587" };
    public static readonly Key<string> From = new("from", new MailAddressType(), "The sender of every page.", "ops@opm.gov") { IsRequired = true };
    public static readonly Key<string> User = new("user", new TextType(), "Who signs in; without it mail is sent without signing in.", "hms-ops");
    public static readonly Key<string> Password = new("password", new SecretNameType(), "The secret that holds the password.", "${secret:smtp}");

    public static readonly Key<BoundRecord> Smtp = new("smtp", new RecordType(new RecordShape("a mail server", [Host, Port, From, User, Password])), "A mail server.", "{host: mail.opm.gov, from: ops@opm.gov}");

    public static readonly Key<Uri> Url = new("url", new WebAddressType(), "Where each page is posted as JSON.", "https://hooks.opm.gov/pages") { IsRequired = true };
    public static readonly Key<string> Signing = new("secret", new SecretNameType(), "The secret each call is signed with (HMAC-SHA-256); without it calls are unsigned.", "${secret:pages}");

    public static readonly Key<BoundRecord> Webhook = new("webhook", new RecordType(new RecordShape("a web hook", [Url, Signing])), "An address that takes pages.", "{url: https://hooks.opm.gov/pages}");

    public static readonly Key<BoundRecord> Channels = new(
        "channels",
        new RecordType(new RecordShape("a roster's channels", [Smtp, Webhook]) { NotInThisVersion = ["slack", "pagerduty", "pager_duty", "twilio", "sms"] }),
        "How pages leave the hub.", "{smtp: {host: mail.opm.gov, from: ops@opm.gov}}")
    { IsRequired = true };

    /// <summary>The table.</summary>
    public static RecordShape Shape { get; } = new("a roster", [Channels])
    {
        NotInThisVersion = ["people", "schedules", "escalations", "routes", "receivers"],
    };

    /// <summary>The channels of a roster that was bound.</summary>
    internal static Channels Read(BoundRecord roster, Findings findings)
    {
        if (!roster.TryGet(Channels, out var channels))
            return Paging.Channels.None;
        return new Channels(channels.TryGet(Smtp, out var smtp) ? Mail(smtp, findings) : null, channels.TryGet(Webhook, out var hook) ? Hook(hook) : null);
    }

    private static SmtpChannel? Mail(BoundRecord smtp, Findings findings)
    {
        var user = smtp.TryGet(User, out var name) ? name : null;
        var password = smtp.TryGet(Password, out var secret) ? secret : null;
        if (user is null != password is null && !findings.HasErrors)
            findings.Error("E032", smtp.At(user is null ? Password : User), "'user' and 'password' belong together.", "Write both, or neither to send without signing in.");
        return smtp.TryGet(Host, out var host) && smtp.TryGet(From, out var from)
            ? new SmtpChannel(host, (int)smtp.Get(Port, PortDefault), from, user, password)
            : null; // the missing key is an error of the file
    }

    private static WebhookChannel? Hook(BoundRecord hook) =>
        hook.TryGet(Url, out var url) ? new WebhookChannel(url, hook.TryGet(Signing, out var secret) ? secret : null) : null;
}
