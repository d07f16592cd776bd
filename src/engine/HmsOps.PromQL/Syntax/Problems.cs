namespace HmsOps.PromQL.Syntax;

/// <summary>Collects what is wrong in one text.</summary>
internal sealed class Problems(string text)
{
    private readonly List<(SourceRange At, string Message, string? Suggestion)> _found = [];

    public bool Any => _found.Count > 0;

    public void Add(SourceRange at, string message, string? suggestion = null) => _found.Add((at, message, suggestion));

    public IReadOnlyList<PromError> InOrder()
    {
        var errors = new List<PromError>(_found.Count);
        var place = new TextPlace(text);
        foreach (var (at, message, suggestion) in _found.OrderBy(p => p.At.Start))
        {
            var (line, column) = place.MoveTo(at.Start);
            errors.Add(new PromError(at.Start, at.End, line, column, message, suggestion));
        }
        return errors;
    }
}

/// <summary>Turns offsets, asked for in ascending order, into lines and columns in one walk over the text.</summary>
internal struct TextPlace(string text)
{
    private int _at;
    private int _line = 1;
    private int _column = 1;

    public (int Line, int Column) MoveTo(int offset)
    {
        for (; _at < offset; _at++)
        {
            if (text[_at] == '\n')
            {
                _line++;
                _column = 1;
            }
            else if (!char.IsLowSurrogate(text[_at])) // a pair is one character to the person who looks at it
            {
                _column++;
            }
        }
        return (_line, _column);
    }
}
