using System.Globalization;
using System.Text;

namespace HmsOps.Act.Paging.Smtp;

/// <summary>
/// A page as the bytes of a mail (RFC 5322, 2045, 2047). Nothing of a page can become a header: what is not plain ASCII goes out as an
/// encoded word, control characters included.
/// </summary>
internal static class MailText
{
    // RFC 2047 §2: an encoded word has at most 75 characters; 12 are its frame, and 60 of base64 are 45 bytes.
    private const int EncodedWordBytes = 45;

    // RFC 5322 §2.1.1: 998 without the line end. Longer lines, or letters beyond ASCII, make the body base64.
    private const int LineMax = 998;

    // Enough to see what it is about; headers of unbounded length are refused by many servers.
    private const int SubjectMax = 250;

    public static byte[] Compose(string from, PageMessage message, DateTimeOffset now)
    {
        var domain = from[(from.LastIndexOf('@') + 1)..];
        var body = message.Body.ReplaceLineEndings("\r\n");
        var isPlain = body.Split("\r\n").All(line => line.Length <= LineMax && line.All(letter => letter is (>= ' ' and <= '~') or '\t'));
        var text = new StringBuilder();
        Header("From", from);
        Header("To", message.To);
        Header("Subject", Encoded(SubjectOf(message)));
        Header("Date", now.ToString("ddd, dd MMM yyyy HH:mm:ss zzz", CultureInfo.InvariantCulture).Remove(29, 1)); // +0000, without the colon
        // The same for each try of a page: who removes duplicates, removes ours.
        Header("Message-ID", $"<{PageKeyText.AsAtom(message.Key)}@{domain}>");
        if (message.Incident.Length > 0)
            Header("References", $"<{PageKeyText.AsAtom(message.Incident)}@{domain}>"); // one incident, one thread
        Header("X-HMS-Page-Key", PageKeyText.InHeader(message.Key));
        Header("Auto-Submitted", "auto-generated"); // RFC 3834: no out-of-office replies
        Header("MIME-Version", "1.0");
        Header("Content-Type", "text/plain; charset=utf-8");
        Header("Content-Transfer-Encoding", isPlain ? "7bit" : "base64");
        text.Append("\r\n");
        text.Append(isPlain ? body : InBase64(Encoding.UTF8.GetBytes(body)));
        if (!body.EndsWith("\r\n", StringComparison.Ordinal) || !isPlain)
            text.Append("\r\n");
        return Encoding.ASCII.GetBytes(text.ToString());

        void Header(string name, string value) => text.Append(name).Append(": ").Append(value).Append("\r\n");
    }

    /// <summary>As it is sent after DATA: lines that begin with a dot get another, and a lone dot ends it (RFC 5321 §4.5.2).</summary>
    public static byte[] Stuffed(byte[] mail)
    {
        var stuffed = new MemoryStream(mail.Length + 64);
        var atLineStart = true;
        foreach (var letter in mail)
        {
            if (atLineStart && letter == '.')
                stuffed.WriteByte((byte)'.');
            stuffed.WriteByte(letter);
            atLineStart = letter == '\n';
        }
        stuffed.Write(".\r\n"u8);
        return stuffed.ToArray();
    }

    /// <summary>True for one plain address: ASCII, one <c>@</c>, nothing that could begin another command, header or address.</summary>
    public static bool IsAddress(string text)
    {
        var at = text.IndexOf('@');
        return at > 0 && at < text.Length - 1 && text.Length <= 254 && at == text.LastIndexOf('@')
            && text.All(letter => letter is > ' ' and <= '~' and not ('<' or '>' or '(' or ')' or '[' or ']' or ',' or ';' or ':' or '\\' or '"'));
    }

    private static string SubjectOf(PageMessage message)
    {
        var subject = message.Subject.Length <= SubjectMax ? message.Subject : string.Concat(message.Subject.AsSpan(0, SubjectMax), "…");
        return message.PossibleRepeat ? subject + " (possible repeat)" : subject;
    }

    private static string Encoded(string text)
    {
        // "=?" must not be taken for an encoded word of ours; a long subject is folded by being encoded.
        if (text.Length <= 60 && text.All(letter => letter is >= ' ' and <= '~') && !text.Contains("=?"))
            return text;
        var words = new List<string>();
        var word = new MemoryStream();
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes()) // never within a character; a lone surrogate becomes U+FFFD
        {
            var length = rune.EncodeToUtf8(bytes);
            if (word.Length + length > EncodedWordBytes)
                Close();
            word.Write(bytes[..length]);
        }
        Close();
        return string.Join("\r\n ", words);

        void Close()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String(word.ToArray())}?=");
            word.SetLength(0);
        }
    }

    private static string InBase64(byte[] bytes) => Convert.ToBase64String(bytes, Base64FormattingOptions.InsertLineBreaks);
}
