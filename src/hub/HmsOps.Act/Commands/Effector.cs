using System.Security.Cryptography;
using System.Text;
using HmsOps.Act.Targets;
using HmsOps.Record;
using HmsOps.Record.Events;

namespace HmsOps.Act.Commands;

/// <summary>
/// Carries one intent to its end, from wherever it stands: fresh, or found half done after a crash. Begin is durable before the script is called, the outcome
/// and the settlement after. A script whose start is uncertain is asked for, never simply run again.
/// </summary>
public sealed class Effector(Journal journal, IScriptRunner scripts, Func<string, string> pathOf, TimeProvider time)
{
    private const string Actor = "system:act";
    private const int Effect = 1;
    private const int OutputInEntry = 4_096;

    /// <summary>Settles the intent.</summary>
    public async Task RunAsync(Guid intent, CancellationToken cancellationToken)
    {
        var act = journal.State.Acts[intent];
        var plan = act.Plan ?? throw new ArgumentException($"Entry {act.Sequence} is a refusal; there is nothing to carry out.", nameof(intent));
        ScriptOutcome? outcome = null;
        if (act.IsInFlight)
            outcome = await scripts.FindAsync(KeyOf(intent, act.Begun!.Attempt), cancellationToken); // IsInFlight says it has begun
        if (outcome is null or ScriptOutcome.NeverStarted)
        {
            if (time.GetUtcNow() - plan.At > plan.ValidFor)
            {
                await SettleAsync(act, [], "superseded", $"it could not begin within {plan.ValidFor.TotalSeconds:0} s", cancellationToken);
                return;
            }
            var attempt = (act.Begun?.Attempt ?? 0) + 1;
            act = await BeginAsync(act, attempt, cancellationToken);
            outcome = await scripts.RunAsync(CallOf(plan, intent), KeyOf(intent, attempt), cancellationToken);
        }
        await EndAsync(act, plan, outcome, cancellationToken);
    }

    private async Task<Record.Projections.Act> BeginAsync(Record.Projections.Act act, int attempt, CancellationToken cancellationToken)
    {
        var begun = new ActBegun(act.Id, Effect, attempt, KeyOf(act.Id, attempt).Value, time.GetUtcNow());
        await journal.WriteAsync(Draft(act, begun, $"begin/{act.Id}/{Effect}/{attempt}"), cancellationToken);
        return act with { Begun = begun };
    }

    private async Task EndAsync(Record.Projections.Act act, ActIntended plan, ScriptOutcome outcome, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var attempt = act.Begun?.Attempt ?? 1;
        var name = Path.GetFileName(plan.Script) ?? act.Title;
        var (ended, settled, detail) = outcome.Match<(OpsEvent, string, string)>(
            exited => exited.Code == 0
                ? (new ActDone(act.Id, Effect, attempt, "exit 0", Cut(exited.Output), exited.Took, now), "succeeded", "exit 0")
                : Failed($"{name} ended with exit code {exited.Code}", exited.Output),
            timedOut => Failed($"{name} was ended after {timedOut.Took.TotalSeconds:0} s: its time was up", timedOut.Output),
            refused => Failed(refused.Reason, ""),
            _ => Failed($"{name} was not started", ""),
            unknown => (
                new ActFailed(act.Id, Effect, attempt, unknown.Reason, "", Unknown: true, now),
                "unknown",
                $"nobody can say whether {name} finished: {unknown.Reason}. It is not run again by itself"));
        await SettleAsync(act, [Draft(act, ended, $"end/{act.Id}/{Effect}/{attempt}")], settled, detail, cancellationToken);

        (OpsEvent, string, string) Failed(string what, string output) =>
            (new ActFailed(act.Id, Effect, attempt, what, Cut(output), Unknown: false, now), "failed", what);
    }

    /// <summary>The end of the intent, and, where the hub could not help, the call for someone who can.</summary>
    private async Task SettleAsync(
        Record.Projections.Act act, IReadOnlyList<EventDraft> before, string outcome, string detail, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        List<EventDraft> drafts = [.. before, Draft(act, new ActSettled(act.Id, outcome, detail, now), $"settle/{act.Id}")];
        if (outcome is "failed" or "unknown" && act.Episode is { } episode)
        {
            var receivers = journal.State.Pages.Values
                .Where(p => p.Queued.Episode == episode && p.Queued.Kind == "fire")
                .Select(p => p.Queued.Receiver);
            foreach (var receiver in receivers)
            {
                var key = $"page/{episode}/attention/{act.Id}/{receiver}";
                drafts.Add(Draft(act, new PageQueued(key, "attention", receiver, episode, $"{act.Title} did not help: {detail}. Someone needs to act.", now), key));
            }
        }
        await journal.WriteAllAsync(drafts, cancellationToken);
    }

    private EventDraft Draft(Record.Projections.Act act, OpsEvent happened, string key) => new(happened, Actor)
    {
        Cause = act.Id,
        Key = key,
        Incident = act.Episode is { } episode ? journal.State.IncidentOfEpisode.GetValueOrDefault(episode) : null,
    };

    private ScriptCall CallOf(ActIntended plan, Guid intent) => new(
        pathOf(plan.Script ?? ""),
        plan.ScriptSha256 ?? "",
        [],
        new Dictionary<string, string> { ["OPS_INTENT"] = intent.ToString(), ["OPS_LANE"] = plan.Lane, ["OPS_ACTION"] = plan.Title },
        plan.Deadline);

    /// <summary>H(intent, effect, attempt): a later attempt is another effect, so that an earlier one found "never started" stays that.</summary>
    private static EffectKey KeyOf(Guid intent, int attempt) =>
        new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{intent}/{Effect}/{attempt}")))[..32]);

    private static string Cut(string output) => output.Length <= OutputInEntry ? output : output[..OutputInEntry] + "… (cut)";
}
