using HmsOps.App.Verbs.Query;

namespace HmsOps.App.Tests.Verbs.Query;

public sealed class TableFormTests
{
    [Fact]
    public void One_moment_has_a_column_for_each_label_and_the_value_on_the_right() => Assert.Equal(
        """
        __name__     job   office         value
        permits      city  fairfax           12
        permits      city  日本             0.5
        permits_max        loudoun  1234567.125

        """,
        TableForm.Of(
            Answers.Vector(Answers.One("permits job=city office=fairfax", 12), Answers.One("permits job=city office=日本", 0.5), Answers.One("permits_max office=loudoun", 1_234_567.125)),
            TimeZoneInfo.Utc));

    [Fact]
    public void Numbers_that_are_none_are_shown_as_such() => Assert.Equal(
        """
        job  value
        a      NaN
        b     +Inf
        c     -Inf

        """,
        TableForm.Of(Answers.Vector(Answers.One("job=a", double.NaN), Answers.One("job=b", double.PositiveInfinity), Answers.One("job=c", double.NegativeInfinity)), TimeZoneInfo.Utc));

    [Fact]
    public void A_series_without_labels_is_its_value() => Assert.Equal("value\n    3\n", TableForm.Of(Answers.Vector(Answers.One("", 3)), TimeZoneInfo.Utc));

    [Fact]
    public void A_scalar_is_its_number_and_a_text_the_text()
    {
        Assert.Equal("0.1\n", TableForm.Of(new Answer(AnswerKind.Scalar, [Answers.One("", 0.1)], "", []), TimeZoneInfo.Utc));
        Assert.Equal("good morning\n", TableForm.Of(new Answer(AnswerKind.Text, [], "good morning", []), TimeZoneInfo.Utc));
    }

    [Fact]
    public void A_histogram_says_how_many_how_much_and_where_most_are() => Assert.Equal(
        """
        job                              value
        a    {count:8, sum:12.5, p50≤1, p99≤8}

        """,
        TableForm.Of(Answers.Vector(new AnswerSeries(Answers.Labels("job=a"), [new AnswerSample(Answers.Four, 0, AnswerHistogram.Of(Answers.Histogram))])), TimeZoneInfo.Utc));

    [Theory]
    [InlineData(1.0905077326652577, "p50≤1.1")]
    [InlineData(0.5, "p50≤0.5")]
    [InlineData(0.05, "p50≤0.05")]
    [InlineData(123.4, "p50≤130")]
    [InlineData(-1.09, "p50≤-1")]
    [InlineData(0, "p50≤0")]
    public void A_bound_is_rounded_so_that_what_is_said_stays_true(double bound, string expected) =>
        Assert.Contains(expected, new AnswerHistogram(2, 1, [new AnswerBucket(bound - 1, bound, 2)]).ToString());

    [Fact]
    public void Quantiles_of_what_is_not_bounded_are_bounded_below_or_left_out()
    {
        Assert.Equal("{count:2, sum:1, p50>12, p99>12}", new AnswerHistogram(2, 1, [new AnswerBucket(12.3, double.PositiveInfinity, 2)]).ToString());
        Assert.Equal("{count:0, sum:0}", new AnswerHistogram(0, 0, []).ToString());
    }

    [Fact]
    public void Samples_over_time_stand_below_their_series() => Assert.Equal(
        """
        up{job="a"}
          2026-11-20 11:00:00    1
          2026-11-20 11:00:15  0.5

        up{job="b"}
          2026-11-20 11:00:15  12

        """,
        TableForm.Of(Answers.Matrix(Answers.Over("up job=a", (0, 1), (15, 0.5)), Answers.Over("up job=b", (15, 12))), TimeZoneInfo.FindSystemTimeZoneById("America/New_York")));

    [Fact]
    public void Labels_cannot_steer_the_terminal() =>
        Assert.Equal("job              value\n\\u001b[2J\\u0007      1\n", TableForm.Of(Answers.Vector(Answers.One("job=\u001b[2J\a", 1)), TimeZoneInfo.Utc));

    [Fact]
    public void An_empty_answer_is_no_table()
    {
        Assert.Equal("", TableForm.Of(Answers.Vector(), TimeZoneInfo.Utc));
        Assert.Equal("", TableForm.Of(Answers.Matrix(), TimeZoneInfo.Utc));
    }
}
