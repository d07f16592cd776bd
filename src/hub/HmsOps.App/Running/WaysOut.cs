using HmsOps.Act.Paging;
using HmsOps.App.Settings;
using HmsOps.Workspace.Paging;

namespace HmsOps.App.Running;

/// <summary>The channels the workspace names, made once for as long as it names them so.</summary>
internal sealed class WaysOut(SecretReader secrets, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private Channels _for = Channels.None;
    private IReadOnlyList<IChannel> _ways = [];

    /// <summary>The ways out; a change of the workspace makes new ones.</summary>
    public IReadOnlyList<IChannel> Of(Channels channels)
    {
        lock (_gate)
        {
            if (channels == _for)
                return _ways;
            // The old ones may be in use by a page on its way; they are let go, not closed under it.
            (_for, _ways) = (channels, [.. Made(channels)]);
            return _ways;
        }
    }

    public void Dispose()
    {
        foreach (var way in _ways.OfType<IDisposable>())
            way.Dispose();
    }

    private IEnumerable<IChannel> Made(Channels channels)
    {
        if (channels.Smtp is { } smtp)
            yield return new Act.Paging.Smtp.SmtpChannel(smtp, ReadAsync, time);
        if (channels.Webhook is { } webhook)
            yield return new Act.Paging.Webhook.WebhookChannel(webhook, ReadAsync, time);
    }

    private async Task<string?> ReadAsync(string name, CancellationToken cancellationToken) =>
        await secrets.ReadAsync(name, cancellationToken) is SecretOutcome.Found found ? found.Secret.Reveal() : null;
}
