using System.Text;
using FsCheck.Fluent;
using HmsOps.Processes.Text;

namespace HmsOps.Processes.Tests.Text;

public sealed class VisibleTextTests
{
    [Theory]
    [InlineData("plain\ttext\n", "plain\ttext\n")]
    [InlineData("grün ☂ 🚀", "grün ☂ 🚀")]
    [InlineData("\u001b[2Jgone\a\0\r\n", "\\x1b[2Jgone\\x07\\x00\\r\n")]
    [InlineData("\u0085\u009b31m", "\\x85\\x9b31m")]
    [InlineData("safe\u202etxt.exe", "safe\\u{202e}txt.exe")]
    [InlineData("a\u2028b\ufeffc\u200dd", "a\\u{2028}b\\u{feff}c\\u{200d}d")]
    public void What_acts_on_a_screen_becomes_visible(string text, string visible) => Assert.Equal(visible, VisibleText.Of(text));

    [Fact]
    public void Bytes_that_are_no_text_are_shown_as_they_are() =>
        Assert.Equal("a\\xff\\xc3b\\xe2\\x98", VisibleText.Of([(byte)'a', 0xff, 0xc3, (byte)'b', 0xe2, 0x98], 100, ""));

    [Theory]
    [InlineData("12345678", 8, "12345678")]
    [InlineData("123456789", 8, "12345…")] // the mark has three bytes
    [InlineData("1234☂", 7, "1234☂")]
    [InlineData("1234☂5", 7, "1234…")]
    [InlineData("1234\a", 7, "1234…")]
    [InlineData("", 3, "")]
    public void What_is_too_long_is_cut_between_characters_and_marked(string text, int bytesMax, string visible) =>
        Assert.Equal(visible, VisibleText.Of(Encoding.UTF8.GetBytes(text), bytesMax, "…"));

    [Fact]
    public void A_beginning_is_marked_even_where_it_fits() => Assert.Equal("12…", VisibleText.Of("12"u8, 100, "…", isCut: true));

    [Fact]
    public void Any_bytes_become_text_within_the_limit_that_shows_everything()
    {
        var cases =
            from bytes in Gen.ArrayOf(Gen.Choose(0, 255).Select(n => (byte)n))
            from limit in Gen.Choose(3, 80)
            select (bytes, limit);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var text = VisibleText.Of(c.bytes, c.limit, "…");
            return Encoding.UTF8.GetByteCount(text) <= c.limit && text.All(letter => letter is '\n' or '\t' || !char.IsControl(letter));
        }).Holds();
    }
}
