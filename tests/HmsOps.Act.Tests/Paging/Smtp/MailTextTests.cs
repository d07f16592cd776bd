using System.Text;
using FsCheck.Fluent;
using HmsOps.Act.Paging;
using HmsOps.Act.Paging.Smtp;
using HmsOps.Act.Tests.Support;

namespace HmsOps.Act.Tests.Paging.Smtp;

public sealed class MailTextTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 16, 7, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("short and plain", "short and plain")]
    [InlineData("grün", "=?utf-8?B?Z3LDvG4=?=")]
    [InlineData("=?utf-8?B?eA==?=", "=?utf-8?B?PT91dGYtOD9CP2VBPT0/PQ==?=")]
    [InlineData("a\r\nBcc: everyone@example.org", "=?utf-8?B?YQ0KQmNjOiBldmVyeW9uZUBleGFtcGxlLm9yZw==?=")]
    public void A_subject_cannot_become_a_header(string subject, string expected) =>
        Assert.Equal(expected, Header(Pages.Page with { Subject = subject }, "Subject"));

    [Fact]
    public void A_possible_repeat_is_said_in_the_subject() =>
        Assert.Equal("Slow (possible repeat)", Header(Pages.Page with { Subject = "Slow", PossibleRepeat = true }, "Subject"));

    [Fact]
    public void The_same_page_has_the_same_id_at_every_try()
    {
        var again = Pages.Page with { PossibleRepeat = true };
        Assert.Equal(Header(Pages.Page, "Message-ID"), Header(again, "Message-ID"));
    }

    [Theory]
    [InlineData("a b\r\nX: y", "a%20b%0D%0AX%3A%20y", "<a%20b%0D%0AX%3A%20y@opm.gov>")]
    [InlineData("INC-1/a..b", "INC-1/a..b", "<INC-1%2Fa%2E%2Eb@opm.gov>")]
    public void A_key_cannot_become_a_header_either(string key, string inHeader, string messageId)
    {
        Assert.Equal(inHeader, Header(Pages.Page with { Key = key }, "X-HMS-Page-Key"));
        Assert.Equal(messageId, Header(Pages.Page with { Key = key }, "Message-ID"));
    }

    [Theory]
    [InlineData("oncall@opm.gov", true)]
    [InlineData("o'neil+pager@mail.opm.gov", true)]
    [InlineData("oncall", false)]
    [InlineData("@opm.gov", false)]
    [InlineData("oncall@", false)]
    [InlineData("a@b@c", false)]
    [InlineData("a@b, c@d", false)]
    [InlineData("a@b>\r\nRCPT TO:<x@y", false)]
    [InlineData("On Call <oncall@opm.gov>", false)]
    [InlineData("größe@opm.gov", false)]
    public void One_plain_address_and_nothing_else(string text, bool isAddress) => Assert.Equal(isAddress, MailText.IsAddress(text));

    [Fact]
    public async Task What_is_no_address_is_rejected_before_anything_is_sent()
    {
        var channel = new SmtpChannel(new HmsOps.Workspace.Paging.SmtpChannel("mail.invalid", 25, "ops@opm.gov", null, null), (_, _) => Task.FromResult<string?>(null), new HandTime());
        Assert.Equal(
            new SendOutcome.Rejected("'a@b>\\r\nX' is not a mail address this version can write to: name@example.org, in ASCII."),
            await channel.SendAsync(Pages.Page with { To = "a@b>\r\nX" }, CancellationToken.None));
    }

    [Fact]
    public void Lines_that_begin_with_a_dot_get_another_and_a_lone_dot_ends_it() =>
        Assert.Equal("..\r\na.\r\n..b\r\n.\r\n", Encoding.ASCII.GetString(MailText.Stuffed(Encoding.ASCII.GetBytes(".\r\na.\r\n.b\r\n"))));

    [Fact]
    public void Any_subject_and_body_arrive_as_they_were_in_lines_of_lawful_length()
    {
        var letters = Gen.Elements("a", " ", "=?", "ü", "☂", "🚀", "\n", "\r\n", ".", "\t", "\u0007", new string('x', 1200));
        var texts = Gen.ArrayOf(letters).Select(string.Concat);
        var cases =
            from subject in texts
            from body in texts
            select (subject, body);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var page = Pages.Page with { Subject = c.subject.Length > 250 ? c.subject[..100] : c.subject, Body = c.body };
            // A subject cut within a pair of surrogates is no text.
            if (page.Subject.Length > 0 && char.IsHighSurrogate(page.Subject[^1]))
                return true;
            var mail = Encoding.ASCII.GetString(MailText.Compose("ops@opm.gov", page, Now));
            var headEnd = mail.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var body = mail[(headEnd + 4)..];
            var read = Header(page, "Content-Transfer-Encoding") == "7bit" ? body : Encoding.UTF8.GetString(Convert.FromBase64String(body));
            var written = c.body.ReplaceLineEndings("\r\n");
            return mail.Split("\r\n").All(line => line.Length <= 998)
                && mail[..headEnd].Split("\r\n").All(line => line.Length <= 90)
                && Decoded(Header(page, "Subject")) == page.Subject
                && (read == written || read == written + "\r\n");
        }).Holds();
    }

    private static string Header(PageMessage page, string name)
    {
        var mail = Encoding.ASCII.GetString(MailText.Compose("ops@opm.gov", page, Now));
        var head = mail[..mail.IndexOf("\r\n\r\n", StringComparison.Ordinal)].Replace("\r\n ", " ", StringComparison.Ordinal);
        return head.Split("\r\n").Single(line => line.StartsWith(name + ": ", StringComparison.Ordinal))[(name.Length + 2)..];
    }

    // RFC 2047 §6.2: blanks between encoded words are not part of the text.
    private static string Decoded(string header) => !header.StartsWith("=?", StringComparison.Ordinal)
        ? header
        : string.Concat(header.Split(' ').Select(word => Encoding.UTF8.GetString(Convert.FromBase64String(word["=?utf-8?B?".Length..^2]))));
}
