using System.Globalization;
using HmsOps.Decide.Alerts;
using HmsOps.PromQL;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;
using HmsOps.Workspace;
using HmsOps.Workspace.Rules;

namespace HmsOps.Decide.Tests.Alerts;

/// <summary>
/// Tables of readings and phases. One reading every 15 s; a number is the value, <c>n/r</c> a value and its resolve statistic, <c>_</c> no data; a reading
/// in brackets is a look, all others are ticks. Phases: <c>-</c> quiet, P pending, F firing, R recovering, o resolved; a small letter b follows while blind.
/// </summary>
public sealed class AlertMachineTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 16, 0, 0, TimeSpan.Zero);
    private static readonly AlertRef Alert = new("r", "f", "slow", "m", new Dictionary<string, string>());

    [Theory]
    [InlineData("900 1001 1500", "- F F")] // over the bound, not at it
    [InlineData("1000 999", "- -")]
    [InlineData("1500 900 900 900 900", "F R R o o")] // kept firing for 30 s
    [InlineData("1500 900 1500 900 900 900", "F R F R R o")] // a relapse starts the 30 s over
    [InlineData("1500 900 900 900 1500", "F R R o F")] // a new episode
    public void An_alert_without_for_fires_at_once_and_ends_after_it_kept_firing(string readings, string phases) =>
        Assert.Equal(phases, Phases(RuleWith(hold: 0), readings));

    [Theory]
    [InlineData("1500 1500 1500 1500", "P P F F")] // held for 30 s
    [InlineData("1500 900 1500 1500 1500", "P - P P F")] // one good tick starts the hold over
    [InlineData("1500 [900] 1500 1500", "P P F F")] // a dip that no tick saw ends nothing
    [InlineData("[1500] 1500 [1500]", "P P F")] // looks begin and fire
    public void A_rule_with_for_fires_when_it_held(string readings, string phases) =>
        Assert.Equal(phases, Phases(RuleWith(hold: 30), readings));

    [Theory]
    [InlineData("1500 _ _ 1500", "F Fb Fb F")] // blind, and firing
    [InlineData("1500 _ 900 900 900", "F Fb R R o")]
    [InlineData("1500 NaN 1500", "F Fb F")] // NaN is nobody asked, not zero
    [InlineData("_ _ 1500", "- - F")]
    [InlineData("1500 [_] 1500", "F F F")] // a look proves no absence
    public void A_value_that_vanished_is_not_false(string readings, string phases) =>
        Assert.Equal(phases, Phases(RuleWith(hold: 0), readings));

    [Fact]
    public void The_hold_of_a_pending_alert_stands_still_while_nothing_is_seen() =>
        Assert.Equal("P Pb Pb P F", Phases(RuleWith(hold: 30), "1500 _ _ 1500 1500"));

    [Fact]
    public void Where_no_data_is_ok_it_ends_the_alert() =>
        Assert.Equal("F o", Phases(RuleWith(hold: 0) with { OnNoData = OnNoData.Ok }, "1500 _"));

    [Theory]
    [InlineData("1500/1500 1400/120 1300/112 1200/112", "F R R o")] // over half a minute after the cure, though three minutes remember
    [InlineData("1500/1500 1400/120 1300/112 1200/112 1100/112", "F R R o o")] // and not again while they do
    [InlineData("1500/1500 1400/120 1400/1300 1300/112 1300/112 1300/112", "F R F R R o")]
    [InlineData("1500/1500 1500/_ 1500/_", "F F F")] // nothing says that it is over
    public void The_resolve_statistic_says_when_it_is_over(string readings, string phases) =>
        Assert.Equal(phases, Phases(RuleWith(hold: 0) with { Resolve = Expression }, readings));

    [Fact]
    public void What_is_resolved_names_the_resolve_statistic()
    {
        var rule = RuleWith(hold: 0) with { Resolve = Expression, KeepFiringFor = TimeSpan.Zero };
        var state = Apply(null, new AlertStep.Fires(Start, 1500));

        var step = Assert.Single(AlertMachine.Step(rule, state, new AlertReading(1400, 112, Start.AddSeconds(15)), tick: true));

        Assert.Equal(112, Assert.IsType<AlertStep.Resolves>(step).Value);
    }

    private static PromExpression Expression => PromParser.Parse("m").Expression!;

    private static Rule RuleWith(int hold) => new()
    {
        Id = "r",
        Citation = "alerts/r.yml#slow@000000",
        Name = "slow",
        Value = Expression,
        Op = Comparison.Greater,
        Threshold = 1000,
        Unit = "ms",
        For = TimeSpan.FromSeconds(hold),
        KeepFiringFor = TimeSpan.FromSeconds(30),
        Source = new SourceSpan("alerts/r.yml", 1, 1),
        Text = "",
    };

    private static string Phases(Rule rule, string readings)
    {
        AlertState? state = null;
        var phases = new List<string>();
        var at = Start;
        foreach (var word in readings.Split(' '))
        {
            var tick = !word.StartsWith('[');
            var parts = word.Trim('[', ']').Split('/');
            var reading = new AlertReading(Number(parts[0]), parts.Length > 1 ? Number(parts[1]) : null, at);
            foreach (var step in AlertMachine.Step(rule, state, reading, tick))
                state = Apply(state, step);
            phases.Add(Letter(state));
            at += TimeSpan.FromSeconds(15);
        }
        return string.Join(' ', phases);
    }

    private static double? Number(string text) => text == "_" ? null : double.Parse(text, CultureInfo.InvariantCulture);

    private static string Letter(AlertState? state) => state is null
        ? "-"
        : (state.Phase switch { AlertPhase.Pending => "P", AlertPhase.Firing => "F", AlertPhase.Recovering => "R", _ => "o" }) + (state.BlindSince is null ? "" : "b");

    /// <summary>What the projection does with the entry a step becomes; the real one is in the Record room.</summary>
    private static AlertState? Apply(AlertState? state, AlertStep step) => step switch
    {
        AlertStep.Pends s => new AlertState { Alert = Alert, Phase = AlertPhase.Pending, Value = s.Value, ActiveAt = s.At },
        AlertStep.Fires s => new AlertState { Alert = Alert, Phase = AlertPhase.Firing, Value = s.Value, ActiveAt = state?.ActiveAt ?? s.At },
        AlertStep.Recovers s => state! with { Phase = AlertPhase.Recovering, FalseSince = s.At },
        AlertStep.Relapses => state! with { Phase = AlertPhase.Firing, FalseSince = null },
        AlertStep.Resolves s => state! with { Phase = AlertPhase.Resolved, ResolvedAt = s.At },
        AlertStep.Drops => null,
        AlertStep.LosesSight s => state! with { BlindSince = s.At },
        AlertStep.Sees => state! with { BlindSince = null },
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
