using System.Security.Cryptography;
using System.Text;
using HmsOps.Act.Guardrails;
using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;
using HmsOps.Workspace;

namespace HmsOps.Act.Commands;

/// <summary>What a firing alert asks to be done, as an intent or as a refusal with its reason. Pure.</summary>
public static class Planner
{
    private const string Actor = "system:act";

    /// <summary>An automatic intent that could not begin for so long is not begun any more: the world has moved on.</summary>
    public static readonly TimeSpan ValidFor = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ScriptDeadline = TimeSpan.FromMinutes(5);

    /// <summary>The intents and refusals that are missing now, in the order of the alerts' entries.</summary>
    public static IReadOnlyList<EventDraft> Missing(RecordState state, WorkspaceVersion workspace, DateTimeOffset now)
    {
        foreach (var alert in state.Alerts.Values.OrderBy(a => a.FireSequence))
        {
            if (alert is { IsFiring: true, Episode: { } episode, Fired: { Script: { } script } fired }
                && state.IncidentOfEpisode.TryGetValue(episode, out var incident)
                && Generation(state, episode, now) is { } generation)
            {
                return [Plan(state, workspace, alert, fired, episode, script, generation, now) with { Incident = incident, Cause = alert.FireId }];
            }
        }
        return [];
    }

    /// <summary>When a refusal may be asked again: the earliest time at which something may be missing that is not missing now.</summary>
    public static DateTimeOffset? NextDue(RecordState state)
    {
        var due = state.Alerts.Values
            .Where(a => a.IsFiring && a.Episode is not null)
            .Select(a => Latest(state, a.Episode!)?.Refusal?.AllowedAt) // the filter proves it is there
            .Where(at => at is not null);
        return due.Min();
    }

    /// <summary>Which try of the episode is due; null when it is answered, or is being answered.</summary>
    private static int? Generation(RecordState state, string episode, DateTimeOffset now) => Latest(state, episode) switch
    {
        null => 1,
        { Settled.Outcome: "superseded" } act => act.Generation + 1,
        { Refusal: { AllowedAt: { } at } } act when now >= at => act.Generation + 1,
        _ => null,
    };

    private static Record.Projections.Act? Latest(RecordState state, string episode) =>
        state.Acts.Values.Where(a => a.Episode == episode).MaxBy(a => a.Generation);

    private static EventDraft Plan(
        RecordState state, WorkspaceVersion workspace, AlertState alert, AlertFired fired, string episode, string script, int generation, DateTimeOffset now)
    {
        var lane = alert.Alert.Service ?? script;
        var key = $"act/{episode}/g{generation}";
        var title = fired.Action ?? script;
        EventDraft Refuse(string guard, string detail, DateTimeOffset? allowedAt) =>
            new(new ActRefused("script", lane, title, episode, generation, guard, detail, allowedAt, now), Actor) { Key = key };

        if (!workspace.Scripts.TryGetValue(script, out var file))
            return Refuse("script", $"there is no {script}.sh or {script}.py in cd/, scripts/ or beside the rule's file; add it, and the next firing runs it", null);
        var guards = Guards.Ask(state, workspace.Limits, lane, now);
        if (guards.Refusal is { } refusal)
            return Refuse(refusal.Guard, refusal.Detail, guards.AllowedAt ?? now + ValidFor);

        var reason = $"{ChapterLines.Alert(fired)}, rule {fired.Rule}";
        var plan = PlanHash(file.Path, file.Sha256, lane);
        return new EventDraft(
            new ActIntended("script", lane, title, file.Path, file.Sha256, episode, generation, reason, guards.Answers, plan, ValidFor, ScriptDeadline, now), Actor)
        {
            Key = key,
        };
    }

    private static string PlanHash(params string[] parts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));
}
