using HmsOps.Record.Events;

namespace HmsOps.Record.Tests;

/// <summary>One event of every kind, in the order of the catalogue: a new kind without a sample fails a test.</summary>
internal static class Samples
{
    public const string Episode = "alert/rule1/f00d/1763654851000";

    public static AlertRef Alert { get; } = new("rule1", "f00d", "county_api_ms", "county_api_ms", new Dictionary<string, string> { ["alertname"] = "county_api_ms" });

    public static AlertFired Fired(DateTimeOffset at) => new(
        Alert, 1580, 1000, ">", "ms", "3m", "avg > 1000", "high", "ROLLBACK:DOCKET_RULE", "rollback_docket_rule", ["oncall@opm.gov", "pager_duty"],
        "wiki/slow-county-api", "alerts/county_api.yml#county_api_ms@9f3c21", "abc", at, new AlertEvidence(at.AddMinutes(-6), at, [110, 1580]));

    public static IEnumerable<OpsEvent> OfEveryKind(DateTimeOffset at)
    {
        var id = Guid.Parse("0199e3c4-7d1a-7c3e-9b0a-5f2f8f1d2c12");
        return
        [
            new AlertPending(Alert, 1200, at),
            Fired(at),
            new AlertRecovering(Alert, true, 900, at),
            new AlertResolved(Alert, 112, "ms", "condition", at),
            new AlertDropped(Alert, at),
            new AlertLostSight(Alert, true, at),
            new ActIntended(
                "script", "rollback_docket_rule", "ROLLBACK:DOCKET_RULE", "cd/rollback_docket_rule.sh", "beef", Episode, 1, "why", [new GuardAnswer("cooldown", true, "fine")],
                "plan", TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5), at),
            new ActRefused("script", "lane", "ROLLBACK:DOCKET_RULE", Episode, 1, "cooldown", "2 min since", at.AddMinutes(8), at),
            new ActBegun(id, 1, 1, "ab12", at),
            new ActDone(id, 1, 1, "exit 0", "done\n", TimeSpan.FromSeconds(2), at),
            new ActFailed(id, 1, 1, "exit 3", "no\n", false, at),
            new ActSettled(id, "succeeded", "exit 0", at),
            new PageQueued("page/1", "fire", "oncall@opm.gov", Episode, null, at),
            new PageSending("page/1", "smtp", 1, at),
            new PageAccepted("page/1", "smtp", "id-1", at),
            new PageFailed("page/1", "smtp", "refused", false, at.AddSeconds(1), at),
            new IncidentOpened("INC-2026-0001", null, "slow", "high", Episode, at),
            new IncidentLinked("INC-2026-0001", Episode, at),
            new IncidentReopened("INC-2026-0001", Episode, at),
            new IncidentResolved("INC-2026-0001", at),
            new HubStarted("0.1.0", "ops.opm.gov", at),
            new HubStopped(at),
            new LedgerRecovered(4096, "a torn tail", at),
            new ConfigApplied("abc", null, [new ConfigFile("alerts/a.yml", "beef", "added")], ["a"], [], [], 0, at, new ConfigCommit("0f1e", "Ada Clerk <ada@opm.gov>", at, "Alerts earlier", false)),
            new ConfigRejected("alerts/a.yml", 2, 1, "E031", "not a key", "remove it", at),
        ];
    }
}
