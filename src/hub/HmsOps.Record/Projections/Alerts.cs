using HmsOps.Record.Events;

namespace HmsOps.Record.Projections;

/// <summary>Where an alert stands.</summary>
public enum AlertPhase
{
    /// <summary>The condition holds, its <c>for</c> is not over.</summary>
    Pending,

    /// <summary>It fired.</summary>
    Firing,

    /// <summary>The condition is false, and has not been so for long enough.</summary>
    Recovering,

    /// <summary>The episode is over.</summary>
    Resolved,
}

/// <summary>One alert and its latest episode.</summary>
public sealed record AlertState
{
    public required AlertRef Alert { get; init; }

    public required AlertPhase Phase { get; init; }

    /// <summary>The value that it began with, and, once it fired, that it fired with.</summary>
    public required double Value { get; init; }

    /// <summary>Since when the condition held.</summary>
    public required DateTimeOffset ActiveAt { get; init; }

    /// <summary>The verdict; null while pending.</summary>
    public AlertFired? Fired { get; init; }

    /// <summary>Key and id of the fire entry; null while pending.</summary>
    public string? Episode { get; init; }

    public Guid? FireId { get; init; }

    public long? FireSequence { get; init; }

    public DateTimeOffset? FalseSince { get; init; }

    /// <summary>Since when its value has vanished; null while it is seen.</summary>
    public DateTimeOffset? BlindSince { get; init; }

    public DateTimeOffset? ResolvedAt { get; init; }

    public double? ResolvedValue { get; init; }

    /// <summary>True from pending to recovering.</summary>
    public bool IsActive => Phase != AlertPhase.Resolved;

    /// <summary>True while it fires or recovers.</summary>
    public bool IsFiring => Phase is AlertPhase.Firing or AlertPhase.Recovering;
}

internal static class AlertFold
{
    public static RecordState Fold(RecordState state, Envelope envelope) => envelope.Event switch
    {
        AlertPending e => Set(state, e.Alert.Key, new AlertState { Alert = e.Alert, Phase = AlertPhase.Pending, Value = e.Value, ActiveAt = e.At }),
        AlertFired e => Set(state, e.Alert.Key, Fire(state, e, envelope)),
        AlertRecovering e => Change(state, e.Alert.Key, a => a with
        {
            Phase = e.Recovering ? AlertPhase.Recovering : AlertPhase.Firing,
            FalseSince = e.Recovering ? e.At : null,
        }),
        AlertLostSight e => Change(state, e.Alert.Key, a => a with { BlindSince = e.Blind ? e.At : null }),
        AlertResolved e => Change(state, e.Alert.Key, a => a with
        {
            Phase = AlertPhase.Resolved,
            ResolvedAt = e.At,
            ResolvedValue = e.Value,
            BlindSince = null,
        }),
        AlertDropped e => state with { Alerts = state.Alerts.Remove(e.Alert.Key) },
        _ => state,
    };

    private static AlertState Fire(RecordState state, AlertFired e, Envelope envelope)
    {
        var pending = state.Alerts.TryGetValue(e.Alert.Key, out var before) && before.Phase == AlertPhase.Pending ? before : null;
        return new AlertState
        {
            Alert = e.Alert,
            Phase = AlertPhase.Firing,
            Value = e.Value,
            ActiveAt = pending?.ActiveAt ?? e.At,
            Fired = e,
            Episode = envelope.Key,
            FireId = envelope.Id,
            FireSequence = envelope.Sequence,
        };
    }

    private static RecordState Set(RecordState state, string key, AlertState alert) => state with { Alerts = state.Alerts.SetItem(key, alert) };

    private static RecordState Change(RecordState state, string key, Func<AlertState, AlertState> change) => state with { Alerts = state.Alerts.Change(key, change) };
}
