using System.Text.Unicode;

namespace HmsOps.Workspace.Yaml;

/// <summary>
/// A file's text with its places as people count them: lines and columns from 1, a column being one character (a pair of surrogates is one).
/// Everything behind this type speaks of offsets into <see cref="Text"/>.
/// </summary>
public sealed class SourceText
{
    private readonly List<int> _lineStarts = [0];

    /// <summary>Takes a text that is already decoded: a value from the environment, a block in a test.</summary>
    public SourceText(string file, string text)
    {
        File = file;
        Text = text;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
                _lineStarts.Add(i + 1);
        }
    }

    /// <summary>What places are said to be in: a path, or the name of a variable or flag.</summary>
    public string File { get; }

    /// <summary>The text, without a byte order mark.</summary>
    public string Text { get; }

    /// <summary>Decodes UTF-8, with or without a byte order mark. False: <paramref name="source"/> ends before the first bad byte.</summary>
    public static bool TryDecode(string file, ReadOnlySpan<byte> bytes, out SourceText source)
    {
        if (bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        var characters = new char[bytes.Length]; // never more UTF-16 units than UTF-8 bytes
        var status = Utf8.ToUtf16(bytes, characters, out _, out var written, replaceInvalidSequences: false);
        source = new SourceText(file, new string(characters, 0, written));
        return status == System.Buffers.OperationStatus.Done;
    }

    /// <summary>Line and column of an offset; the end of the text is a place too.</summary>
    public (int Line, int Column) Locate(int offset)
    {
        offset = Math.Clamp(offset, 0, Text.Length);
        var found = _lineStarts.BinarySearch(offset);
        var line = found >= 0 ? found : ~found - 1;
        var column = 1;
        for (var i = _lineStarts[line]; i < offset; i++)
        {
            if (!char.IsLowSurrogate(Text[i]))
                column++;
        }
        return (line + 1, column);
    }

    /// <summary>The text of a line (from 1), without its line break; empty past the end.</summary>
    public string Line(int line)
    {
        if (line < 1 || line > _lineStarts.Count)
            return "";
        var start = _lineStarts[line - 1];
        var end = line < _lineStarts.Count ? _lineStarts[line] : Text.Length;
        return Text[start..end].TrimEnd('\r', '\n');
    }

    /// <summary>The offset at which the line of <paramref name="offset"/> begins.</summary>
    public int StartOfLine(int offset)
    {
        var found = _lineStarts.BinarySearch(Math.Clamp(offset, 0, Text.Length));
        return _lineStarts[found >= 0 ? found : ~found - 1];
    }

    /// <summary>The offset at which the line of <paramref name="offset"/> ends, before its line break.</summary>
    public int EndOfLine(int offset)
    {
        var end = Text.AsSpan(offset).IndexOfAny('\r', '\n');
        return end < 0 ? Text.Length : offset + end;
    }
}
