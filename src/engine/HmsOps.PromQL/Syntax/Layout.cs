using System.Text;

namespace HmsOps.PromQL.Syntax;

/// <summary>Lays an expression out for people: what fits in a line stays in one, the rest is broken where its parts meet, two spaces deeper.</summary>
internal sealed class Layout
{
    private const int WidthMax = 100;

    private readonly StringBuilder _text = new();

    private Layout()
    {
    }

    public static string Of(PromNode root)
    {
        var layout = new Layout();
        layout.Write(root, 0, "");
        return layout._text.ToString();
    }

    // What follows it on its last line counts as its own.
    private void Write(PromNode node, int depth, string behind)
    {
        var line = node.ToString();
        if ((depth * 2) + line.Length + behind.Length <= WidthMax || node.Children.Count == 0)
        {
            Line(depth, line + behind);
            return;
        }
        switch (node)
        {
            case PromNode.Paren paren:
                Nested("(", [paren.Inner], depth, $"){behind}");
                break;
            case PromNode.Unary { IsMinus: var isMinus, Operand: PromNode.Paren paren }:
                Nested(isMinus ? "-(" : "+(", [paren.Inner], depth, $"){behind}");
                break;
            case PromNode.Call call:
                Nested($"{call.Function}(", call.Arguments, depth, $"){behind}");
                break;
            case PromNode.Aggregate aggregate:
                Nested($"{Printer.Head(aggregate)}(", aggregate.Children, depth, $"){behind}");
                break;
            case PromNode.Subquery { Operand: PromNode.Paren paren } subquery:
                Nested("(", [paren.Inner], depth, $"){Printer.Tail(subquery)}{behind}");
                break;
            case PromNode.Binary binary:
                Write(binary.Left, depth + 1, "");
                Line(depth, Printer.Middle(binary));
                Write(binary.Right, depth + 1, behind);
                break;
            default:
                Line(depth, line + behind);
                break;
        }
    }

    private void Nested(string open, IReadOnlyList<PromNode> parts, int depth, string close)
    {
        Line(depth, open);
        for (var i = 0; i < parts.Count; i++)
            Write(parts[i], depth + 1, i < parts.Count - 1 ? "," : "");
        Line(depth, close);
    }

    private void Line(int depth, string text)
    {
        if (_text.Length > 0)
            _text.Append('\n');
        _text.Append(' ', depth * 2).Append(text);
    }
}
