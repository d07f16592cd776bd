using HmsOps.PromQL.Syntax;
using HmsOps.PromQL.Tests.Notation;
using HmsOps.PromQL.Tests.Oracle;

namespace HmsOps.PromQL.Tests.Syntax;

public sealed class ParserTests
{
    [Theory]
    [InlineData("1", "1")]
    [InlineData("-1", "-1")]
    [InlineData("--1", "1")]
    [InlineData("+1.5e-3", "0.0015")]
    [InlineData("0x1F", "31")]
    [InlineData("017", "15")]
    [InlineData("1_000_000", "1000000")]
    [InlineData("1e21", "1E+21")]
    [InlineData("1E+21", "1E+21")]
    [InlineData(".5", "0.5")]
    [InlineData("5.", "5")]
    [InlineData("Inf", "Inf")]
    [InlineData("-inf", "-Inf")]
    [InlineData("NaN", "NaN")]
    [InlineData("1h30m", "1h30m")]
    [InlineData("90m", "1h30m")]
    [InlineData("1500ms", "1s500ms")]
    [InlineData("x > 10m", "x > 10m")]
    [InlineData("'a\\'b'", "\"a'b\"")]
    [InlineData("`a\\b`", "\"a\\\\b\"")]
    [InlineData("\"\\xe2\\x82\\xac\\u20ac\\342\\202\\254\\U0001F600\"", "\"€€€😀\"")]
    [InlineData("foo", "foo")]
    [InlineData("foo:bar:rate5m", "foo:bar:rate5m")]
    [InlineData("foo{}", "foo")]
    [InlineData("foo{a=\"b\",c!=\"d\",e=~\"f\",g!~\"h\",}", "foo{a=\"b\", c!=\"d\", e=~\"f\", g!~\"h\"}")]
    [InlineData("{__name__=\"foo\"}", "foo")]
    [InlineData("{__name__=~\"foo.*\"}", "{__name__=~\"foo.*\"}")]
    [InlineData("{\"quoted.name\", \"l.m\"=\"x\", by=\"y\"}", "{\"quoted.name\", \"l.m\"=\"x\", by=\"y\"}")]
    [InlineData("{'foo'}", "foo")]
    [InlineData("{\"inf\"}", "{\"inf\"}")]
    [InlineData("{\"bool\"}", "{\"bool\"}")]
    [InlineData("foo[5m]", "foo[5m]")]
    [InlineData("foo[300]", "foo[5m]")]
    [InlineData("foo[0.5]", "foo[500ms]")]
    [InlineData("foo offset 50", "foo offset 50s")]
    [InlineData("foo offset -1m", "foo offset -1m")]
    [InlineData("info(foo, {__name__=\"build_info\"})", "info(foo, {__name__=\"build_info\"})")]
    [InlineData("info(foo, {\"build_info\", version=~\".+\"})", "info(foo, {__name__=\"build_info\", version=~\".+\"})")]
    [InlineData("info(foo, {})", "info(foo, {})")]
    [InlineData("foo offset (step() * 2)", "foo offset (step() * 2)")]
    [InlineData("foo offset -((step()))", "foo offset -((step()))")]
    [InlineData("foo[step() + 1m] offset -step()", "foo[step() + 1m] offset -step()")]
    [InlineData("foo[5m] OFFSET 1m", "foo[5m] offset 1m")]
    [InlineData("1 + 2 * 3 ^ 2 ^ 2", "1 + 2 * 3 ^ 2 ^ 2")]
    [InlineData("-a ^ b", "-a ^ b")]
    [InlineData("a ATAN2 b", "a atan2 b")]
    [InlineData("a or b and c unless d", "a or b and c unless d")]
    [InlineData("a == bool on (x, \"y z\") b", "a == bool on (x, \"y z\") b")]
    [InlineData("a + ignoring() b", "a + b")]
    [InlineData("a and on() b", "a and on () b")]
    [InlineData("SUM BY (a) (b)", "sum by (a) (b)")]
    [InlineData("sum(b) without (a,)", "sum without (a) (b)")]
    [InlineData("sum by () (b)", "sum(b)")]
    [InlineData("sum without () (b)", "sum without () (b)")]
    [InlineData("avg by (by, on, le) (b)", "avg by (by, on, le) (b)")]
    [InlineData("sum", "sum")]
    [InlineData("sum{a=\"b\"}", "sum{a=\"b\"}")]
    [InlineData("offset offset 5m", "offset offset 5m")]
    [InlineData("and and or", "and and or")]
    [InlineData("fill + fill", "fill + fill")]
    [InlineData("quantile_over_time(0.9, foo[5m])", "quantile_over_time(0.9, foo[5m])")]
    [InlineData("a # remark\n+ b", "a + b")]
    public void What_is_read_prints(string text, string printed)
    {
        var root = Answers.Parsed(text).Root;
        Assert.Equal(printed, root.ToString());
        Assert.Equal(printed, Answers.Parsed(printed).Root.ToString());
    }

    [Theory]
    [InlineData("1 + 2 * 3", "(1 + (2 * 3))")]
    [InlineData("1 - 2 - 3", "((1 - 2) - 3)")]
    [InlineData("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))")]
    [InlineData("-2 ^ 2", "(-(2 ^ 2))")]
    [InlineData("2 ^ -1 * 3", "((2 ^ -1) * 3)")]
    [InlineData("-a * b", "((-a) * b)")]
    [InlineData("a or b and c == d + e * f ^ g", "(a or (b and (c == (d + (e * (f ^ g))))))")]
    [InlineData("a and b unless c or d", "(((a and b) unless c) or d)")]
    [InlineData("-foo offset 5m", "(-foo offset 5m)")]
    public void Operators_bind_as_in_Prometheus(string text, string grouped) => Assert.Equal(grouped, Grouped(Answers.Parsed(text).Root));

    [Fact]
    public void Every_node_knows_its_place()
    {
        const string text = " sum by (a) ( rate( foo{b=\"c\"} [5m] offset 1m ) ) + -( bar ) ";
        var places = Flat(Answers.Parsed(text).Root).Select(n => text[n.At.Start..n.At.End]);
        Assert.Equal(
            [
                "sum by (a) ( rate( foo{b=\"c\"} [5m] offset 1m ) ) + -( bar )",
                "sum by (a) ( rate( foo{b=\"c\"} [5m] offset 1m ) )",
                "rate( foo{b=\"c\"} [5m] offset 1m )",
                "foo{b=\"c\"} [5m] offset 1m",
                "foo{b=\"c\"}",
                "-( bar )",
                "( bar )",
                "bar",
            ],
            places);
    }

    [Theory]
    [InlineData("1", PromType.Scalar, "", 0)]
    [InlineData("foo", PromType.Vector, "foo", 300)]
    [InlineData("foo offset 1h", PromType.Vector, "foo", 3900)]
    [InlineData("foo offset -1h", PromType.Vector, "foo", 0)]
    [InlineData("foo[1m]", PromType.Matrix, "foo", 300)]
    [InlineData("rate({\"a.b\"}[10m] offset 1m) + foo / {\"a.b\"}", PromType.Vector, "a.b foo", 660)]
    [InlineData("{__name__=~\"a|b\", x=\"y\"}", PromType.Vector, "", 300)]
    public void An_expression_knows_its_type_metrics_and_reach(string text, PromType type, string metrics, int reachSeconds)
    {
        var expression = Answers.Parsed(text);
        Assert.Equal((type, metrics, TimeSpan.FromSeconds(reachSeconds)), (expression.Type, string.Join(' ', expression.MetricNames), expression.Reach));
    }

    [Theory]
    [InlineData("rate", "raet", 1)]
    [InlineData("rate", "rat", 1)]
    [InlineData("rate", "RATE", 0)]
    [InlineData("ca", "abc", 3)] // restricted: the swapped pair is not edited again
    [InlineData("", "abc", 3)]
    public void Slips_are_counted(string a, string b, int slips) => Assert.Equal(slips, Functions.Slips(a, b));

    [Fact]
    public void Printing_and_parsing_again_changes_nothing()
    {
        var random = new Random(1);
        for (var i = 0; i < 1_000; i++)
        {
            var text = new ExpressionWriter(random).Vector(3);
            var printed = Answers.Parsed(text).Root.ToString();
            Assert.Equal(printed, Answers.Parsed(printed).Root.ToString());
        }
    }

    [Fact]
    public void Mangled_text_is_read_or_reported_but_never_thrown_at()
    {
        const string pieces = "(){}[],:@=!~<>+-*/%^\"'`\\#. \n0159aexs_€𝛑\ud800";
        var random = new Random(2);
        var broken = 0;
        for (var i = 0; i < 10_000; i++)
        {
            // Without patterns, which cost more to compile than all else; they have rows of their own in the tables.
            var text = new ExpressionWriter(random).Vector(2).Replace("=~", "=", StringComparison.Ordinal).Replace("!~", "!=", StringComparison.Ordinal).ToList();
            for (var edits = random.Next(1, 4); edits > 0 && text.Count > 0; edits--)
            {
                var at = random.Next(text.Count);
                switch (random.Next(3))
                {
                    case 0: text.RemoveAt(at); break;
                    case 1: text[at] = pieces[random.Next(pieces.Length)]; break;
                    default: text.Insert(at, pieces[random.Next(pieces.Length)]); break;
                }
            }
            var whole = new string([.. text]);
            var parse = PromParser.Parse(whole);
            Assert.Equal(parse.Expression is null, parse.Errors.Count > 0);
            Assert.All(parse.Errors, e => Assert.True(e.Start >= 0 && e.Start <= e.End && e.End <= whole.Length && e.Line >= 1 && e.Column >= 1, $"{e} in {whole}"));
            broken += parse.Errors.Count > 0 ? 1 : 0;
        }
        Assert.InRange(broken, 5_000, 9_999); // the mangling mangles, and some of it stays PromQL
    }

    private static string Grouped(PromNode node) => node switch
    {
        PromNode.Binary b => $"({Grouped(b.Left)} {b.Op.Sign()} {Grouped(b.Right)})",
        PromNode.Unary u => $"(-{Grouped(u.Operand)})",
        _ => node.ToString()!,
    };

    private static IEnumerable<PromNode> Flat(PromNode node) => node.Children.SelectMany(Flat).Prepend(node);
}
