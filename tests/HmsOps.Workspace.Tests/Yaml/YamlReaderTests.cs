using FsCheck.Fluent;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Tests.Yaml;

public sealed class YamlReaderTests
{
    [Theory]
    [InlineData("a: no", "{a=no}")]
    [InlineData("a: 22:22", "{a=22:22}")]
    [InlineData("- 1\n- '1'\n- [a, {b: c}]", "[1 '1' [a {b=c}]]")]
    [InlineData("a:\n  - b: 1\n    c: 2\n  - d", "{a=[{b=1 c=2} d]}")]
    [InlineData("a: &x [1, 2]\nb: *x", "{a=[1 2] b=[1 2]}")]
    [InlineData("a: |\n  one\n  two\n", "{a='one\\ntwo\\n'}")]
    [InlineData("a: >\n  one\n  two\n", "{a='one two\\n'}")]
    [InlineData("a: ~\nb:\n", "{a=~ b=}")]
    [InlineData("# nothing\n", "")]
    [InlineData("a\n---\nb\n---\n", "a|b")]
    [InlineData("a: !!str 5", "{a='5'}")]
    public void Yaml_is_read(string text, string tree) => Assert.Equal(tree, Tree(text));

    [Theory]
    [InlineData("when:  > 5 % for 2 min", "{when='> 5 % for 2 min'}")]
    [InlineData("when: >= 5 # half", "{when='>= 5'}")]
    [InlineData("when: >5", "{when=''}")] // the header of an empty block: what is YAML is read as YAML
    [InlineData("{metric: a, when: > 5 % for 2 min}", "{metric=a when='> 5 % for 2 min'}")]
    [InlineData("{metric: a, when: > 5 %, b: [> 1, >= 2]}", "{metric=a when='> 5 %' b=['> 1' '>= 2']}")]
    [InlineData("- > 5 it's\n- a", "['> 5 it''s' a]")]
    [InlineData("notify: @oncall\nshare: %5", "{notify='@oncall' share='%5'}")]
    [InlineData("a: \"> 5\"\nb: x > 5\nwhen: > 5\n", "{a='> 5' b=x > 5 when='> 5'}")]
    [InlineData("a: |\n  when: > 5\nwhen: > 6\n", "{a='when: > 5\\n' when='> 6'}")]
    [InlineData("- a: >-\n    b: > 1\n  when: > 6\n", "[{a='b: > 1' when='> 6'}]")]
    [InlineData("# > 5\na: it's > 4\nwhen: > 5\r\nb: 'x: > 1\n  y: > 2'\n", "{a=it's > 4 when='> 5' b='x: > 1 y: > 2'}")]
    public void Values_that_begin_with_a_sign_are_read_as_if_quoted(string text, string tree) => Assert.Equal(tree, Tree(text));

    [Fact]
    public void Behind_quoted_values_columns_are_those_of_the_file()
    {
        var findings = Read("{a: > it's, b: > 2, c: *gone}\n", out _);
        var said = Assert.Single(findings.All);
        Assert.Equal((1, 24, "E006"), (said.Line, said.Column, said.Code));
    }

    [Fact]
    public void Columns_count_characters_not_halves_of_them()
    {
        var findings = Read("{a: \"😀😀é\", b: *gone}\n", out _);
        Assert.Equal(15, Assert.Single(findings.All).Column);
    }

    [Theory]
    [InlineData("a: \0", 4)]
    [InlineData("ab: c\u2028d: e", 6)]
    [InlineData("a: \u0085", 4)]
    [InlineData("\u001b[31m", 1)]
    public void Invisible_characters_are_refused_where_they_stand(string text, int column)
    {
        var said = Assert.Single(Read(text, out var documents).All);
        Assert.Equal(("E001", 1, column), (said.Code, said.Line, said.Column));
        Assert.Empty(documents);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Depth_nodes_and_aliases_have_an_end(int above)
    {
        var limits = YamlLimits.Default with { Depth = 5, Nodes = 12, Aliases = 3 };
        var deep = new string('[', 5 + above) + new string(']', 5 + above);
        var many = $"[{string.Join(',', Enumerable.Repeat("1", 11 + above))}]";
        var aliases = $"[&a 1, {string.Join(',', Enumerable.Repeat("*a", 3 + above))}]";
        var expanded = above == 0 ? "[&a [1, 2], *a, *a]" : "[&a [1, 2, 3], *a, *a]"; // a laugh doubles with each line: it is counted written out
        foreach (var text in new[] { deep, many, aliases, expanded })
        {
            var findings = Read(text, out _, limits);
            Assert.Equal(above == 1 ? "E005" : null, findings.All.SingleOrDefault()?.Code);
        }
    }

    [Fact]
    public void A_million_brackets_end_at_the_depth_limit() =>
        Assert.Equal("E005", Assert.Single(Read(new string('[', 1 << 20), out _).All).Code);

    [Fact]
    public void A_hundred_findings_are_enough()
    {
        var findings = new Findings(new SourceText("a", "x"));
        for (var i = 0; i < 1000; i++)
            findings.Add(Severity.Error, "E031", 0, 1, "wrong.", "Mend it.");
        Assert.Equal(101, findings.All.Count);
        Assert.Equal("E005", findings.All[^1].Code);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x61, 0 }, 1, 1)]
    [InlineData(new byte[] { 0x61, 0x0A, 0x62, 0xC3 }, 2, 2)]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, 0x61, 0x80 }, 1, 2)]
    public void What_is_not_utf8_is_refused_at_its_first_bad_byte(byte[] bytes, int line, int column)
    {
        var version = WorkspaceReader.Read(new WorkspaceSnapshot([new("alerts/a.yml", bytes)]), null);
        var said = Assert.Single(version.Diagnostics);
        Assert.Equal(("E004", line, column), (said.Code, said.Line, said.Column));
    }

    [Fact]
    public void Every_place_is_where_a_slow_count_finds_it() => Prop.ForAll<string>(text =>
    {
        var source = new SourceText("a", text ?? "");
        var (line, column) = (1, 1);
        for (var i = 0; i <= source.Text.Length; i++)
        {
            if (source.Locate(i) != (line, column))
                return false;
            if (i == source.Text.Length)
                break;
            var ends = source.Text[i] == '\n' || (source.Text[i] == '\r' && !(i + 1 < source.Text.Length && source.Text[i + 1] == '\n'));
            (line, column) = ends ? (line + 1, 1) : (line, column + (char.IsLowSurrogate(source.Text[i]) ? 0 : 1));
        }
        return true;
    }).Holds();

    private static Findings Read(string text, out IReadOnlyList<YamlNode> documents, YamlLimits? limits = null)
    {
        var findings = new Findings(new SourceText("a.yml", text));
        documents = YamlReader.Read(findings, limits ?? YamlLimits.Default);
        return findings;
    }

    private static string Tree(string text)
    {
        var findings = Read(text, out var documents);
        Assert.False(findings.HasErrors, string.Join('\n', findings.All));
        return string.Join('|', documents.Select(Show));
    }

    private static string Show(YamlNode node) => node switch
    {
        YamlNode.Scalar { IsPlain: true } plain => plain.Text,
        YamlNode.Scalar scalar => $"'{scalar.Text.Replace("'", "''").Replace("\n", "\\n")}'",
        YamlNode.Sequence list => $"[{string.Join(' ', list.Items.Select(Show))}]",
        YamlNode.Mapping map => $"{{{string.Join(' ', map.Entries.Select(entry => $"{Show(entry.Key)}={Show(entry.Value)}"))}}}",
        _ => "",
    };
}
