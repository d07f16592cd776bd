using System.Text;
using HmsOps.Fuzz.Harness;
using HmsOps.PromQL;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>PromQL: whole expressions, read, printed, and worked out; expressions made by its grammar; its numbers, durations and quoted texts alone.</summary>
static class PromQlDecoders
{
    // Over a pool of a few megabytes, at ten times.
    const long EvaluationBase = PatternDecoders.AllocationBase * 2;

    static readonly string[] Words =
    [
        "(", ")", "{", "}", "[", "]", ",", "=~", "!~", "!=", "==", "=", ">=", "<", "+", "-", "*", "/", "%", "^", "@", ":", "\"", "'", "`", "\\", "#", "\n", "sum", "by", "without", "on", "ignoring", "group_left", "group_right",
        "bool", "and", "or", "unless", "offset", "start()", "end()", "rate", "histogram_quantile", "topk", "count_values", "quantile", "absent", "label_replace", "time()", "vector", "scalar", "5m", "1h30m", "1y", "-5m", "0x1f",
        "1e3", "Inf", "NaN", ".5", "1_000", "0b1", "\"a.b\"", "__name__", "le", "\\xff", "\\u00e9", "ü", "$__interval", "[5m:1m]", "atan2", "3.", "smoothed", "anchored", "fill(0)", "fill_left(1)", "fill_right(NaN)",
        "</", ">/", "[5m*2+step()]", "[max_of(step(),1m)]", "offset (step()*2)", "@ start()", "@ end()", "@ 300.5", "{\"a.b\"}", "{\"a.b\",job=\"a\"}", "group_left (job)", "group_right ()", "{{", "[1h:]", ":1ms]",
        .. HostileSeries.Names, .. Functions.Evaluated.Keys, .. Functions.Aggregations.Keys,
    ];

    public static IReadOnlyList<Decoder> All =>
    [
        new("promql", Read) { Seeds = Seeds, Words = Words, AllocationPerByte = 6000, AllocationBase = PatternDecoders.AllocationBase, Share = 12 },
        new("promql-evaluation", Evaluate) { Seeds = EvaluationSeeds, Words = Words, InputBytesMax = 512, AllocationPerByte = 200_000, AllocationBase = EvaluationBase, Share = 1 },
        new("promql-grammar", Grow) { Seeds = GrammarSeeds, InputBytesMax = 96, AllocationPerByte = 2_000_000, AllocationBase = EvaluationBase, Share = 1 },
        new("promql-literal", ReadLiteral) { Seeds = LiteralSeeds, Words = ["5m", "1h", "ms", "y", "w", "d", "0x", "1e", "Inf", "_", "-", ".", "\"", "'", "`", "\\x", "\\u", "\\U", "\\7", "\\n", "ü"], InputBytesMax = 128, AllocationPerByte = 2000, Share = 200 },
    ];

    static Reading Read(ReadOnlyMemory<byte> input) => Read(Encoding.UTF8.GetString(input.Span), out _);

    static Reading Read(string text, out PromExpression? read)
    {
        var parse = PromParser.Parse(text);
        Unless((parse.Expression is null) == (parse.Errors.Count > 0), "there is no expression and no error, or both");
        foreach (var error in parse.Errors)
        {
            Unless(error.Start >= 0 && error.Start <= error.End && error.End <= text.Length, $"an error at {error.Start} to {error.End} of {text.Length}: {error.Message}");
            Unless(error.Line >= 1 && error.Column >= 1 && error.Message.Length > 0, "an error without a place or a word");
        }
        read = parse.Expression;
        if (parse.Expression is not { } expression)
            return Reading.Refused(parse.Errors[0].Message);
        var printed = expression.Root.ToString() ?? "";
        if (printed.Length > PromLimits.Default.TextMax)
            return Reading.Accepted("printed it is longer than is read");
        var again = PromParser.Parse(printed);
        Unless(again.Expression is not null, $"{printed} was printed, and is refused: {string.Join("; ", again.Errors)}");
        Unless(again.Expression!.Root.ToString() == printed, $"{printed} reads back as {again.Expression.Root}"); // not null: the line above
        Unless(again.Expression.Type == expression.Type, $"{printed} yields a {again.Expression.Type}, not a {expression.Type}");
        if (expression.Laid() is { } lines && lines.Length <= PromLimits.Default.TextMax) // what is set in may be longer than what can be read
        {
            var laid = PromParser.Parse(lines);
            Unless(laid.Expression?.Root.ToString() == printed, $"{printed}, laid out, reads back as {laid.Expression?.Root.ToString() ?? laid.Errors[0].ToString()}");
        }
        var digest = new Digest();
        digest.Add(printed);
        return Reading.Accepted($"{expression.Type} {expression.Root.GetType().Name} of height {expression.Root.Height}", digest);
    }

    static Reading Evaluate(ReadOnlyMemory<byte> input) => Evaluate(Encoding.UTF8.GetString(input.Span));

    static Reading Grow(ReadOnlyMemory<byte> input) => Evaluate(new PromQlGrammar(input).Expression());

    static Reading Evaluate(string text)
    {
        try
        {
            var reading = Read(text, out var expression);
            if (expression is null || expression.Type == PromType.Text)
                return Reading.Refused(reading.Outcome);
            var digest = new Digest();
            digest.Add(reading.Digest);
            return Reading.Accepted($"{expression.Root.GetType().Name}: {PromQlEvaluation.Run(expression, ref digest)}", digest);
        }
        catch (Exception thrown) when (thrown is not BrokenPromiseException)
        {
            throw new InvalidOperationException($"{text}: {thrown.GetType().Name}: {thrown.Message}", thrown);
        }
        catch (BrokenPromiseException broken)
        {
            throw new BrokenPromiseException($"{text}: {broken.Message}");
        }
    }

    static Reading ReadLiteral(ReadOnlyMemory<byte> input)
    {
        var text = Encoding.UTF8.GetString(input.Span);
        var digest = new Digest();
        var outcome = new StringBuilder();
        if (text.Length == 0)
            return Reading.Refused("no token is empty");
        _ = Literals.LooksLikeDuration(text);
        if (Literals.TryDuration(text, out var milliseconds, out _))
        {
            outcome.Append("duration ");
            digest.Add(milliseconds);
            var written = Literals.Duration(milliseconds);
            Unless(Literals.TryDuration(written, out var again, out var why) && again == milliseconds, $"{milliseconds} ms are written {written}, which reads back as {again} ms: {why}");
        }
        if (Literals.TryNumber(text, out var number))
        {
            outcome.Append("number ");
            digest.Add(number);
            if (double.IsFinite(number) && number >= 0) // the others are words
                Unless(Literals.TryNumber(Literals.Number(number), out var again) && again == number, $"{number:R} is written {Literals.Number(number)}, which reads back as {again:R}");
        }
        if (text.Length >= 2 && text[0] is '"' or '\'' or '`' && Literals.TryUnquote(text, out var value, out _, out _))
        {
            outcome.Append("text ");
            digest.Add(value);
            Unless(Literals.TryUnquote(LabelNames.Quote(value), out var again, out _, out var why) && again == value, $"{LabelNames.Quote(value)} reads back as something else: {why}");
        }
        return outcome.Length > 0 ? Reading.Accepted(outcome.ToString(), digest) : Reading.Refused("no literal");
    }

    static IEnumerable<(string, byte[])> Seeds() => ((string[])
    [
        "up", "rate(http_requests_total{job=\"permit-svc\",code=~\"5..\"}[5m])", "sum by (job, \"a.b\") (rate(x[1m] offset 5m)) / on (job) group_left sum without (pod) (y)",
        "histogram_quantile(0.99, sum by (le) (rate(latency_bucket[5m]))) > bool 0.5", "topk(3, -up ^ 2) or vector(1) unless {\"tax-bot.ok\", zone!=\"ü\"}", "absent(up{x='a\\nb'} == 1) and time() % 3600 < 10",
        "avg_over_time(m[1h30m]) - 1e3 * Inf", "(((1 + 2)))", "quantile(0.9, x) atan2 y # comment", "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")", "+-+x", "x @ start() offset -5m", "m[5m:1m]", "\"text\"",
    ]).Select((text, i) => ($"{i:00}", Encoding.UTF8.GetBytes(text)));

    static IEnumerable<(string, byte[])> EvaluationSeeds() => ((string[])
    [
        "rate(c_total[1m]) + on (job, instance) g", "sum by (job) (increase(c_total[5m] anchored)) / ignoring (le) group_left count(g)", "histogram_quantile(0.9, h) or histogram_quantile(0.9, sum by (le, job) (rate(l_bucket[2m])))",
        "max_over_time(rate(c_total[30s])[2m:15s]) > bool 0.5", "info(c_total, {version=~\".+\"})", "topk(2, g) - on (job, instance) fill (0) odd", "limit_ratio(0.5, {__name__=~\".+\"})", "h </ 2 + own",
        "label_replace(g, \"new\", \"$1x\", \"instance\", \"(.*)\") unless on (job) odd", "quantile_over_time(0.5, mix[3m]) + scalar(g{job=\"b\"})", "delta(hg[2m] smoothed)", "g smoothed offset -30s", "predict_linear({\"a.b\"}[1m:7s] @ 300, 60)",
        "quantile(scalar(g), g)", "(start_timestamp((count_values(\"job\", c_total)) + 1)) + (c_total)", "(sort_desc(hg offset 1m)) or on (job) g", "info(odd, {__name__=\"build_info\"})", "g offset -(step() * 2)",
        "count_values(\"v\", h)", "absent(nothing{a=\"b\"})", "c_total[2m]", "(h)[2m:20s]", "rate(begun_total[2m]) * start_timestamp(begun_total)", "stddev by (job) (odd) atan2 avg without (instance) (g)", "histogram_quantiles(h, \"q\", 0.1, 0.9)", "sort_by_label(mix, \"job\")",
        "resets(mix[5m]) + changes(own[5m])", "avg(own) + sum(h)", "label_join(label_join(odd, \"text\", \"\", \"text\", \"text\"), \"text\", \"\", \"text\", \"text\")",
    ]).Select((text, i) => ($"{i:00}", Encoding.UTF8.GetBytes(text)));

    // Choices are bytes; any will do.
    static IEnumerable<(string, byte[])> GrammarSeeds()
    {
        var random = new Random(1);
        for (var i = 0; i < 40; i++)
        {
            var choices = new byte[8 + (2 * i)];
            random.NextBytes(choices);
            yield return ($"{i:00}", choices);
        }
    }

    static IEnumerable<(string, byte[])> LiteralSeeds() => ((string[])["5m", "1h30m", "1y2w3d4h5m6s7ms", "0x1F", "1e3", ".5", "Inf", "010", "1_000", "\"a\\x41\\u00e9\\n\"", "'b'", "`raw`", "292y"])
        .Select((text, i) => ($"{i:00}", Encoding.UTF8.GetBytes(text)));
}
