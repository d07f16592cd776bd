using System.Text;
using System.Text.RegularExpressions;

namespace HmsOps.Series.Tests.Patterns;

/// <summary>RE2 as Go implements it with Prometheus' flags: what matches, and what is refused.</summary>
public sealed class PatternTests
{
    private static bool Matches(string pattern, string value) => new Matcher("m", MatchOp.Regex, pattern).Matches(Encoding.UTF8.GetBytes(value));

    [Theory]
    [InlineData("", "", "a")]
    [InlineData("a|b", "a b", "ab  c")]
    [InlineData("a|", "a ", "b")]
    [InlineData("web-[12]", "web-1 web-2", "web-3 web-")]
    [InlineData("web-(eu|us)-[ab]?", "web-eu- web-us-a", "web-eu-c web--a")]
    [InlineData("api-.*", "api- api-x", "api xapi-")]
    [InlineData("api-.+", "api-x api-é", "api-")]
    [InlineData(".*error.*", "error xerrory éerror", "eror")]
    [InlineData(".+error.+", "xerrory eerrorr", "error xerror errory")]
    [InlineData("a.*b.*c", "abc axbxc abbcc", "ac acb abcd")]
    [InlineData("a.+a", "aaa axa", "aa a")]
    [InlineData("ab.*ba", "abba abxba", "aba")]
    [InlineData("^a$|^b$", "a b", "c")]
    [InlineData("^abc$", "abc", "abcd")]
    [InlineData("^.*x$", "x yx", "y")]
    [InlineData("^", "", "a")]
    [InlineData("(?:)", "", "a")]
    [InlineData("a{2}", "aa", "a aaa")]
    [InlineData("a{2,}", "aa aaaa", "a")]
    [InlineData("a{0,1}", "a ", "aa")]
    [InlineData("a{,2}", "a{,2}", "a aa")] // no repetition in RE2
    [InlineData("a{", "a{", "a")]
    [InlineData("{", "{", "a")]
    [InlineData("x{2}{", "xx{", "xx")]
    [InlineData("a*?", "a aa ", "b")]
    [InlineData("(?U)a+?", "a aa", "b")]
    [InlineData("^*a", "a", "b")]
    [InlineData("(a{2}){3}", "aaaaaa", "aaaaa")]
    [InlineData("]", "]", "a")]
    [InlineData("}", "}", "a")]
    public void Texts_gaps_and_repetitions(string pattern, string matching, string others) => Check(pattern, matching, others);

    [Theory]
    [InlineData(@"\d+", "1 123", "٣ a")] // ASCII alone
    [InlineData(@"\w+", "a_1", "é a-b")]
    [InlineData(@"\W", "é - 😀", "a")]
    [InlineData(@"\S+", "a é", "a\tb")]
    [InlineData(@"a\sb", "a\tb", "a\vb a\u00a0b")] // neither a vertical tab nor a hard space
    [InlineData("a[[:space:]]b", "a\vb", "a\u00a0b")]
    [InlineData("[[:alpha:]]+", "abC", "é a1")]
    [InlineData("[[:^digit:]]", "a é", "1")]
    [InlineData("[^[:word:]]", "- é", "a")]
    [InlineData("[]a]+", "]a", "b")]
    [InlineData("[a-]", "a -", "b")]
    [InlineData("[-a]", "a -", "b")]
    [InlineData("[a-c-e]", "b - e", "d")]
    [InlineData(@"[\d-z]", "5 - z", "y")]
    [InlineData(@"[\]\\]", @"] \", "a")]
    [InlineData(@"[^a]", "b é \n 😀", "a ab")]
    [InlineData("[é-ü]", "é ê ü", "e a")]
    [InlineData("[😀-😂]", "😀 😁", "😄")]
    [InlineData(@"\pL+", "aéЖ", "1")]
    [InlineData(@"\p{Lu}", "A Ж", "a")]
    [InlineData(@"\P{Lu}", "a 1", "A")]
    [InlineData(@"\p{^Lu}", "a", "A")]
    [InlineData(@"[\p{Nd}_]", "_ ٣", "a")]
    [InlineData(@"\x41\x{1F600}\101\n", "A😀A\n", "A")]
    [InlineData(@"\.\-\_\/", ".-_/", "x-_/")]
    [InlineData(@"\Qa.b*\E+", "a.b* a.b**", "axb")]
    [InlineData(@"\Qa|b", "a|b", "a b")]
    public void Classes_and_escapes(string pattern, string matching, string others) => Check(pattern, matching, others);

    [Theory]
    [InlineData(".", "a é 😀 \n", "ab")] // a character, whatever it takes
    [InlineData("..", "a😀 éé", "😀 é")]
    [InlineData("a.{2}b", "axyb a😀éb", "a😀b")]
    [InlineData("(?-s).*", "abc", "a\nb")]
    [InlineData("(?-s)a.b", "axb", "a\nb")]
    [InlineData("(?-s:a.)b.", "axb\n", "a\nbx")]
    [InlineData("(?m)a$\n^b", "a\nb", "ab")]
    [InlineData("a$\n^b", "", "a\nb")]
    [InlineData(@"(?m)\Aa\z", "a", "a\n")]
    [InlineData(@".*\bfoo\b.*", "foo a-foo fooé", "xfoo foo_")] // é is no part of a word in RE2
    [InlineData(@".*o\B.*", "foo ox", "o")]
    [InlineData("(?i)straße", "STRAßE straẞe", "strasse")]
    [InlineData("(?i)k", "k K \u212a", "x")] // the Kelvin sign
    [InlineData("(?i)s+", "sSſ", "x")]
    [InlineData("(?i)[a-c]x", "Ax cX", "dx")]
    [InlineData("(?i)[^k]", "a", "k K \u212a")]
    [InlineData("(?i)i", "i I", "ı İ")]
    [InlineData("(?i)ж", "ж Ж", "з")]
    [InlineData("(?i:a)b", "Ab ab", "aB")]
    [InlineData("a(?i)b|c", "ab aB c C", "Ab")]
    [InlineData("(a(?i)b)c", "aBc", "aBC")]
    [InlineData("(?i)a(?-i)b", "Ab", "aB")]
    [InlineData("(?P<x>a)(?<y>b)", "ab", "a")]
    [InlineData("(?is-m:A.)", "a\n", "a")]
    public void Dots_places_case_and_groups(string pattern, string matching, string others) => Check(pattern, matching, others);

    [Theory]
    [InlineData("a(", "( that is not closed", 2)]
    [InlineData("a)", ") that closes nothing", 2)]
    [InlineData("a)|(?:b", ") that closes nothing", 2)]
    [InlineData("[a", "[ that is not closed", 1)]
    [InlineData("[]", "[ that is not closed", 1)]
    [InlineData("*a", "repetition of nothing", 1)]
    [InlineData("a|+", "repetition of nothing", 3)]
    [InlineData("(?i)*", "repetition of nothing", 5)]
    [InlineData("a**", "repetition of a repetition", 3)]
    [InlineData("é*+", "repetition of a repetition", 3)] // possessive
    [InlineData("a++", "repetition of a repetition", 3)]
    [InlineData("a{2}{3}", "repetition of a repetition", 5)]
    [InlineData("a{1001}", "repetition counts", 2)]
    [InlineData("a{3,2}", "repetition counts", 2)]
    [InlineData("a{99999999999}", "repetition counts", 2)]
    [InlineData("(a{100}){100}", "more than 1000 repetitions", 9)]
    [InlineData("(?=a)", "look-around", 1)]
    [InlineData("(?!a)", "look-around", 1)]
    [InlineData("(?<=a)", "look-around", 1)]
    [InlineData("(?<!a)", "look-around", 1)]
    [InlineData("(?>a)", "atomic group", 1)]
    [InlineData("(?#a)", "comment", 1)]
    [InlineData("(?x)a", "does not know", 1)]
    [InlineData("(?-)", "does not know", 1)]
    [InlineData("(?", "( that is not closed", 1)]
    [InlineData(@"(a)\1", "back reference", 4)]
    [InlineData(@"\k<a>", @"escape \k", 1)]
    [InlineData(@"\Z", @"escape \Z", 1)]
    [InlineData(@"\G", @"escape \G", 1)]
    [InlineData(@"\é", @"escape \é", 1)]
    [InlineData(@"[\b]", @"escape \b", 2)]
    [InlineData(@"a\", "backslash at its end", 2)]
    [InlineData(@"\x4", @"a \x", 1)]
    [InlineData(@"\x{110000}", @"a \x", 1)]
    [InlineData(@"\p{Greek}", "scripts are not in this version", 1)]
    [InlineData(@"\pX", "no general category", 1)]
    [InlineData("[z-a]", "runs backwards", 1)]
    [InlineData(@"[a-\d]", @"escape \d", 4)]
    [InlineData("[[:foo:]]", "class [:foo:]", 2)]
    [InlineData("(?P<a>x)(?P<a>y)", "two groups named a", 9)]
    [InlineData("(?P<é>x)", "group's name", 1)]
    [InlineData("(?P=a)", "does not know", 1)]
    public void What_RE2_refuses_is_refused_with_its_place(string pattern, string what, int character)
    {
        var wrong = Assert.ThrowsAny<ArgumentException>(() => new Matcher("m", MatchOp.Regex, pattern));
        Assert.Contains(what, wrong.Message, StringComparison.Ordinal);
        Assert.Contains($"(at character {character})", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_and_size_are_limited()
    {
        Assert.True(Matches(new string('(', 200) + "a" + new string(')', 200), "a"));
        Assert.ThrowsAny<ArgumentException>(() => Matches(new string('(', 100_000) + "a" + new string(')', 100_000), "a"));
        Assert.ThrowsAny<ArgumentException>(() => Matches(string.Concat(Enumerable.Repeat(@"\b\pL", 300)), "a"));
        Assert.True(Matches("(x+x+)+y", new string('x', 20_000) + "y")); // linear
        Assert.False(Matches("(x+x+)+y", new string('x', 20_000)));
    }

    [Theory]
    [InlineData("a|b|c", "a b c")]
    [InlineData("web-(1|2)[ab]", "web-1a web-1b web-2a web-2b")]
    [InlineData("^(?:up)$", "up")]
    [InlineData("a?", "a ")]
    [InlineData("a.*", null)]
    [InlineData("[a-z]", null)]
    public void Alternatives_are_listed_where_they_are_few(string pattern, string? texts)
    {
        var found = new Matcher("m", MatchOp.Regex, pattern).Alternatives?.Select(Encoding.UTF8.GetString).Order(StringComparer.Ordinal);
        Assert.Equal(texts?.Split(' ').Order(StringComparer.Ordinal), found);
    }

    /// <summary>Where .NET means the same, both agree: random patterns of plain parts over a small alphabet.</summary>
    [Fact]
    public void Plain_patterns_mean_what_they_mean_to_the_framework()
    {
        var random = new Random(4);
        for (var round = 0; round < 1500; round++)
        {
            var pattern = Write(random, 3);
            var matcher = new Matcher("m", MatchOp.Regex, pattern);
            var regex = new Regex($@"\A(?:{pattern})\z", RegexOptions.Singleline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
            for (var i = 0; i < 30; i++)
            {
                var value = string.Concat(Enumerable.Range(0, random.Next(7)).Select(_ => "abé\n"[random.Next(4)]));
                Assert.True(regex.IsMatch(value) == matcher.Matches(Encoding.UTF8.GetBytes(value)), $"{pattern} on {value}");
            }
        }
    }

    private static string Write(Random random, int depth) => (depth == 0 ? random.Next(5) : random.Next(10)) switch
    {
        0 or 1 => "abé"[random.Next(3)].ToString(),
        2 => ".",
        3 => new[] { "[ab]", "[^a]", "[a-z]", "[^é]" }[random.Next(4)],
        4 => new[] { ".*", ".+", "" }[random.Next(3)],
        5 => $"(?:{Write(random, depth - 1)}){new[] { "*", "+", "?", "{2}", "{1,3}" }[random.Next(5)]}",
        6 => $"({Write(random, depth - 1)}|{Write(random, depth - 1)})",
        _ => Write(random, depth - 1) + Write(random, depth - 1),
    };

    private static void Check(string pattern, string matching, string others)
    {
        foreach (var value in matching.Split(' '))
        {
            if (matching.Length > 0 || pattern is "" or "^" or "(?:)")
                Assert.True(Matches(pattern, value), $"{pattern} should match '{value}'");
        }
        foreach (var value in others.Split(' '))
            Assert.False(Matches(pattern, value), $"{pattern} should not match '{value}'");
    }
}
