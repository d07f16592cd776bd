using HmsOps.App.Verbs.Query;

namespace HmsOps.App.Tests.Verbs.Query;

public sealed class CsvFormTests
{
    [Fact]
    public void A_moment_is_a_row_a_series() => Assert.Equal(
        "__name__,job,office,time,value\r\npermits,,fairfax,2026-11-20T16:00:00Z,12\r\nup,\"a,\"\"b\"\"\",,2026-11-20T16:00:00Z,NaN\r\n",
        CsvForm.Of(Answers.Vector(Answers.One("permits office=fairfax", 12), Answers.One("up job=a,\"b\"", double.NaN)), Answers.Four));

    [Fact]
    public void A_range_is_a_row_a_sample() => Assert.Equal(
        "job,time,value\r\na,2026-11-20T16:00:00Z,1\r\na,2026-11-20T16:00:15Z,1e+22\r\nb,2026-11-20T16:00:15Z,0.25\r\n",
        CsvForm.Of(Answers.Matrix(Answers.Over("job=a", (0, 1), (15, 1e22)), Answers.Over("job=b", (15, 0.25))), Answers.Four));

    [Fact]
    public void Milliseconds_are_written_where_there_are_any() =>
        Assert.Equal("time,value\r\n2026-11-20T16:00:00.250Z,1\r\n", CsvForm.Of(new Answer(AnswerKind.Scalar, [new AnswerSeries(default, [new AnswerSample(Answers.Four + 250, 1, null)])], "", []), 0));

    [Fact]
    public void A_histogram_is_one_field() => Assert.Equal(
        "time,value\r\n2026-11-20T16:00:00Z,\"{count:8, sum:12.5, p50≤1, p99≤8}\"\r\n",
        CsvForm.Of(Answers.Vector(new AnswerSeries(default, [new AnswerSample(Answers.Four, 0, AnswerHistogram.Of(Answers.Histogram))])), Answers.Four));

    [Fact]
    public void A_text_has_its_time() => Assert.Equal(
        "time,value\r\n2026-11-20T16:00:00Z,\"two\nlines\"\r\n", CsvForm.Of(new Answer(AnswerKind.Text, [], "two\nlines", []), Answers.Four));

    [Fact]
    public void An_empty_answer_is_its_header() => Assert.Equal("time,value\r\n", CsvForm.Of(Answers.Vector(), Answers.Four));
}
