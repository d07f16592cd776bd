using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;

namespace HmsOps.Present.Web.Words;

/// <summary>Which part of the story an entry is: the filters of the ledger and of a timeline.</summary>
public enum EntryKind
{
    Alert,
    Act,
    Page,
    Incident,
    Hub,
    Config,
    Other,
}

/// <summary>An entry in words.</summary>
/// <param name="Icon">Its sign in the sprite.</param>
/// <param name="Title">What happened.</param>
/// <param name="Detail">With which numbers; empty when the title says all.</param>
public sealed record EntryWords(EntryKind Kind, string Icon, SignLook? Look, string Title, string Detail);

/// <summary>Every event of the catalogue as one line for people. What this program does not know is named as it was entered.</summary>
public static class EnvelopeWords
{
    public static EntryWords Of(Envelope envelope, RecordState state) => Of(envelope.Event, state);

    public static EntryKind KindOf(OpsEvent happened) => happened switch
    {
        AlertPending or AlertFired or AlertRecovering or AlertResolved or AlertDropped or AlertLostSight => EntryKind.Alert,
        ActIntended or ActRefused or ActBegun or ActDone or ActFailed or ActSettled => EntryKind.Act,
        PageQueued or PageSending or PageAccepted or PageFailed => EntryKind.Page,
        IncidentOpened or IncidentLinked or IncidentReopened or IncidentResolved => EntryKind.Incident,
        HubStarted or HubStopped or LedgerRecovered => EntryKind.Hub,
        ConfigApplied or ConfigRejected => EntryKind.Config,
        _ => EntryKind.Other,
    };

    private static EntryWords Of(OpsEvent happened, RecordState state) => happened switch
    {
        AlertPending e => Alert("eye", SignLook.Warn, $"{e.Alert.Name} is watched closely", "The condition began to hold; the rule waits whether it lasts."),
        AlertFired e => Alert(
            "bell", SignLook.Fail, $"Alert: {e.Alert.Metric ?? e.Alert.Name} {Sentences.Beyond(e.Op)} {Quantity.InUnit(e.Threshold, e.Unit)}{(e.Window is null ? "" : $" over {Durations.InWords(e.Window)}")}",
            $"Value {Quantity.InUnit(e.Value, e.Unit)}. {Severity(e.Severity)}."),
        AlertRecovering { Recovering: true } e => Alert("eye", SignLook.Warn, $"{e.Alert.Name} is back inside its bound", "It has to stay there before the alert is over."),
        AlertRecovering e => Alert("eye", SignLook.Fail, $"{e.Alert.Name} is outside its bound again", ""),
        AlertResolved e => Alert(
            "tick", SignLook.Ok, e.Value is { } value ? $"Back to {Quantity.InUnit(value, e.Unit)}: alert over" : "Alert over", e.Reason switch
            {
                "condition" => "The condition no longer holds.",
                "no data" => "Its value is gone, and the rule says that this ends it.",
                _ => $"The {e.Reason}.",
            }),
        AlertDropped e => Alert("eye", SignLook.Ok, $"{e.Alert.Name} is quiet again", "The condition did not last."),
        AlertLostSight { Blind: true } e => Alert("eye", SignLook.Unsure, $"The value of {e.Alert.Name} is gone", "The alert stays as it is: missing data is not good news."),
        AlertLostSight e => Alert("eye", SignLook.Warn, $"The value of {e.Alert.Name} is there again", ""),

        ActIntended e => Act("return", SignLook.Act, $"Decided: {Deed.Of(e.Title).Infinitive}", GuardLine(e.Guards)),
        ActRefused e => Act("stop", SignLook.Warn, $"Not allowed to {Deed.Of(e.Title).Infinitive}", $"{RecordWords.OfOutcome(e.Detail)}{(e.AllowedAt is null ? "" : $" Possible again at {Moment.Exact(e.AllowedAt.Value)[11..16]} UTC.")}"),
        ActBegun e => Act("return", SignLook.Act, $"Began to {DeedOf(state, e.Intent).Infinitive}", e.Attempt > 1 ? $"Attempt {e.Attempt}." : ""),
        ActDone e => Act("tick", SignLook.Act, $"{Capital(DeedOf(state, e.Intent).Noun)} done in {Quantity.Duration(e.Took)}", RecordWords.OfOutcome(e.Detail)),
        ActFailed { Unknown: true } e => Act("stop", SignLook.Unsure, $"Nobody can say how the {DeedOf(state, e.Intent).Noun} ended", RecordWords.OfOutcome(e.Detail)),
        ActFailed e => Act("stop", SignLook.Fail, $"The {DeedOf(state, e.Intent).Noun} failed", RecordWords.OfOutcome(e.Detail)),
        ActSettled e => Act(e.Outcome == "succeeded" ? "tick" : "stop", e.Outcome == "succeeded" ? SignLook.Act : SignLook.Fail, $"Settled: {e.Outcome}", RecordWords.OfOutcome(e.Detail)),

        PageQueued e => Page("person", null, $"{e.Receiver} is to be told", e.Text ?? PageAbout(e.Kind)),
        PageSending e => Page("person", null, $"Telling {ReceiverOf(state, e.Page)} by {e.Channel}", e.Attempt > 1 ? $"Attempt {e.Attempt}." : ""),
        PageAccepted e => Page("person", SignLook.Ok, $"{ReceiverOf(state, e.Page)} was told by {e.Channel}", e.ProviderId.Length == 0 ? "" : $"Their number for it: {e.ProviderId}."),
        PageFailed { RetryAt: null } e => Page("person", SignLook.Fail, $"{ReceiverOf(state, e.Page)} could not be told", RecordWords.OfOutcome(e.Reason)),
        PageFailed e => Page("person", SignLook.Warn, $"{ReceiverOf(state, e.Page)} was not reached by {e.Channel}; tried again", RecordWords.OfOutcome(e.Reason)),

        IncidentOpened e => Incident(SignLook.Fail, $"{e.Incident} opened: {RecordWords.OfIncidentTitle(e.Title)}", Severity(e.Severity) + "."),
        IncidentLinked e => Incident(SignLook.Fail, $"Another alert joined {e.Incident}", ""),
        IncidentReopened e => Incident(SignLook.Fail, $"{e.Incident} opened again", ""),
        IncidentResolved e => Incident(SignLook.Ok, $"{e.Incident} resolved", "All its alerts are over."),

        HubStarted e => Hub($"HMS-OPS {e.Version} started", e.Name),
        HubStopped => Hub("HMS-OPS stopped in an orderly way", ""),
        LedgerRecovered e => Hub("The ledger set a torn tail aside", $"{Quantity.Bytes(e.Bytes)} that were never acknowledged. {e.Detail}"),
        ConfigApplied e => new(EntryKind.Config, "file", e.Errors == 0 ? SignLook.Ok : SignLook.Warn, $"Workspace version {Short(e.Hash)} came into force", RuleChanges(e)),
        ConfigRejected e => new(EntryKind.Config, "file", SignLook.Fail, $"{e.File}:{e.Line}:{e.Column} was refused", $"{e.Code} {e.Message} {e.Remedy}".TrimEnd()),
        UnknownEvent e => new(EntryKind.Other, "file", null, e.Name, "This version has no words for it; its content is kept and shown as it is."),
        _ => new(EntryKind.Other, "file", null, EventCatalogue.NameOf(happened), ""),
    };

    private static EntryWords Alert(string icon, SignLook look, string title, string detail) => new(EntryKind.Alert, icon, look, title, detail);

    private static EntryWords Act(string icon, SignLook look, string title, string detail) => new(EntryKind.Act, icon, look, title, detail);

    private static EntryWords Page(string icon, SignLook? look, string title, string detail) => new(EntryKind.Page, icon, look, title, detail);

    private static EntryWords Incident(SignLook look, string title, string detail) => new(EntryKind.Incident, "alarm", look, title, detail);

    private static EntryWords Hub(string title, string detail) => new(EntryKind.Hub, "hub", null, title, detail);

    private static Deed DeedOf(RecordState state, Guid intent) =>
        state.Acts.TryGetValue(intent, out var act) ? Deed.Of(act) : new Deed("act", "acted", "act");

    private static string ReceiverOf(RecordState state, string page) => state.Pages.TryGetValue(page, out var known) ? known.Queued.Receiver : "Someone";

    public static string PageAbout(string kind) => kind switch
    {
        "fire" => "That the alert fired.",
        "resolve" => "That it is over.",
        _ => "That somebody has to look.",
    };

    private static string GuardLine(IReadOnlyList<GuardAnswer> guards) => guards.Count == 0
        ? ""
        : $"{guards.Count(g => g.Allows)} of {Quantity.Count(guards.Count, "guard", "guards")} passed: {string.Join("; ", guards.Select(g => g.Detail))}.";

    private static string RuleChanges(ConfigApplied e)
    {
        string[] parts =
        [
            e.RulesAdded.Count > 0 ? $"{Quantity.Count(e.RulesAdded.Count, "rule", "rules")} added" : "",
            e.RulesChanged.Count > 0 ? $"{e.RulesChanged.Count} changed" : "",
            e.RulesRemoved.Count > 0 ? $"{e.RulesRemoved.Count} removed" : "",
            e.Errors > 0 ? Quantity.Count(e.Errors, "error", "errors") : "",
        ];
        var said = string.Join(", ", parts.Where(p => p.Length > 0));
        return said.Length == 0 ? $"{Quantity.Count(e.Files.Count, "file", "files")}." : said + ".";
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Severity(string severity) => $"Severity {severity}";

    private static string Short(string hash) => hash.Length > 8 ? hash[..8] : hash;
}
