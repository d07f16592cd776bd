using System.Text;

namespace HmsOps.Workspace.Tests.Malformed;

/// <summary>What people are told: every malformed input of <c>cases.txt</c> beside the very words of <c>says.txt</c>.</summary>
public sealed class MalformedTests
{
    private const string Folder = "tests/HmsOps.Workspace.Tests/Malformed/";

    [Fact]
    public void Every_mistake_is_told_with_its_place_and_its_remedy()
    {
        var said = new StringBuilder();
        foreach (var (title, path, text) in Cases())
        {
            var version = WorkspaceReader.Read(WorkspaceSnapshot.Of((path, text)), previous: null);
            said.Append("=== ").Append(title).Append(" (").Append(version.Files.Single().State).Append(")\n");
            foreach (var diagnostic in version.Diagnostics)
                said.Append(DiagnosticText.Of(diagnostic, text));
        }
        if (Repository.Accepts)
            Repository.Write(Folder + "says.txt", said.ToString());
        Assert.Equal(Repository.Read(Folder + "says.txt"), said.ToString());
    }

    [Fact]
    public void There_are_enough_of_them_and_none_is_silent()
    {
        var cases = Cases().ToList();
        Assert.True(cases.Count >= 60);
        Assert.All(cases, each => Assert.NotEmpty(WorkspaceReader.Read(WorkspaceSnapshot.Of((each.Path, each.Text)), previous: null).Diagnostics));
    }

    [Fact]
    public void No_words_hold_a_secret() => Assert.DoesNotContain("hunter2", Repository.Read(Folder + "says.txt"));

    internal static IEnumerable<(string Title, string Path, string Text)> Cases()
    {
        foreach (var part in Repository.Read(Folder + "cases.txt").Split("=== ", StringSplitOptions.RemoveEmptyEntries))
        {
            var (head, text) = (part[..part.IndexOf('\n')], part[(part.IndexOf('\n') + 1)..]);
            var comma = head.LastIndexOf(", ", StringComparison.Ordinal);
            yield return (head[..comma], head[(comma + 2)..], text);
        }
    }
}
