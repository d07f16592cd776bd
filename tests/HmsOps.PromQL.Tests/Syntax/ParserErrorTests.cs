namespace HmsOps.PromQL.Tests.Syntax;

public sealed class ParserErrorTests
{
    // Whole messages: position, what was found, what was expected, suggestion. Several errors are parted by " || ".
    [Theory]
    [InlineData("", "1:1: found nothing, expected an expression such as rate(requests_total[5m])")]
    [InlineData("  # only a remark", "1:18: found nothing, expected an expression such as rate(requests_total[5m])")]
    [InlineData("rate(foo[5m]", "1:13: found the end, expected an operator, a comma or )")]
    [InlineData("rate(foo[5m)", "1:12: found ')', expected ]")]
    [InlineData("rate(foo)", "1:6: found an instant vector, expected a range vector for rate; a range is written foo[5m]")]
    [InlineData("sum(foo[5m])", "1:5: found a range vector, expected an instant vector for sum; without a range it is foo")]
    [InlineData("raet(foo[5m])", "1:1: found 'raet', which is no function of PromQL; did you mean rate?")]
    [InlineData("histogram_quantle(0.9, foo)", "1:1: found 'histogram_quantle', which is no function of PromQL; did you mean histogram_quantile?")]
    [InlineData("Rate(foo[5m])", "1:1: found 'Rate', which is no function of PromQL; did you mean rate?")]
    [InlineData("frobnicate(foo)", "1:1: found 'frobnicate', which is no function of PromQL")]
    [InlineData("holt_winters(foo[5m], 1, 1)", "1:1: found 'holt_winters', which today's PromQL calls double_exponential_smoothing; did you mean double_exponential_smoothing?")]
    [InlineData("topk(foo)", "1:1: found 1 argument, expected 2 arguments: topk(number, instant vector)")]
    [InlineData("quantile by (a) (foo, 0.5)", "1:18: found an instant vector, expected a number for quantile || 1:23: found the number 0.5, expected an instant vector for quantile")]
    [InlineData("foo[1m][5m:1m]", "1:8: found a subquery of a range vector, expected an instant vector before it")]
    [InlineData("foo @ bar", "1:7: found 'bar', expected a time in seconds since 1970, start() or end()")]
    [InlineData("foo @ 1 + bar @ 1 @ 2", "1:19: found a second @, expected one")]
    [InlineData("sum(foo) @ end()", "1:10: found @ behind an instant vector, expected it right behind a selector, its range or a subquery")]
    [InlineData("irate(foo[5m] anchored)", "1:7: found anchored in irate, expected it in changes, delta, increase, rate or resets only")]
    [InlineData("foo anchored", "1:5: found anchored behind a selector, expected it behind a range")]
    [InlineData("rate(foo[5m] anchored smoothed)", "1:23: found a second word about the ends of the range, expected one of anchored and smoothed")]
    [InlineData("a </ \"x\"", "1:6: found a text beside </, expected a number or an instant vector")]
    [InlineData("a + on(x) group_left(x) b", "1:11: found the label \"x\" in on and in group_left, expected it in one of them")]
    [InlineData("a and on(x) group_left b", "1:3: found a grouping beside and, expected it beside arithmetic and comparisons only")]
    [InlineData("a and fill(0) b", "1:3: found fill beside and, expected it beside arithmetic and comparisons only")]
    [InlineData("a + fill(c) b", "1:10: found an instant vector, expected a number for fill")]
    [InlineData("foo[5m + bar]", "1:10: found an instant vector in a duration, expected durations, numbers, + - * / % ^, step(), range(), min_of() and max_of()")]
    [InlineData("foo[time()]", "1:5: found a number in a duration, expected durations, numbers, + - * / % ^, step(), range(), min_of() and max_of()")]
    [InlineData("foo offset (1y * 300)", "1:12: found a duration that is out of range, expected at most 292y")]
    [InlineData("info(foo, bar)", "1:11: found 'bar', expected labels in braces, such as {cluster=~\".+\"}")]
    [InlineData("foo{a=\"b\"", "1:10: found the end, expected a comma or }")]
    [InlineData("foo{a}", "1:6: found '}', expected = != =~ or !~")]
    [InlineData("foo{a=5}", "1:7: found '5', expected a text in quotes")]
    [InlineData("foo{a=\"b\" c=\"d\"}", "1:11: found 'c', expected a comma or }")]
    [InlineData("foo{a=~\"(\"}", "1:8: found a regular expression that cannot be read: the pattern \"(\" has a ( that is not closed (at character 1)")]
    [InlineData("foo{a=~\"(?=x)\"}", "1:8: found a regular expression that cannot be read: the pattern \"(?=x)\" has a group that RE2 does not know: look-around, atomic group, comment or condition (at character 1)")]
    [InlineData("foo{a=~\"\\\\p{Greek}\"}", "1:8: found a regular expression that cannot be read: the pattern \"\\\\p{Greek}\" has \\p{Greek}, which is no general category such as L, Lu or Nd (scripts are not in this version) (at character 1)")]
    [InlineData("foo{a:b=\"c\"}", "1:5: found the label 'a:b', expected letters, digits and _; other names are written in quotes")]
    [InlineData("{}", "1:1: found a selector that would match every series, expected a name or at least one matcher that the empty text does not satisfy")]
    [InlineData("{a=~\".*\"}", "1:1: found a selector that would match every series, expected a name or at least one matcher that the empty text does not satisfy")]
    [InlineData("foo{__name__=\"bar\"}", "1:1: found a second name \"bar\", expected one name in a selector")]
    [InlineData("{\"foo\", \"bar\"}", "1:1: found a second name \"bar\", expected one name in a selector")]
    [InlineData("foo bar", "1:5: found 'bar', expected an operator or the end")]
    [InlineData("foo)", "1:4: found ')', which closes nothing")]
    [InlineData("(foo", "1:5: found the end, expected an operator or )")]
    [InlineData("1 +", "1:4: found the end, expected a number, a metric, a function or (")]
    [InlineData("* 1", "1:1: found '*', expected a number, a metric, a function or (")]
    [InlineData("a + * b", "1:5: found '*', expected a number, a metric, a function or (")]
    [InlineData("1 > 2", "1:3: found > between two numbers, expected > bool: there is no series to keep or drop")]
    [InlineData("1 and foo", "1:3: found a number beside and, expected instant vectors on both sides")]
    [InlineData("a + bool b", "1:5: found 'bool' behind +, expected it behind a comparison only")]
    [InlineData("a * on(x) 5", "1:3: found on where a side is a number, expected it between instant vectors only")]
    [InlineData("a + \"text\"", "1:5: found a text beside +, expected a number or an instant vector")]
    [InlineData("-foo[5m]", "1:2: found a range vector behind the sign, expected a number or an instant vector")]
    [InlineData("time(5)", "1:1: found 1 argument, expected no argument: time()")]
    [InlineData("clamp_min(foo)", "1:1: found 1 argument, expected 2 arguments: clamp_min(instant vector, number)")]
    [InlineData("sum(a, b)", "1:1: found 2 arguments, expected 1 argument: sum(instant vector)")]
    [InlineData("sum by a (b)", "1:8: found 'a', expected ( and names of labels")]
    [InlineData("sum by (a b) (c)", "1:11: found 'b', expected a comma or )")]
    [InlineData("sum by (a) c", "1:12: found 'c', expected ( and what to take the sum of")]
    [InlineData("foo offset 5m offset 1m", "1:15: found a second offset, expected one")]
    [InlineData("foo offset 5m [1m]", "1:15: found a range behind an offset or @, expected the range first: foo[1m]")]
    [InlineData("foo offset", "1:11: found the end, expected a duration such as 5m")]
    [InlineData("(foo)[5m]", "1:6: found a range behind an instant vector in parentheses, expected it right behind a selector; a subquery over its last 5m is written [5m:]")]
    [InlineData("abs(foo) offset 5m", "1:10: found offset behind an instant vector, expected it right behind a selector, its range or a subquery")]
    [InlineData("foo[0s]", "1:4: found a range of 0s, expected at least 1ms")]
    [InlineData("foo[]", "1:5: found ']', expected a duration such as 5m")]
    [InlineData("foo[bar]", "1:5: found an instant vector in a duration, expected durations, numbers, + - * / % ^, step(), range(), min_of() and max_of()")]
    [InlineData("foo[5mm]", "1:5: found '5mm', expected a duration such as 1h30m; its units are y, w, d, h, m, s and ms")]
    [InlineData("foo[1s5m]", "1:5: found '1s5m', expected the units of a duration in the order y, w, d, h, m, s, ms, each at most once")]
    [InlineData("foo[300y]", "1:5: found '300y', expected a duration of at most 292y")]
    [InlineData("1x5", "1:1: found '1x5', expected a number such as 0.5 or 1e6, or a duration such as 1h30m")]
    [InlineData("\"abc", "1:1: found a text that does not end, expected \" before the end of the line")]
    [InlineData("foo{a=\"\\q\"}", "1:8: found '\\q', expected an escape: \\\\ \\\" \\n \\r \\t \\a \\b \\f \\v \\x20 \\040 \\u20ac \\U0001f600")]
    [InlineData("foo{a=\"\\xff\"}", "1:7: found '\"\\xff\"', whose escapes make bytes that are not UTF-8; no label can hold them")]
    [InlineData("a && b", "1:3: found '&&', expected an operator; PromQL writes and, or, unless, !=")]
    [InlineData("foo-bar.p95 > 5 € 3", "1:8: found '.', which is not part of PromQL; a name with other characters than letters, digits and _ is written {\"name\"} || 1:17: found '€', which is not part of PromQL; a name with other characters than letters, digits and _ is written {\"name\"}")]
    [InlineData("bool", "1:1: found 'bool', a word of the language, expected an expression; a metric of this name is written {\"bool\"}")]
    [InlineData("rate(foo[5m]) / raet(bar[5m]) + smu(baz)", "1:17: found 'raet', which is no function of PromQL; did you mean rate? || 1:33: found 'smu', which is no function of PromQL; did you mean sum?")]
    [InlineData("sum(\n  rate(foo[5m])\n  + 𝛑\n)", "3:5: found '𝛑', which is not part of PromQL; a name with other characters than letters, digits and _ is written {\"name\"}")]
    [InlineData("sum by (", "1:9: found the end, expected a comma or )")]
    [InlineData("vector(1, )", "1:11: found ')', expected another argument")]
    [InlineData("foo{\"\"=\"a\"}", "1:5: found an empty name")]
    public void Errors_say_where_what_and_what_instead(string text, string expected) =>
        Assert.Equal(expected, string.Join(" || ", PromParser.Parse(text).Errors));

    [Fact]
    public void Depth_is_limited()
    {
        var deepest = new string('(', 63) + "1" + new string(')', 63);
        Assert.Empty(PromParser.Parse(deepest).Errors);
        var error = Assert.Single(PromParser.Parse($"({deepest})").Errors);
        Assert.Equal("1:65: the expression nests deeper than 64 levels, which is the limit", error.ToString());
    }

    [Fact]
    public void Chains_are_limited()
    {
        Assert.Empty(PromParser.Parse(string.Join("+", Enumerable.Repeat("1", 256))).Errors);
        var error = Assert.Single(PromParser.Parse(string.Join("+", Enumerable.Repeat("1", 258))).Errors);
        Assert.Equal("1:1: the expression chains more than 256 operators, which is the limit", error.ToString());
    }

    [Fact]
    public void Size_is_limited()
    {
        var limits = new PromLimits { TextMax = 10 };
        Assert.Empty(PromParser.Parse("foo + barb", limits).Errors);
        Assert.Equal("1:1: the expression has 11 characters; the limit is 10", Assert.Single(PromParser.Parse("foo + barba", limits).Errors).ToString());
    }

    [Fact]
    public void Errors_carry_the_range_of_what_they_are_about()
    {
        const string text = "sum(𝛑) + raet(foo[5m])";
        var errors = PromParser.Parse(text).Errors;
        Assert.Equal(["𝛑", "raet"], errors.Select(e => text[e.Start..e.End]));
        Assert.Equal([5, 10], errors.Select(e => e.Column)); // the pair of surrogates is one column
    }
}
