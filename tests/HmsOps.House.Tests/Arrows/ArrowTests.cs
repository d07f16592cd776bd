using System.Xml.Linq;

namespace HmsOps.House.Tests.Arrows;

public sealed class ArrowTests
{
    [Fact]
    public void Arrows_point_one_way() => Complaints.None(ArrowRule.Check(Project.All, ArrowTable.Allowed));

    [Fact]
    public void Every_row_of_the_table_is_a_room_that_exists() =>
        Assert.Equal(ArrowTable.Allowed.Keys.Order(), Project.All.Select(project => project.Room).Order());

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var listed = XDocument.Parse(Checkout.Read("HmsOps.slnx")).Descendants("Project").Select(project => project.Attribute("Path")!.Value);
        Assert.Equal(Checkout.Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_table_itself_has_no_circle() =>
        Complaints.None(
            from row in ArrowTable.Allowed
            from other in row.Value
            where ArrowTable.Allowed[other].Contains(row.Key)
            select $"{row.Key} and {other} may reference each other");

    /// <summary>Proves the rule: each arrow of the house as it stands, turned round alone, is seen and named.</summary>
    [Fact]
    public void Any_one_arrow_turned_round_is_found()
    {
        var arrows = (from project in Project.All from other in project.References select (From: project.Room, To: other)).ToList();
        Assert.NotEmpty(arrows);
        foreach (var (from, to) in arrows)
        {
            var turned = Project.All.Select(project =>
                project.Room == from ? project with { References = [.. project.References.Where(other => other != to)] }
                : project.Room == to ? project with { References = [.. project.References, from] }
                : project);
            var complaint = Assert.Single(ArrowRule.Check(turned, ArrowTable.Allowed));
            Assert.Contains($"{to} references {from}", complaint, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Decide", "Observe", "they meet at the metric store and the ledger")]
    [InlineData("Series", "Record", "the engine knows nothing of operations")]
    [InlineData("Record", "Workspace", "the arrow Workspace → Record is turned round")]
    [InlineData("Series", "PromQL", "the arrow PromQL → Series is turned round")]
    [InlineData("PromQL", "Tsdb", "an arrow that is not drawn")]
    [InlineData("LedgerVerifier", "Disk", "an arrow that is not drawn")]
    [InlineData("Act", "Common", "no room of src/")]
    [InlineData("Utils", "Series", "not in Arrows/ArrowTable.cs")]
    public void A_wrong_arrow_is_told_what_to_do_instead(string from, string to, string advice) =>
        Assert.Contains(advice, Assert.Single(ArrowRule.Check([Written(from, $"<ProjectReference Include='../HmsOps.{to}/HmsOps.{to}.csproj' />")], ArrowTable.Allowed)), StringComparison.Ordinal);

    [Theory]
    [InlineData("<Reference Include='HmsOps.Decide' />", "they meet at")]
    [InlineData("<ProjectReference Include='..\\HmsOps.Decide\\HmsOps.Decide.csproj' />", "they meet at")]
    [InlineData("<Compile Include='../HmsOps.Decide/Tiles/*.cs' />", "from another folder")]
    public void There_is_no_way_round_the_rule(string item, string said) =>
        Assert.Contains(said, Assert.Single(ArrowRule.Check([Written("Act", item)], ArrowTable.Allowed)), StringComparison.Ordinal);

    static Project Written(string room, string item) =>
        Project.Read($"src/hub/HmsOps.{room}/HmsOps.{room}.csproj", XDocument.Parse($"<Project><ItemGroup>{item}</ItemGroup></Project>"));
}
