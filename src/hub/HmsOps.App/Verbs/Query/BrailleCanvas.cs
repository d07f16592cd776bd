using System.Text;

namespace HmsOps.App.Verbs.Query;

/// <summary>Dots in the cells of a terminal: two beside each other and four below, as braille has them. A cell has the ink of whoever drew in it last.</summary>
internal sealed class BrailleCanvas
{
    /// <summary>Dots above each other in a cell.</summary>
    public const int Down = 4;

    private const int Across = 2;
    private const char Empty = '\u2800';

    // The bit of each dot of a cell, row by row (Unicode, Braille Patterns).
    private static readonly byte[] Bits = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

    private readonly int _columns;
    private readonly byte[] _dots;
    private readonly int[] _inks;

    public BrailleCanvas(int columns, int rows)
    {
        (_columns, Rows) = (columns, rows);
        _dots = new byte[columns * rows];
        _inks = new int[columns * rows];
    }

    /// <summary>Lines of text.</summary>
    public int Rows { get; }

    /// <summary>Dots beside each other.</summary>
    public int Width => _columns * Across;

    /// <summary>Dots above each other.</summary>
    public int Height => Rows * Down;

    /// <summary>Sets a dot; 0, 0 is top left.</summary>
    public void Dot(int x, int y, int ink)
    {
        var cell = y / Down * _columns + x / Across;
        _dots[cell] |= Bits[y % Down * Across + x % Across];
        _inks[cell] = ink;
    }

    /// <summary>Sets the dots between two, both included (Bresenham's line).</summary>
    public void Line((int X, int Y) from, (int X, int Y) to, int ink)
    {
        var (width, height) = (Math.Abs(to.X - from.X), -Math.Abs(to.Y - from.Y));
        var (right, down) = (Math.Sign(to.X - from.X), Math.Sign(to.Y - from.Y));
        var (x, y) = from;
        for (var error = width + height; ;)
        {
            Dot(x, y, ink);
            if (x == to.X && y == to.Y)
                return;
            var twice = 2 * error;
            if (twice >= height)
            {
                error += height;
                x += right;
            }
            if (twice <= width)
            {
                error += width;
                y += down;
            }
        }
    }

    /// <summary>A row's text without the spaces at its end. Cells without a dot are spaces.</summary>
    public string Row(int row, Func<int, string, string> inked)
    {
        var text = new StringBuilder();
        var last = _columns;
        while (last > 0 && _dots[row * _columns + last - 1] == 0)
            last--;
        for (var column = 0; column < last;)
        {
            var ink = _inks[row * _columns + column];
            var run = new StringBuilder();
            for (; column < last && _inks[row * _columns + column] == ink; column++)
                run.Append(_dots[row * _columns + column] is var dots and > 0 ? (char)(Empty + dots) : ' ');
            text.Append(ink == 0 ? run.ToString() : inked(ink, run.ToString()));
        }
        return text.ToString();
    }
}
