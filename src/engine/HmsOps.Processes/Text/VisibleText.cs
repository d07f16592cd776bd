using System.Globalization;
using System.Text;

namespace HmsOps.Processes.Text;

/// <summary>
/// Turns bytes somebody else wrote into text that is safe to show: control characters, invisible format characters (which can reverse
/// the reading order of a line) and bytes that are not UTF-8 become visible escapes; line feeds and tabs stay.
/// </summary>
public static class VisibleText
{
    /// <summary>The visible text of a whole.</summary>
    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text), int.MaxValue, string.Empty);

    /// <summary>
    /// The visible text of the beginning of <paramref name="bytes"/>, at most <paramref name="bytesMax"/> bytes of UTF-8. Where it is cut,
    /// <paramref name="mark"/> closes it, within the limit too.
    /// </summary>
    /// <param name="bytes">What was written.</param>
    /// <param name="bytesMax">Limit of the answer; not below the mark's length.</param>
    /// <param name="mark">Says that something is missing.</param>
    /// <param name="isCut">True when <paramref name="bytes"/> is itself only a beginning: then the mark is always there.</param>
    public static string Of(ReadOnlySpan<byte> bytes, int bytesMax, string mark, bool isCut = false)
    {
        ArgumentNullException.ThrowIfNull(mark);
        var markLength = Encoding.UTF8.GetByteCount(mark);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesMax, markLength);

        var text = new StringBuilder();
        var length = 0;
        // The longest beginning after which the mark still fits.
        var cutAt = 0;
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var status = Rune.DecodeFromUtf8(rest, out var rune, out var consumed);
            var piece = status == System.Buffers.OperationStatus.Done ? Of(rune) : Hex(rest[..consumed]);
            length += Encoding.UTF8.GetByteCount(piece);
            if (length > bytesMax)
            {
                isCut = true;
                break;
            }
            text.Append(piece);
            if (length <= bytesMax - markLength)
                cutAt = text.Length;
            rest = rest[consumed..];
        }
        if (isCut)
        {
            text.Length = cutAt;
            text.Append(mark);
        }
        return text.ToString();
    }

    private static string Of(Rune rune) => rune.Value switch
    {
        '\n' or '\t' => rune.ToString(),
        '\r' => "\\r",
        < 0x100 when Rune.IsControl(rune) => $"\\x{rune.Value:x2}",
        _ => Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            ? $"\\u{{{rune.Value:x}}}"
            : rune.ToString(),
    };

    private static string Hex(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var b in bytes)
            text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
        return text.ToString();
    }
}
