using HmsOps.Record.Events;

namespace HmsOps.Record.Projections;

/// <summary>What kind of thing a mark in a chart is: a triangle, a disc, and the end of a tinted band.</summary>
public enum MarkKind
{
    /// <summary>An alert fired.</summary>
    Fired,

    /// <summary>The hub acted, and the act succeeded.</summary>
    Acted,

    /// <summary>The hub tried to act and failed, or was refused.</summary>
    NotActed,

    /// <summary>The alert resolved.</summary>
    Resolved,
}

/// <summary>One mark in the charts of a metric.</summary>
public sealed record Mark(DateTimeOffset At, MarkKind Kind, string? Metric, string Text, string Episode, long Sequence);

internal static class MarkFold
{
    private const int MarksMax = 10_000;

    public static RecordState Fold(RecordState state, Envelope envelope)
    {
        var mark = envelope.Event switch
        {
            AlertFired e => new Mark(e.At, MarkKind.Fired, e.Alert.Metric, e.Alert.Name, envelope.Key ?? "", envelope.Sequence),
            AlertResolved e when state.Alerts.TryGetValue(e.Alert.Key, out var alert) && alert.Episode is { } episode =>
                new Mark(e.At, MarkKind.Resolved, e.Alert.Metric, e.Alert.Name, episode, envelope.Sequence),
            ActDone e => OfAct(state, envelope, e.Intent, e.At, MarkKind.Acted),
            ActFailed e => OfAct(state, envelope, e.Intent, e.At, MarkKind.NotActed),
            _ => null,
        };
        if (mark is null)
            return state;
        var marks = state.Marks.Add(mark);
        return state with { Marks = marks.Count > MarksMax ? marks.RemoveAt(0) : marks };
    }

    private static Mark? OfAct(RecordState state, Envelope envelope, Guid intent, DateTimeOffset at, MarkKind kind)
    {
        if (!state.Acts.TryGetValue(intent, out var act) || act.Episode is not { } episode)
            return null;
        var fired = state.Marks.FindLast(m => m.Kind == MarkKind.Fired && m.Episode == episode);
        return new Mark(at, kind, fired?.Metric, act.Title, episode, envelope.Sequence);
    }
}
