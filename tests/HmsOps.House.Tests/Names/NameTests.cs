using HmsOps.House.Tests.Arrows;

namespace HmsOps.House.Tests.Names;

public sealed class NameTests
{
    static readonly string[] Code = [".cs", ".razor", ".css", ".js", ".py", ".sh", ".csproj", ".props", ".targets", ".yml", ".yaml"];

    static IEnumerable<string> OurCode => Checkout.Sources("", Code).Concat(["hms-ops", "test", ".ci/run"]);

    [Fact]
    public void No_room_is_a_drawer_for_odds_and_ends() => Complaints.None(Project.All.Select(project => NameRule.OfRoom(project.Room)).OfType<string>());

    [Fact]
    public void No_file_has_an_empty_word_for_a_name() => Complaints.None(OurCode.Select(NameRule.OfFile).OfType<string>());

    [Fact]
    public void No_type_has_an_empty_word_for_a_name() =>
        Complaints.None(Checkout.Sources("", ".cs", ".razor").SelectMany(file => NameRule.OfTypes(file, Checkout.Read(file))));

    [Fact]
    public void No_code_is_marked_as_unfinished() => Complaints.None(OurCode.SelectMany(file => NameRule.OfUnfinishedWork(file, Checkout.Read(file))));

    [Theory]
    [InlineData("public sealed class AlertManager(int x)", true)]
    [InlineData("readonly record struct PathUtils", true)]
    [InlineData("interface IChannelHelper", true)]
    [InlineData("abstract record Helper", true)]
    [InlineData("class Database", false)]
    [InlineData("class Baseline", false)]
    [InlineData("class ImplicitRule", false)]
    [InlineData("// a class Helper", false)]
    [InlineData("var x = \"class Helper\";", false)]
    public void A_types_name_is_judged_by_its_last_word(string source, bool refused) =>
        Assert.Equal(refused ? 1 : 0, NameRule.OfTypes("x.cs", source).Count());

    [Theory]
    [InlineData("src/x/Common.cs", true)]
    [InlineData("src/x/ListBase.razor.cs", true)]
    [InlineData("src/x/TileJudge.cs", false)]
    public void A_files_name_is_judged_by_its_last_word(string path, bool refused) => Assert.Equal(refused, NameRule.OfFile(path) is not null);

    [Fact]
    public void A_mark_of_unfinished_work_is_found_with_its_line() =>
        Assert.StartsWith("x.cs:2:", Assert.Single(NameRule.OfUnfinishedWork("x.cs", "a\n// TO" + "DO: b\nautodoc")), StringComparison.Ordinal);

    [Theory]
    [InlineData("Utils", true)]
    [InlineData("Record", false)]
    public void A_rooms_name_is_judged_too(string room, bool refused) => Assert.Equal(refused, NameRule.OfRoom(room) is not null);
}
