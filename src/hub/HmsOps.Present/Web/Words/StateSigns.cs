using HmsOps.Record.Projections;

namespace HmsOps.Present.Web.Words;

/// <summary>A state as it is shown: a shape, a word, and a colour last.</summary>
/// <param name="Look">Names shape and colour in the style sheet and the sprite.</param>
/// <param name="Word">What it says.</param>
public sealed record Sign(SignLook Look, string Word);

/// <summary>The shapes of states, each with its colour.</summary>
public enum SignLook
{
    /// <summary>Green disc with a tick.</summary>
    Ok,

    /// <summary>Yellow triangle.</summary>
    Warn,

    /// <summary>Red octagon.</summary>
    Fail,

    /// <summary>Violet disc with a return arrow: the hub acts.</summary>
    Act,

    /// <summary>Dashed ring: no data.</summary>
    None,

    /// <summary>Ring with a question mark: cannot evaluate.</summary>
    Unsure,
}

/// <summary>The words of states.</summary>
public static class StateSigns
{
    /// <summary>How a metric stands: worst of its alerts first, then whether there is anything to see.</summary>
    public static Sign OfMetric(IReadOnlyList<AlertState> alerts, bool watched, bool measured, TimeSpan? silentFor, bool unanswerable)
    {
        if (alerts.Any(a => a.Phase == AlertPhase.Firing))
            return new(SignLook.Fail, "Failing");
        if (alerts.Any(a => a.Phase == AlertPhase.Recovering))
            return new(SignLook.Warn, "Recovering");
        if (unanswerable)
            return new(SignLook.Unsure, "Cannot evaluate");
        if (!measured)
            return new(SignLook.None, silentFor is { } silent ? $"No data for {Quantity.Duration(silent)}" : "No data");
        if (alerts.Any(a => a.Phase == AlertPhase.Pending))
            return new(SignLook.Warn, "At risk");
        return watched ? new(SignLook.Ok, "Healthy") : new(SignLook.Unsure, "Not watched");
    }

    /// <summary>How an alert stands.</summary>
    public static Sign OfAlert(AlertState alert) => alert switch
    {
        { IsActive: true, BlindSince: not null } => new(SignLook.Unsure, "Firing, but its value is gone"),
        { Phase: AlertPhase.Pending } => new(SignLook.Warn, "Watching"),
        { Phase: AlertPhase.Firing } => new(SignLook.Fail, "Firing"),
        { Phase: AlertPhase.Recovering } => new(SignLook.Warn, "Recovering"),
        _ => new(SignLook.Ok, "Resolved"),
    };

    /// <summary>How an incident stands.</summary>
    public static Sign OfIncident(Incident incident) =>
        incident.IsOpen ? new(SignLook.Fail, "Open") : new(SignLook.Ok, "Resolved");

    /// <summary>How an act stands.</summary>
    public static Sign OfAct(RecordedAct act) => act switch
    {
        { Refusal: not null } => new(SignLook.Warn, "Refused"),
        { Settled.Outcome: "succeeded" } => new(SignLook.Act, "Done"),
        { Settled.Outcome: "unknown" } => new(SignLook.Unsure, "Outcome unknown"),
        { Settled.Outcome: "superseded" } => new(SignLook.None, "Superseded"),
        { Settled: not null } => new(SignLook.Fail, "Failed"),
        _ => new(SignLook.Act, "In progress"),
    };
}
