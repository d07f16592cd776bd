using System.Text;
using HmsOps.Fuzz.Harness;
using HmsOps.PromQL;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>PromQL: whole expressions, and its numbers, durations and quoted texts alone.</summary>
static class PromQlDecoders
{
    static readonly string[] Words =
    [
        "(", ")", "{", "}", "[", "]", ",", "=~", "!~", "!=", "==", "=", ">=", "<", "+", "-", "*", "/", "%", "^", "@", ":", "\"", "'", "`", "\\", "#", "\n", "sum", "by", "without", "on", "ignoring", "group_left", "group_right",
        "bool", "and", "or", "unless", "offset", "start()", "end()", "rate", "histogram_quantile", "topk", "count_values", "quantile", "absent", "label_replace", "time()", "vector", "scalar", "5m", "1h30m", "1y", "-5m", "0x1f",
        "1e3", "Inf", "NaN", ".5", "1_000", "0b1", "\"a.b\"", "__name__", "le", "\\xff", "\\u00e9", "ü", "$__interval", "[5m:1m]", "atan2", "3.", "limitk", "smoothed", "anchored", "fill",
    ];

    public static IReadOnlyList<Decoder> All =>
    [
        new("promql", Read) { Seeds = Seeds, Words = Words, AllocationPerByte = 6000, AllocationBase = PatternDecoders.AllocationBase, Share = 12 },
        new("promql-literal", ReadLiteral) { Seeds = LiteralSeeds, Words = ["5m", "1h", "ms", "y", "w", "d", "0x", "1e", "Inf", "_", "-", ".", "\"", "'", "`", "\\x", "\\u", "\\U", "\\7", "\\n", "ü"], InputBytesMax = 128, AllocationPerByte = 2000, Share = 200 },
    ];

    static Reading Read(ReadOnlyMemory<byte> input)
    {
        var text = Encoding.UTF8.GetString(input.Span);
        var parse = PromParser.Parse(text);
        Unless((parse.Expression is null) == (parse.Errors.Count > 0), "there is no expression and no error, or both");
        foreach (var error in parse.Errors)
        {
            Unless(error.Start >= 0 && error.Start <= error.End && error.End <= text.Length, $"an error at {error.Start} to {error.End} of {text.Length}: {error.Message}");
            Unless(error.Line >= 1 && error.Column >= 1 && error.Message.Length > 0, "an error without a place or a word");
        }
        if (parse.Expression is not { } expression)
            return Reading.Refused(parse.Errors[0].Message);
        var printed = expression.Root.ToString() ?? "";
        if (printed.Length > PromLimits.Default.TextMax)
            return Reading.Accepted("printed it is longer than is read");
        var again = PromParser.Parse(printed);
        Unless(again.Expression is not null, $"{printed} was printed, and is refused: {string.Join("; ", again.Errors)}");
        Unless(again.Expression!.Root.ToString() == printed, $"{printed} reads back as {again.Expression.Root}"); // not null: the line above
        Unless(again.Expression.Type == expression.Type, $"{printed} yields a {again.Expression.Type}, not a {expression.Type}");
        var digest = new Digest();
        digest.Add(printed);
        return Reading.Accepted($"{expression.Type} {expression.Root.GetType().Name} of height {expression.Root.Height}", digest);
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

    static IEnumerable<(string, byte[])> LiteralSeeds() => ((string[])["5m", "1h30m", "1y2w3d4h5m6s7ms", "0x1F", "1e3", ".5", "Inf", "010", "1_000", "\"a\\x41\\u00e9\\n\"", "'b'", "`raw`", "292y"])
        .Select((text, i) => ($"{i:00}", Encoding.UTF8.GetBytes(text)));
}
