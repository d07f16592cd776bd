using HmsOps.PromQL;
using HmsOps.PromQL.Syntax;

namespace HmsOps.Fuzz.Decoders;

/// <summary>
/// Makes of bytes an expression that mostly parses: each byte is a choice of the grammar, and where there are no more the shortest is taken. So nearly every change of an input is
/// another expression that is evaluated, where a change of a text is mostly a mistake.
/// </summary>
sealed class PromQlGrammar(ReadOnlyMemory<byte> choices)
{
    const int DepthMax = 5;

    static readonly string[] Spans = ["15s", "1m", "2m", "5m", "14s", "1ms", "20", "(30s+step())", "(15s*2)", "5m-1m", "1h", "max_of(step(), 1m)"];
    static readonly string[] Matchers = ["", "{job=\"a\"}", "{job=~\"a|b\"}", "{instance!=\"1\"}", "{job!~\"(a+)+\"}", "{le=\"\"}", "{nosuch=\"\"}", "{job=~\".+\",instance=~\"1.*\"}", "{\"text\"=~\".*(a|aa)+!\"}"];
    static readonly string[] Groupings = ["", " by (job)", " without (instance)", " by ()", " without ()", " by (job, le)", " by (\"a.b\")", " by (__name__)"];
    static readonly string[] Matchings =
    [
        "", " on (job)", " ignoring (instance)", " on ()", " on (job, instance)", " on (job) group_left", " on (job) group_right (instance)", " ignoring (le) group_left (\"a.b\")",
        " fill (0)", " on (job, instance) fill_left (1)", " ignoring (version) fill_right (NaN)", " on (job) group_left fill_left (-1) fill_right (2)",
    ];
    static readonly string[] Operators = ["+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<", ">=", "<=", "== bool", "> bool", "and", "or", "unless", "</", ">/"];
    static readonly string[] Labels = ["job", "instance", "le", "__name__", "a.b", "text", "new"];
    static readonly string[] Patterns = ["(.*)", "(a+)+", "(.)(.*)", "", ".*", "(?P<x>a)|b", "(.*a){5}", "[^a]?"];
    static readonly string[] Templates = ["$1", "x$1y", "", "$2$1", "${x}", "$$", "all", "$1$1$1$1"];
    static readonly string[] Numbers = ["1", "0", "-1", "0.5", "2", "NaN", "Inf", "-Inf", "1e308", "5m", "0x10", "3", "1_000", "100"];

    static readonly string[] OfWindows = [.. Functions.Evaluated.Where(f => f.Value.Takes.Contains(PromType.Matrix)).Select(f => f.Key)];
    static readonly string[] OfVectors = [.. Functions.Evaluated.Where(f => f.Value.Result == PromType.Vector && !f.Value.Takes.Contains(PromType.Matrix)).Select(f => f.Key)];
    static readonly string[] OfNothing = [.. Functions.Evaluated.Where(f => f.Value.Result == PromType.Scalar && f.Value.Takes.Length == 0).Select(f => f.Key)];

    int _at;

    /// <summary>The expression.</summary>
    public string Expression() => Next(12) == 11 ? Scalar(DepthMax) : Vector(DepthMax);

    string Vector(int depth) => depth == 0 ? Selector() : Next(14) switch
    {
        0 => Selector(),
        1 or 2 => OverWindow(depth),
        3 or 4 => Aggregation(depth),
        5 or 6 => $"({Vector(depth - 1)}) {Pick(Operators)}{Pick(Matchings)} ({Vector(depth - 1)})",
        7 => $"({Vector(depth - 1)}) {Pick(Operators)} {Scalar(depth - 1)}",
        8 => $"{Scalar(depth - 1)} {Pick(Operators)} ({Vector(depth - 1)})",
        9 => $"{Pick(["-", "+"])}{Vector(depth - 1)}",
        10 or 11 => Call(Pick(OfVectors), depth),
        12 => $"{Selector()} smoothed{Shift()}",
        _ => $"({Vector(depth - 1)})",
    };

    string Selector() => $"{Name()}{Pick(Matchers)}{Shift()}";

    string OverWindow(int depth)
    {
        var function = Pick(OfWindows);
        var edges = Next(6);
        if (edges > 3 && Functions.OfEdges[edges == 4 ? PromEdges.Anchored : PromEdges.Smoothed].Contains(function))
            return $"{function}({Name()}{Pick(Matchers)}[{Pick(Spans)}] {(edges == 4 ? "anchored" : "smoothed")}{Shift()})";
        return Call(function, depth);
    }

    string Aggregation(int depth)
    {
        var aggregation = Pick([.. Functions.Aggregations.Keys]);
        var parameter = Functions.Aggregations[aggregation].Takes switch
        {
            PromType.Scalar => $"{Scalar(depth - 2)}, ",
            PromType.Text => $"\"{Pick(Labels)}\", ",
            _ => "",
        };
        return $"{aggregation}{Pick(Groupings)} ({parameter}{Vector(depth - 1)})";
    }

    string Call(string function, int depth)
    {
        var signature = Functions.Evaluated[function];
        var count = signature.Least + (signature.Optional > 0 || signature.Repeats ? Next(2) : 0);
        return $"{function}({string.Join(", ", Enumerable.Range(0, count).Select(argument => Argument(function, signature.TypeOf(argument), argument, depth - 1)))})";
    }

    string Argument(string function, PromType type, int argument, int depth) => type switch
    {
        PromType.Matrix when Next(3) == 2 => $"({Vector(Math.Max(0, depth - 1))})[{Pick(Spans)}:{Pick(["", .. Spans])}]{Shift()}",
        PromType.Matrix => $"{Name()}{Pick(Matchers)}[{Pick(Spans)}]{Shift()}",
        PromType.Scalar => Scalar(depth),
        PromType.Text => $"\"{(function == "label_replace" ? argument switch { 2 => Pick(Templates), 4 => Pick(Patterns), _ => Pick(Labels) } : Pick(Labels))}\"",
        PromType.Vector when function == "info" && argument == 1 => $"{{{Pick(["\"build_info\"", "", "__name__=\"build_info\"", "version=~\".+\"", "__name__=~\".+_info\", nosuch=\"\""])}}}",
        _ => Vector(Math.Max(0, depth)),
    };

    string Scalar(int depth) => depth <= 0 ? Pick(Numbers) : Next(6) switch
    {
        0 or 1 => Pick(Numbers),
        2 => $"{Pick(OfNothing)}()",
        3 => $"scalar({Vector(depth - 1)})",
        4 => $"({Scalar(depth - 1)} {Pick([.. Operators.Take(7)])} {Scalar(depth - 1)})",
        _ => $"{Pick(["min_of", "max_of"])}({Scalar(depth - 1)}, {Scalar(depth - 1)})",
    };

    string Name() => Pick([.. HostileSeries.Names]) is var name && name[0] == '"' ? $"{{{name}}}" : name;

    string Shift() => Next(10) switch
    {
        5 => $" offset {Pick(["1m", "-30s", "5m", "(step()*2)"])}",
        6 => $" @ {Pick(["0", "200", "300.5", "-10", "1e6"])}",
        7 => " @ start()",
        8 => " @ end() offset 1m",
        _ => "",
    };

    string Pick(string[] from) => from[Next(from.Length)];

    int Next(int below) => _at < choices.Length ? choices.Span[_at++] % below : 0;
}
