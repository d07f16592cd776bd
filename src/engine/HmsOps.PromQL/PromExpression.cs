namespace HmsOps.PromQL;

/// <summary>A parsed expression: its text and its tree. Made by <c>PromParser.Parse</c>; immutable, safe to share.</summary>
public sealed class PromExpression
{
    internal PromExpression(string text)
    {
        Text = text;
    }

    /// <summary>The text it was parsed from.</summary>
    public string Text { get; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
