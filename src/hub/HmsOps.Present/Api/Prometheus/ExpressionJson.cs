using System.Text.Json;
using HmsOps.PromQL;
using HmsOps.Series;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>An expression as a tree, in the shape in which Prometheus' own page asks for it.</summary>
internal static class ExpressionJson
{
    public static void Write(Utf8JsonWriter json, PromNode node)
    {
        json.WriteStartObject();
        switch (node)
        {
            case PromNode.Number number:
                json.WriteString("type", "numberLiteral");
                json.WriteString("val", NumberText.Plain(number.Value));
                break;
            case PromNode.Text text:
                json.WriteString("type", "stringLiteral");
                json.WriteString("val", text.Value);
                break;
            case PromNode.Paren paren:
                json.WriteString("type", "parenExpr");
                WritePart(json, "expr", paren.Inner);
                break;
            case PromNode.Unary unary:
                json.WriteString("type", "unaryExpr");
                json.WriteString("op", unary.IsMinus ? "-" : "+");
                WritePart(json, "expr", unary.Operand);
                break;
            case PromNode.Selector selector:
                json.WriteString("type", "vectorSelector");
                WriteSelector(json, selector);
                break;
            case PromNode.Window window:
                json.WriteString("type", "matrixSelector");
                json.WriteNumber("range", window.RangeMs);
                WriteDuration(json, "rangeExpr", window.RangeBy);
                WriteSelector(json, window.Series);
                break;
            case PromNode.Subquery subquery:
                WriteSubquery(json, subquery);
                break;
            case PromNode.Binary binary:
                WriteBinary(json, binary);
                break;
            case PromNode.Aggregate aggregate:
                WriteAggregate(json, aggregate);
                break;
            case PromNode.Call call:
                WriteCall(json, call);
                break;
        }
        json.WriteEndObject();
    }

    private static void WriteSelector(Utf8JsonWriter json, PromNode.Selector selector)
    {
        json.WriteString("name", selector.MetricName ?? "");
        json.WriteStartArray("matchers");
        foreach (var matcher in selector.Matchers)
        {
            json.WriteStartObject();
            json.WriteString("name", matcher.Name);
            json.WriteString("value", matcher.Value);
            json.WriteString("type", matcher.Op switch { MatchOp.Equal => "=", MatchOp.NotEqual => "!=", MatchOp.Regex => "=~", _ => "!~" });
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteTimes(json, selector.OffsetMs, selector.OffsetBy, selector.Moment);
        json.WriteBoolean("anchored", selector.Edges == PromEdges.Anchored);
        json.WriteBoolean("smoothed", selector.Edges == PromEdges.Smoothed);
    }

    private static void WriteTimes(Utf8JsonWriter json, long offset, PromNode? offsetBy, PromMoment? moment)
    {
        json.WriteNumber("offset", offset);
        WriteDuration(json, "offsetExpr", offsetBy);
        if (moment is { Kind: PromMomentKind.Written })
            json.WriteNumber("timestamp", moment.Ms);
        else
            json.WriteNull("timestamp");
        json.WriteString("startOrEnd", moment?.Kind switch { PromMomentKind.Start => "start", PromMomentKind.End => "end", _ => null });
    }

    private static void WriteSubquery(Utf8JsonWriter json, PromNode.Subquery subquery)
    {
        json.WriteString("type", "subquery");
        WritePart(json, "expr", subquery.Operand);
        json.WriteNumber("range", subquery.RangeMs);
        WriteDuration(json, "rangeExpr", subquery.RangeBy);
        json.WriteNumber("step", subquery.StepMs);
        WriteDuration(json, "stepExpr", subquery.StepBy);
        WriteTimes(json, subquery.OffsetMs, subquery.OffsetBy, subquery.Moment);
    }

    private static void WriteBinary(Utf8JsonWriter json, PromNode.Binary binary)
    {
        json.WriteString("type", "binaryExpr");
        json.WriteString("op", binary.Sign);
        WritePart(json, "lhs", binary.Left);
        WritePart(json, "rhs", binary.Right);
        json.WriteBoolean("bool", binary.ReturnsBool);
        if (binary.Matching is not { } matching)
        {
            json.WriteNull("matching");
            return;
        }
        var isSet = binary.Op is PromOperator.And or PromOperator.Or or PromOperator.Unless;
        json.WriteStartObject("matching");
        json.WriteString("card", isSet ? "many-to-many" : matching.Many switch { PromMany.Left => "many-to-one", PromMany.Right => "one-to-many", _ => "one-to-one" });
        json.WriteBoolean("on", matching.On);
        WriteList(json, "labels", matching.Labels);
        WriteList(json, "include", matching.Include);
        json.WriteStartObject("fillValues");
        WriteNumber(json, "lhs", matching.FillLeft);
        WriteNumber(json, "rhs", matching.FillRight);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteAggregate(Utf8JsonWriter json, PromNode.Aggregate aggregate)
    {
        json.WriteString("type", "aggregation");
        json.WriteString("op", aggregate.Name);
        WritePart(json, "expr", aggregate.Operand);
        WritePart(json, "param", aggregate.Parameter);
        WriteList(json, "grouping", aggregate.Grouping);
        json.WriteBoolean("without", aggregate.Without);
    }

    private static void WriteCall(Utf8JsonWriter json, PromNode.Call call)
    {
        json.WriteString("type", "call");
        json.WriteStartObject("func");
        json.WriteString("name", call.Function);
        WriteList(json, "argTypes", call.Takes.Select(TypeName));
        json.WriteNumber("variadic", call.Optional);
        json.WriteString("returnType", TypeName(call.Type));
        json.WriteEndObject();
        json.WriteStartArray("args");
        foreach (var argument in call.Arguments)
            Write(json, argument);
        json.WriteEndArray();
    }

    /// <summary>A duration that is worked out, or null.</summary>
    private static void WriteDuration(Utf8JsonWriter json, string name, PromNode? by)
    {
        json.WritePropertyName(name);
        WriteDuration(json, by, isWrapped: false);
    }

    private static void WriteDuration(Utf8JsonWriter json, PromNode? by, bool isWrapped)
    {
        switch (by)
        {
            case null:
                json.WriteNullValue();
                break;
            case PromNode.Paren paren:
                WriteDuration(json, paren.Inner, isWrapped: true);
                break;
            case PromNode.Number number:
                json.WriteStartObject();
                json.WriteString("type", "numberLiteral");
                json.WriteString("val", NumberText.Plain(number.Value));
                json.WriteBoolean("duration", number.IsDuration);
                json.WriteEndObject();
                break;
            case PromNode.Unary unary:
                WriteDuration(json, unary.IsMinus ? "-" : "+", null, unary.Operand, isWrapped);
                break;
            case PromNode.Binary binary:
                WriteDuration(json, binary.Sign, binary.Left, binary.Right, isWrapped);
                break;
            case PromNode.Call call:
                WriteDuration(json, call.Function, call.Arguments.ElementAtOrDefault(0), call.Arguments.ElementAtOrDefault(1), isWrapped);
                break;
        }
    }

    private static void WriteDuration(Utf8JsonWriter json, string op, PromNode? left, PromNode? right, bool isWrapped)
    {
        json.WriteStartObject();
        json.WriteString("type", "durationExpr");
        json.WriteString("op", op);
        WriteDuration(json, "lhs", left);
        WriteDuration(json, "rhs", right);
        json.WriteBoolean("wrapped", isWrapped);
        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, string name, PromNode? part)
    {
        json.WritePropertyName(name);
        if (part is null)
            json.WriteNullValue();
        else
            Write(json, part);
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } value && double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }

    private static string TypeName(PromType type) => type switch
    {
        PromType.Scalar => "scalar",
        PromType.Vector => "vector",
        PromType.Matrix => "matrix",
        _ => "string",
    };
}
