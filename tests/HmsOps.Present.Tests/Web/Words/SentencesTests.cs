using HmsOps.Present.Readings;
using HmsOps.Present.Tests.Stage;
using HmsOps.Present.Web.Words;
using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;

namespace HmsOps.Present.Tests.Web.Words;

public sealed class SentencesTests
{
    private static readonly DateTimeOffset Now = CountyCourt.At(16, 9, 0);

    [Theory]
    [InlineData(1, 0, 0, 12, "1 of 12 watched metrics is failing")]
    [InlineData(2, 1, 1, 12, "2 of 12 watched metrics are failing")]
    [InlineData(0, 1, 3, 12, "We cannot see 1 of 12 watched metrics")]
    [InlineData(0, 12, 0, 12, "No data yet for any of 12 watched metrics")]
    [InlineData(0, 0, 2, 12, "2 of 12 watched metrics are at risk")]
    [InlineData(0, 0, 0, 12, "All 12 watched metrics are healthy")]
    [InlineData(0, 0, 0, 1, "The one watched metric is healthy")]
    [InlineData(1, 0, 0, 1, "The one watched metric is failing")]
    [InlineData(0, 0, 0, 0, "Nothing is watched yet")]
    public void Home_says_the_worst_first(int failing, int unseen, int atRisk, int watched, string sentence) =>
        Assert.Equal(sentence, Sentences.OfHome(failing, unseen, atRisk, watched, []));

    [Fact]
    public void A_calm_metric_is_held_against_its_rule() => Assert.Equal(
        "county_api_ms averages 112 ms over 3 minutes. Its rule alerts above 1,000 ms.", Plain(Sentences.OfMetric(Story(latest: 111, ruleValue: 112))));

    [Fact]
    public void Silence_is_no_health() => Assert.Equal(
        ("No data for 4 min: county_api_ms was last seen at 16:05:00.", "A metric nobody can see is not healthy: its rule stays as it is until values come."),
        (Plain(Sentences.OfMetric(Story(latest: null) with { LastSeen = CountyCourt.At(16, 5, 0) })), Sentences.NextOfMetric(Story(latest: null))));

    [Fact]
    public void A_metric_nobody_ever_sent_is_said_to_be_so() => Assert.Equal(
        "Nothing has sent county_api_ms in the last hour.", Sentences.OfMetric(Story(latest: null)));

    [Fact]
    public void What_cannot_be_evaluated_says_why() => Assert.StartsWith(
        "HMS-OPS cannot evaluate county_api_ms: The query touches", Sentences.OfMetric(Story(latest: 1) with { Problem = "The query touches too much." }), StringComparison.Ordinal);

    [Theory]
    [InlineData("ROLLBACK:DOCKET_RULE", "roll back the docket rule", "rolled back the docket rule", "rollback of the docket rule")]
    [InlineData("ROLLBACK:permit-svc", "roll back the permit-svc", "rolled back the permit-svc", "rollback of the permit-svc")]
    [InlineData("clear_cache", "run clear_cache", "ran clear_cache", "clear_cache")]
    public void A_deed_is_said_in_words(string action, string infinitive, string past, string noun) => Assert.Equal(new Deed(infinitive, past, noun), Deed.Of(action));

    [Fact]
    public void Every_event_of_the_catalogue_has_words_of_its_own()
    {
        var kinds = typeof(OpsEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(OpsEvent)) && t != typeof(UnknownEvent)).ToList();

        Assert.Equal(EventCatalogue.Names.Count(), kinds.Count);
        foreach (var kind in kinds)
        {
            var happened = (OpsEvent)System.Text.Json.JsonSerializer.Deserialize(Filled(kind), kind)!; // an object, so never null
            var words = EnvelopeWords.Of(new Envelope { Id = Guid.Empty, Sequence = 0, Time = Now, Actor = "a", Event = happened }, RecordState.Empty);

            Assert.NotEqual(EntryKind.Other, words.Kind);
            Assert.False(words.Title.StartsWith("ops.", StringComparison.Ordinal), $"{kind.Name} is shown by its name only.");
        }
    }

    private static MetricStory Story(double? latest, double? ruleValue = null) => new()
    {
        Metric = CountyCourt.Metric,
        Unit = "ms",
        Clock = new Moment(Now, TimeZoneInfo.Utc),
        RangeInWords = TimeRange.Hour.InWords,
        Latest = latest,
        Rule = CountyCourt.Workspace.Rules[0],
        RuleValue = ruleValue,
    };

    /// <summary>An event of a kind with plausible values for each of its parameters.</summary>
    private static string Filled(Type kind)
    {
        var values = kind.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First().GetParameters()
            .Select(p => $"\"{char.ToUpperInvariant(p.Name![0])}{p.Name[1..]}\":{Value(p.ParameterType)}"); // parameters of a record have names
        return $"{{{string.Join(',', values)}}}";
    }

    private static string Value(Type type) => type switch
    {
        _ when type == typeof(string) => "\"x\"",
        _ when type == typeof(bool) => "true",
        _ when type == typeof(Guid) => $"\"{Guid.Empty}\"",
        _ when type == typeof(TimeSpan) => "\"00:00:02\"",
        _ when type == typeof(DateTimeOffset) || type == typeof(DateTimeOffset?) => "\"2026-11-20T16:07:02Z\"",
        _ when type == typeof(AlertRef) => "{\"RuleId\":\"r\",\"Fingerprint\":\"f\",\"Name\":\"n\",\"Metric\":\"m\",\"Labels\":{}}",
        _ when type == typeof(AlertEvidence) => "{\"From\":\"2026-11-20T16:04:02Z\",\"To\":\"2026-11-20T16:07:02Z\",\"Sparkline\":[1]}",
        _ when type == typeof(ConfigCommit) => Filled(type),
        _ when type.IsGenericType && !type.IsValueType => "[]",
        _ => "1",
    };

    private static string Plain(string text) => text.Replace('\u00a0', ' ');
}
