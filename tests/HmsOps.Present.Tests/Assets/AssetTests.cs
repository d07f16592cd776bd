using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using HmsOps.Present.Assets;

namespace HmsOps.Present.Tests.Assets;

public sealed class AssetTests
{
    private static readonly string Tokens = Encoding.UTF8.GetString(AssetSet.Embedded.Find("tokens.css")!.Plain.Span); // embedded, or nothing here passes

    [Fact]
    public void Style_and_script_keep_their_budgets()
    {
        var css = AssetSet.Embedded.Names.Where(n => n.EndsWith(".css", StringComparison.Ordinal)).Sum(n => AssetSet.Embedded.Find(n)!.Packed.Length);
        var script = AssetSet.Embedded.Names.Where(n => n.EndsWith(".js", StringComparison.Ordinal)).Sum(n => AssetSet.Embedded.Find(n)!.Packed.Length);

        Assert.InRange(css, 1, 10 * 1024);
        Assert.InRange(script, 1, 14 * 1024);
    }

    [Theory]
    [InlineData("ink", "surface", 4.5)]
    [InlineData("ink-2", "surface", 4.5)]
    [InlineData("ink-3", "surface", 4.5)]
    [InlineData("ink-3", "bg", 4.5)]
    [InlineData("accent", "surface", 4.5)]
    [InlineData("accent", "bg", 4.5)]
    [InlineData("on-accent", "accent", 4.5)]
    [InlineData("ok", "surface", 4.5)]
    [InlineData("ok", "ok-tint", 4.5)]
    [InlineData("warn", "surface", 4.5)]
    [InlineData("warn", "warn-tint", 4.5)]
    [InlineData("fail", "surface", 4.5)]
    [InlineData("fail", "fail-tint", 4.5)]
    [InlineData("ink-3", "fail-tint", 4.5)]
    [InlineData("act", "surface", 4.5)]
    [InlineData("act", "act-tint", 4.5)]
    [InlineData("act", "fail-tint", 4.5)]
    [InlineData("none", "surface", 4.5)]
    [InlineData("line-strong", "surface", 3)]
    [InlineData("s1", "surface", 3)]
    [InlineData("s1", "fail-tint", 3)]
    [InlineData("spark", "surface", 3)]
    public void Colours_can_be_told_apart_in_both_themes(string ink, string paper, double least)
    {
        foreach (var theme in new[] { 0, 1 })
            Assert.True(Contrast(ink, paper, theme) >= least, $"{ink} on {paper}, {(theme == 0 ? "light" : "dark")}: {Contrast(ink, paper, theme):0.00} : 1, at least {least} is due.");
    }

    [Fact]
    public void Scripts_import_only_each_other_and_nothing_is_fetched_from_elsewhere()
    {
        foreach (var name in AssetSet.Embedded.Names.Where(n => n.EndsWith(".js", StringComparison.Ordinal)))
        {
            var script = Encoding.UTF8.GetString(AssetSet.Embedded.Find(name)!.Plain.Span);
            foreach (Match import in Regex.Matches(script, "(?:from|import) \"\\./([^\"]+)\""))
                Assert.Contains(import.Groups[1].Value, AssetSet.Embedded.Names);
            Assert.DoesNotMatch("https?://|innerHTML|eval\\(", script);
        }
    }

    private static double Contrast(string a, string b, int theme)
    {
        var (x, y) = (Luminance(Colour(a, theme)), Luminance(Colour(b, theme)));
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    private static string Colour(string token, int theme) =>
        Regex.Match(Tokens, $"--c-{token}: light-dark\\(#([0-9a-f]{{6}}), #([0-9a-f]{{6}})\\)").Groups[theme + 1].Value;

    // WCAG 2.2, relative luminance.
    private static double Luminance(string hex)
    {
        double Part(int at)
        {
            var c = int.Parse(hex.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
        }
        return (0.2126 * Part(0)) + (0.7152 * Part(2)) + (0.0722 * Part(4));
    }
}
