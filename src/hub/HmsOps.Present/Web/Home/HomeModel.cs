using HmsOps.Present.Readings;
using HmsOps.Present.Web.Words;
using HmsOps.Record;
using HmsOps.Record.Projections;
using HmsOps.Workspace;
using HmsOps.Workspace.Rules;

namespace HmsOps.Present.Web.Home;

/// <summary>Is anything wrong, and is someone or something on it?</summary>
public sealed record HomeModel
{
    public required string Sentence { get; init; }

    public required string Next { get; init; }

    public required Moment Clock { get; init; }

    public required IReadOnlyList<MetricTile> Tiles { get; init; }

    public required IReadOnlyList<IncidentStripModel> Strips { get; init; }

    public required int ActsToday { get; init; }

    public required int PagedToday { get; init; }

    /// <summary>What the hub did lately, newest first.</summary>
    public required IReadOnlyList<(Envelope Entry, EntryWords Words)> Lately { get; init; }

    public int Healthy => Tiles.Count(t => t.Sign.Look == SignLook.Ok);

    /// <summary>Nothing is watched: the page says how to begin.</summary>
    public bool IsEmpty => Tiles.Count == 0;

    public static HomeModel Of(
        IReadOnlyDictionary<string, MetricReading> readings, RecordState state, WorkspaceVersion workspace, IReadOnlyList<ImpairedPart> impaired,
        IReadOnlyList<Envelope> latest, Moment clock)
    {
        var tiles = workspace.Rules.Where(r => r.Metric is not null)
            .GroupBy(r => r.Metric!, StringComparer.Ordinal) // not null: filtered above
            .Select(g => MetricTile.Of(g.Key, [.. g], readings.GetValueOrDefault(g.Key), state, clock))
            .OrderBy(t => t.Rank).ThenBy(t => t.Metric, StringComparer.Ordinal)
            .ToList();
        var open = state.Incidents.Values.Where(i => i.IsOpen).OrderByDescending(i => i.OpenedAt).ToList();
        var firing = Episode.Of(state, m => state.Alerts.Values.Any(a => a.IsFiring && a.Episode == m.Episode));
        return new HomeModel
        {
            Sentence = Sentences.OfHome(
                tiles.Count(t => t.Sign.Look == SignLook.Fail), tiles.Count(t => t.Sign.Look is SignLook.None or SignLook.Unsure),
                tiles.Count(t => t.Sign.Look == SignLook.Warn), tiles.Count, impaired),
            Next = Sentences.NextOfHome(firing, tiles.Count, clock.Now),
            Clock = clock,
            Tiles = tiles,
            Strips = [.. open.Select(i => IncidentStripModel.Of(i, state, clock))],
            ActsToday = state.Acts.Values.Count(a => a.Done is { } done && clock.IsToday(done.At) && a.Episode is not null),
            PagedToday = state.Pages.Values.Where(p => p.AcceptedAt is { } at && clock.IsToday(at)).Select(p => p.Queued.Receiver).Distinct(StringComparer.Ordinal).Count(),
            Lately = [.. latest.Where(IsTold).Take(6).Select(e => (e, EnvelopeWords.Of(e, state)))],
        };
    }

    /// <summary>Steps in between are in the ledger; five lines are for what counts.</summary>
    private static bool IsTold(Envelope entry) => entry.Event is
        Record.Events.AlertFired or Record.Events.AlertResolved or Record.Events.ActRefused or Record.Events.ActDone or Record.Events.ActFailed
        or Record.Events.PageAccepted or Record.Events.PageFailed { RetryAt: null } or Record.Events.ConfigApplied or Record.Events.ConfigRejected
        or Record.Events.HubStarted;
}

/// <summary>One watched metric: its last five minutes and its state.</summary>
public sealed record MetricTile(string Metric, string Unit, Sign Sign, Sign? Acting, MetricReading? Reading, Rule Rule, string Bound)
{
    /// <summary>Failing, at risk, no data, healthy.</summary>
    public int Rank => Sign.Look switch { SignLook.Fail => 0, SignLook.Warn => 1, SignLook.Ok => 3, _ => 2 };

    public Line? Line => Reading is { Lines.Count: > 0 } ? Reading.Lines[0] : null;

    public static MetricTile Of(string metric, IReadOnlyList<Rule> rules, MetricReading? reading, RecordState state, Moment clock)
    {
        var alerts = state.Alerts.Values.Where(a => a.Alert.Metric == metric && a.IsActive).ToList();
        var rule = rules.FirstOrDefault(r => alerts.Any(a => a.IsFiring && a.Alert.RuleId == r.Id)) ?? rules[0];
        var unit = rule.Unit.Length > 0 ? rule.Unit : reading?.Unit ?? "";
        var silent = reading?.LastSeen is { } seen ? clock.Now - seen : (TimeSpan?)null;
        var episodes = alerts.Where(a => a.IsFiring).Select(a => a.Episode).ToHashSet();
        var act = state.Acts.Values.Where(a => a.Episode is not null && episodes.Contains(a.Episode)).OrderBy(a => a.Sequence).LastOrDefault();
        return new MetricTile(
            metric, unit,
            StateSigns.OfMetric(alerts, watched: true, reading?.Latest is not null, silent, reading?.Problem is not null),
            act switch
            {
                { IsOpen: true } => new Sign(SignLook.Act, $"About to {Deed.Of(act).Infinitive}"),
                { Settled.Outcome: "succeeded" } => new Sign(SignLook.Act, Capital(Deed.Of(act).Past)),
                _ => null,
            },
            reading, rule, $"{Sentences.Beyond(rule.Op)} {Quantity.OfRound(rule.Threshold, unit)}");
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}

/// <summary>One open incident as five dots.</summary>
public sealed record IncidentStripModel(Incident Incident, string Sentence, IReadOnlyList<PathDot> Dots, string Told)
{
    public static IncidentStripModel Of(Incident incident, RecordState state, Moment clock)
    {
        var episodes = Episode.OfIncident(state, incident);
        var first = episodes.Count > 0 ? episodes[0] : null;
        var act = episodes.Select(e => e.Act).LastOrDefault(a => a is not null);
        var fired = first?.Alert?.Fired;
        var pages = state.Pages.Values.Where(p => p.Queued.Episode is { } e && incident.Episodes.Contains(e) && p.Queued.Kind == "fire").ToList();
        var told = pages.Where(p => p.Stage == PageStage.Accepted).Select(p => p.Queued.Receiver).Distinct(StringComparer.Ordinal).ToList();
        IReadOnlyList<PathDot> dots =
        [
            new("Change", "no change is known to HMS-OPS", DotStage.Unknown),
            new("Noticed", first is null ? "" : $"{clock.Of(first.FiredAt)} {(fired is null ? first.Name : $"passed {Quantity.OfRound(fired.Threshold, fired.Unit)}")}", DotStage.Done),
            new("Decided", act switch
            {
                null => "no automatic act is named",
                { Refusal: not null } => $"{clock.Of(act.At)} not allowed",
                _ => $"{clock.Of(act.At)} {Deed.Of(act).Infinitive}",
            }, act is null or { Refusal: not null } ? DotStage.Unknown : DotStage.Done),
            new("Acting", act switch
            {
                { Done: { } done } => $"{clock.Of(done.At)} done in {Quantity.Duration(done.Took)}",
                { Failed: { } failed } => $"{clock.Of(failed.At)} failed",
                { Begun: { } begun } => $"since {clock.Of(begun.At)}",
                { IsOpen: true } => "about to begin",
                _ => "",
            }, act switch
            {
                { Done: not null } => DotStage.Done,
                { Failed: not null } => DotStage.Failed,
                { IsOpen: true } => DotStage.Now,
                _ => DotStage.Waiting,
            }),
            new("Confirm", episodes.Any(e => !e.IsOver) ? "when the value stays inside its bound" : "inside the bound again", episodes.Any(e => !e.IsOver)
                ? act is { Done: not null } ? DotStage.Now : DotStage.Waiting
                : DotStage.Done),
        ];
        return new IncidentStripModel(
            incident, Sentences.OfIncident(incident, episodes, clock.Now), dots,
            told.Count > 0 ? $"{string.Join(", ", told)} told" : pages.Any(p => p.Stage == PageStage.Undeliverable) ? "nobody could be told" : pages.Count > 0 ? "people are being told" : "nobody is named to be told");
    }
}

/// <summary>One of the five dots.</summary>
public sealed record PathDot(string Name, string Detail, DotStage Stage);

public enum DotStage
{
    Waiting,
    Now,
    Done,
    Failed,
    Unknown,
}
