using HmsOps.Act.Guardrails;
using HmsOps.Present.Web.Words;
using HmsOps.Record.Projections;
using HmsOps.Workspace.Guardrails;

namespace HmsOps.Present.Tests.Web.Words;

public sealed class RecordWordsTests
{
    [Fact]
    public void Every_guard_there_is_has_words_of_its_own()
    {
        foreach (var said in Guards.Ask(RecordState.Empty, ActLimits.Default, "lane", DateTimeOffset.UnixEpoch).Answers)
            Assert.NotEqual(char.ToUpperInvariant(said.Guard[0]) + said.Guard[1..].Replace('_', ' '), RecordWords.OfGuard(said.Guard));
    }

    [Fact]
    public void A_guard_of_another_version_is_at_least_readable() => Assert.Equal("Freeze window", RecordWords.OfGuard("freeze_window"));

    [Theory]
    [InlineData("exit 0", "The script ended with exit code 0.")]
    [InlineData("exit 137", "The script ended with exit code 137.")]
    [InlineData("rollback_docket_rule.sh ended with exit code 3", "rollback_docket_rule.sh ended with exit code 3.")]
    [InlineData("nobody can say whether it finished", "Nobody can say whether it finished.")]
    [InlineData("It is over.", "It is over.")]
    [InlineData("3 of 3 done…", "3 of 3 done…")]
    [InlineData("", "")]
    public void An_outcome_is_a_sentence(string entered, string said) => Assert.Equal(said, RecordWords.OfOutcome(entered));

    [Theory]
    [InlineData("county_api_ms 1500 ms, over 1000 ms", "county_api_ms 1,500 ms, over 1,000 ms")]
    [InlineData("county_api_ms 999 ms, over 500 ms", "county_api_ms 999 ms, over 500 ms")]
    [InlineData("queue_2000 1234567, over 10000", "queue_2000 1,234,567, over 10,000")]
    [InlineData("free_bytes 0.512 B, under 1200.5 B", "free_bytes 0.512 B, under 1,200.5 B")]
    [InlineData("two words -1500 ms, under -1000 ms", "two words -1,500 ms, under -1,000 ms")]
    [InlineData("Court 2000 is closed", "Court 2000 is closed")]
    [InlineData("broken NaN ms, over 1000 ms", "broken NaN ms, over 1000 ms")]
    public void A_titles_numbers_are_written_as_pages_write_them(string entered, string said) => Assert.Equal(said, RecordWords.OfIncidentTitle(entered).Replace('\u00a0', ' '));
}
