using System.Text.RegularExpressions;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Guardrails;
using HmsOps.Workspace.Paging;
using HmsOps.Workspace.Rules;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Workspace.Tests;

/// <summary>The reference pages say what the tables say.</summary>
public sealed class ReferenceTests
{
    public static TheoryData<string, string, RecordShape> Pages { get; } = new()
    {
        { "docs/reference/rules.md", "<!-- keys -->", MetricRuleShape.Shape },
        { "docs/reference/roster.md", "<!-- keys -->", RosterShape.Shape },
        { "docs/reference/guardrails.md", "<!-- keys -->", GuardrailsShape.Shape },
        { "docs/reference/services.md", "<!-- keys -->", ServiceShape.Shape },
        { "docs/reference/services.md", "<!-- keys prometheus -->", PrometheusShape.Shape },
        { "docs/reference/settings.md", "<!-- keys workspace -->", WorkspaceShape.Shape },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_shows_every_key_of_its_table(string path, string mark, RecordShape shape)
    {
        var page = Repository.Read(path);
        var start = page.IndexOf(mark, StringComparison.Ordinal) + mark.Length + 1;
        var end = page.IndexOf("<!-- /keys -->", start, StringComparison.Ordinal);
        if (Repository.Accepts)
            Repository.Write(path, page = page[..start] + Explanation.Markdown(shape) + page[end..]);
        Assert.Contains($"{mark}\n{Explanation.Markdown(shape)}<!-- /keys -->", page);
    }

    [Fact]
    public void The_page_of_errors_names_every_code_and_no_other()
    {
        var sources = new[] { "src/hub/HmsOps.Workspace", "src/hub/HmsOps.App/Settings" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories));
        var said = sources.SelectMany(file => Regex.Matches(File.ReadAllText(file), "\"([EWN][0-9]{3})\"").Select(match => match.Groups[1].Value)).Distinct().Order();
        var told = Regex.Matches(Repository.Read("docs/reference/errors.md"), @"^\| ([EWN][0-9]{3}) \|", RegexOptions.Multiline).Select(match => match.Groups[1].Value);
        Assert.Equal(said, told.Order());
    }

    [Fact]
    public void Every_example_of_a_key_can_be_written()
    {
        foreach (var key in MetricRuleShape.Shape.Keys)
        {
            var others = MetricRuleShape.Shape.Keys.Where(other => other.IsRequired && other != key);
            var text = string.Concat(others.Prepend(key).Select(each => $"{each.Name}: {each.Example}\n"));
            var version = WorkspaceReader.Read(WorkspaceSnapshot.Of(("alerts/a.yml", text)), null);
            Assert.DoesNotContain(version.Diagnostics, each => each.Severity == Severity.Error);
        }
    }

    [Fact]
    public void A_key_is_explained_with_type_default_meaning_and_example() => Assert.Equal(
        "window: a duration like 5m, default 3m\n    The stretch of time the statistic is taken over.\n    example: window: 3m\n",
        KnownShapes.Explain("rules.window"));

    [Fact]
    public void A_kind_is_explained_key_by_key_and_what_is_none_is_not()
    {
        Assert.Contains("guardrails.rollback.per_hour: a whole number, default 2", KnownShapes.Explain("policy"));
        Assert.Null(KnownShapes.Explain("policy.colour"));
        Assert.Null(KnownShapes.Explain("slo"));
        Assert.Equal(["rules", "roster", "policy", "workspace", "service", "prometheus"], KnownShapes.All.Keys);
    }
}
