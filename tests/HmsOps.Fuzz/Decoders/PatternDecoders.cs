using System.Text;
using HmsOps.Fuzz.Harness;
using HmsOps.Series;
using HmsOps.Series.Patterns;
using HmsOps.Workspace.Quantities;
using HmsOps.Workspace.Rules;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>Small languages: RE2 patterns, in the store and in relabelling; spans of time, quantities, metric paths.</summary>
static class PatternDecoders
{
    /// <summary>What the framework's automaton for one pattern may take, large classes of Unicode in it.</summary>
    public const long AllocationBase = 64 << 20;

    static readonly string[] PatternWords =
    [
        "(", ")", "(?:", "(?P<a>", "(?<b>", "(?i)", "(?s-i:", "[", "]", "[^", "[[:alpha:]]", "[:^digit:]", "|", "*", "+", "?", "*?", "{2}", "{1,3}", "{2,}", "{0,1000}", ".", ".*", ".+", "^", "$", "\\A", "\\z", "\\b", "\\B", "\\d", "\\W",
        "\\pL", "\\p{Greek}", "\\P{N}", "\\Q", "\\E", "\\x{10FFFF}", "\\x41", "\\C", "\\1", "(?=", "ü", "𝄞", "a-z", "api-", "\n",
    ];

    public static IReadOnlyList<Decoder> All =>
    [
        new("value-pattern", ReadPattern) { Seeds = PatternSeeds, Words = PatternWords, InputBytesMax = 192, AllocationBase = AllocationBase, AllocationPerByte = 200_000, Share = 1 },
        new("relabel-pattern", ReadRelabel) { Seeds = PatternSeeds, Words = PatternWords, InputBytesMax = 192, AllocationBase = AllocationBase, AllocationPerByte = 200_000, Share = 3 },
        new("duration", ReadDuration) { Seeds = DurationSeeds, Words = ["ms", "s", "min", "m", "h", "d", "w", "y", " ", "0", "9223372036854775807", "mins"], InputBytesMax = 64, Share = 300 },
        new("quantity", ReadQuantity) { Seeds = QuantitySeeds, Words = ["ms", "s", "%", "/min", "GiB", "kB", " ", "\u00a0", "_", "e", ".", "-", "NaN", "m", "1 000", "req/s"], InputBytesMax = 64, AllocationBase = 128 << 10, AllocationPerByte = 2000, Share = 60 },
        new("metric-path", ReadPath) { Seeds = PathSeeds, Words = [".", "p95", "p99.9", "avg", "rate", "last", "\"", "{", "_", ":", "ü", "p0", "p100"], InputBytesMax = 64, Share = 300 },
    ];

    // An input is a pattern, a line feed, and a value to hold against it.
    static Reading ReadPattern(ReadOnlyMemory<byte> input)
    {
        var (text, value) = Split(input);
        try
        {
            var pattern = new ValuePattern(text);
            var matches = pattern.Matches(value);
            foreach (var listed in pattern.Texts ?? [])
                Unless(pattern.Matches(listed), $"'{Encoding.UTF8.GetString(listed)}' is listed as matching '{text}', and does not");
            Unless(pattern.Texts is null || matches == pattern.Texts.Any(listed => listed.AsSpan().SequenceEqual(value)), "what is listed is not what matches");
            return Reading.Accepted($"{(pattern.Texts is null ? "pattern" : $"{pattern.Texts.Count} texts")}, {(matches ? "matches" : "does not match")}");
        }
        catch (QueryBudgetException e)
        {
            return Reading.Refused(Reason(e.Message));
        }
        catch (ArgumentException e)
        {
            return Reading.Refused(Reason(e.Message));
        }
    }

    static Reading ReadRelabel(ReadOnlyMemory<byte> input)
    {
        var (text, value) = Split(input);
        try
        {
            var pattern = CapturePattern.Whole(text);
            var captures = pattern.Match(Encoding.UTF8.GetString(value));
            Unless(captures is not null == pattern.IsMatch(Encoding.UTF8.GetString(value)), "it matches, and does not");
            Unless(captures is null || captures.Expand("$0") == Encoding.UTF8.GetString(value), "the whole match is not the whole text");
            return Reading.Accepted(captures is null ? "does not match" : $"matches, {captures.Expand("$1$a").Length} characters in groups");
        }
        catch (ArgumentException e)
        {
            return Reading.Refused(Reason(e.Message));
        }
    }

    static (string Pattern, byte[] Value) Split(ReadOnlyMemory<byte> input)
    {
        var end = input.Span.IndexOf((byte)'\n');
        return end < 0 ? (Encoding.UTF8.GetString(input.Span), []) : (Encoding.UTF8.GetString(input.Span[..end]), input.Span[(end + 1)..].ToArray());
    }

    // Without what the message quotes.
    static string Reason(string message) => message[Math.Max(0, message.LastIndexOf(':'))..];

    static Reading ReadDuration(ReadOnlyMemory<byte> input)
    {
        var text = Encoding.UTF8.GetString(input.Span);
        _ = Durations.TryMend(text, out _);
        if (!Durations.TryParse(text, out var span))
            return Reading.Refused("no span");
        Unless(span >= TimeSpan.Zero, $"'{text}' is read as {span}");
        Unless(Durations.TryParse(Durations.Format(span), out var again) && again == span, $"'{text}' is {span}, written {Durations.Format(span)}, which reads back as {again}");
        var digest = new Digest();
        digest.Add(span.Ticks);
        return Reading.Accepted("span", digest);
    }

    static Reading ReadQuantity(ReadOnlyMemory<byte> input)
    {
        var parse = Quantity.Parse(Encoding.UTF8.GetString(input.Span));
        if (parse.Fault != QuantityFault.None)
            return Reading.Refused($"{parse.Fault}{(parse.Suggestion is null ? "" : " with a suggestion")}");
        var text = parse.Quantity.ToString();
        var again = Quantity.Parse(text);
        Unless(again.Fault == QuantityFault.None && again.Quantity.Number == parse.Quantity.Number && again.Quantity.Unit == parse.Quantity.Unit, $"{text} reads back as {again}");
        foreach (var (_, unit) in MetricUnit.Written.Select(known => (known.Name, known)))
            _ = parse.Quantity.In(unit);
        var digest = new Digest();
        digest.Add(parse.Quantity.Number);
        digest.Add(parse.Quantity.Unit.Name);
        return Reading.Accepted($"quantity of {parse.Quantity.Unit.Name}", digest);
    }

    static Reading ReadPath(ReadOnlyMemory<byte> input)
    {
        if (!MetricPath.TryParse(Encoding.UTF8.GetString(input.Span), out var path, out var fault))
            return Reading.Refused(fault.ToString());
        Unless(path.Name.Length > 0, "a path without a name");
        _ = path.Unit;
        var digest = new Digest();
        digest.Add(path.Name);
        digest.Add(path.Quantile);
        return Reading.Accepted(path.Statistic.ToString(), digest);
    }

    static IEnumerable<(string, byte[])> PatternSeeds() => ((string[])
    [
        "a|b|c\nb", "api-.*\napi-7", ".*error.*\nan error", "(?i)Permit-[0-9]{3}\npermit-123", "[[:alpha:]]+\\d*\nab12", "\\bword\\b\nword", "(?P<a>x+)(y|z)?\nxxy", "^foo$\nfoo", "\\Qa.b\\E.+\na.bc", "[^a-fü]{2,5}\nxyz", "\\p{Greek}+\nαβ", "(a{2,3}){2}\naaaaa",
    ]).Select((text, i) => ($"{i:00}", Encoding.UTF8.GetBytes(text)));

    static IEnumerable<(string, byte[])> DurationSeeds() => ((string[])["90s", "5m", "1h30m", "2 min", "0", "1y 2w 3d", "250ms", "5 mins", "106751991167d"]).Select((text, i) => ($"{i:00}", Encoding.UTF8.GetBytes(text)));

    static IEnumerable<(string, byte[])> QuantitySeeds() => ((string[])["1000", "1 000", "0.8s", "300 ms", "5 %", "2GiB", "120/min", "1,000", "-3e5", "1_000 kB", "NaN"]).Select((text, i) => ($"{i:00}", Encoding.UTF8.GetBytes(text)));

    static IEnumerable<(string, byte[])> PathSeeds() => ((string[])["county_api_ms", "identity.verify.latency_ms.p95", "\"vendor.rate\"", "a.rate", "b.last", "x.p99.9"]).Select((text, i) => ($"{i:00}", Encoding.UTF8.GetBytes(text)));
}
