using System.Text.RegularExpressions;
using HmsOps.House.Tests.Arrows;

namespace HmsOps.House.Tests.Prose;

public sealed partial class ProseTests
{
    const int ScreenLines = 60;

    static readonly string[] Binary = [".png", ".woff2", ".golden", ".ico", ".gz", ".snappy", ".seg", ".bin"];

    [Fact]
    public void Every_room_opens_with_a_page_of_at_most_a_screen() =>
        Complaints.None(
            from project in Project.All
            let page = $"{Path.GetDirectoryName(project.Path)!.Replace('\\', '/')}/README.md"
            let lines = Checkout.Files.Contains(page) ? Checkout.Read(page).Split('\n').Length - 1 : 0
            where lines is 0 or > ScreenLines
            select lines == 0
                ? $"{page} is missing: what the room does, its nouns, its entry types, what it must never do, where to start reading."
                : $"{page} has {lines} lines; a screen holds {ScreenLines}. Detail belongs to docs/.");

    [Fact]
    public void No_link_is_dead() =>
        Complaints.None(Checkout.Sources("", ".md").SelectMany(page => LinkRule.Check(page, Checkout.Read(page), ReadIfThere)));

    [Fact]
    public void No_file_knows_the_machine_it_was_written_on() =>
        Complaints.None(
            from file in Checkout.Files.Where(file => !Binary.Contains(Path.GetExtension(file)))
            from line in Checkout.Read(file).Split('\n').Index()
            where BuildMachine.IsMatch(line.Item) && !IsChapterAtHand(file, line.Item)
            select $"{file}:{line.Index + 1}: names a folder of somebody's machine: {line.Item.Trim()}");

    [Fact]
    public void Every_command_a_reader_is_told_to_type_exists()
    {
        var verbs = Checkout.Sources("src/hub/HmsOps.App/", ".cs").SelectMany(file => CommandRule.VerbsIn(Checkout.Read(file))).ToHashSet();
        Complaints.None(
            from page in (string[])["README.md", "CONTRIBUTING.md"]
            from complaint in CommandRule.Check(page, Checkout.Read(page), verbs, TestWords())
            select complaint);
    }

    [Theory]
    [InlineData("[a](b.md)", null)]
    [InlineData("[a](b.md#the-first--second)", null)]
    [InlineData("[a](#here)\n# Here", null)]
    [InlineData("[a](https://example.org/x)", null)]
    [InlineData("`[a](gone.md)`\n```\n[a](gone.md)\n```", null)]
    [InlineData("x\n[a](gone.md)", "docs/page.md:2: the link to gone.md leads nowhere")]
    [InlineData("![a](../gone.png \"title\")", "docs/page.md:1: the link to ../gone.png leads nowhere")]
    [InlineData("[a]: gone.md", "docs/page.md:1: the link to gone.md leads nowhere")]
    [InlineData("[a](../../out.md)", "docs/page.md:1: the link to ../../out.md leads nowhere")]
    [InlineData("[a](b.md#gone)", "docs/page.md:1: docs/b.md has no heading #gone")]
    public void A_link_leads_somewhere_or_is_named(string text, string? complaint)
    {
        var complaints = LinkRule.Check("docs/page.md", text, path => path == "docs/b.md" ? "# The `first` & second" : null).ToList();
        if (complaint is null)
            Assert.Empty(complaints);
        else
            Assert.StartsWith(complaint, Assert.Single(complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sh", "./hms-ops serve --data x", 0)]
    [InlineData("sh", "./hms-ops --version", 0)]
    [InlineData("sh", "./test disk --accept   # one room", 0)]
    [InlineData("text", "./hms-ops fly", 0)]
    [InlineData("sh", "./hms-ops fly", 1)]
    [InlineData("bash", "$ ./ops fly", 1)]
    [InlineData("sh", "./test kitchen", 1)]
    public void A_printed_command_exists_or_is_named(string language, string line, int complaints) =>
        Assert.Equal(complaints, CommandRule.Check("README.md", $"```{language}\n{line}\n```", new HashSet<string> { "serve" }, new HashSet<string> { "disk", "--accept" }).Count());

    [Fact]
    public void Verbs_are_read_from_the_code_that_makes_them() =>
        Assert.Equal(
            ["serve", "check", "ledger", "verify"],
            CommandRule.VerbsIn("""var a = new Command("serve", "x"); static Command Check() => new("check", y); class L() : Command("ledger", z); base("verify"); new("Not this")"""));

    [Theory]
    [InlineData("/ho" + "me/ana/src", true)]
    [InlineData("C:\\Us" + "ers\\ana", true)]
    [InlineData("see ../sha" + "red/notes.md", true)]
    [InlineData("https://example.org/home/ana/", false)]
    [InlineData("/usr/bin/python3", false)]
    public void A_path_of_a_machine_is_told_from_one_of_the_system(string text, bool found) => Assert.Equal(found, BuildMachine.IsMatch(text));

    // A test may hold its committed copy of a chapter against the chapter itself, where that lies beside the checkout.
    static bool IsChapterAtHand(string file, string line) =>
        file.StartsWith("tests/", StringComparison.Ordinal) && line.Contains("../shared/mission", StringComparison.Ordinal);

    static HashSet<string> TestWords() =>
    [
        .. Checkout.Sources("tests/", ".Tests.csproj").Select(path => path.Split('.')[^3].ToLowerInvariant()),
        .. from Match option in Option.Matches(Checkout.Read("test")) select option.Value,
    ];

    static string? ReadIfThere(string path) =>
        Directory.Exists(Checkout.Absolute(path)) ? "" : File.Exists(Checkout.Absolute(path)) ? Checkout.Read(path) : null;

    // This file is one of those searched: the folders are spelt so that they do not match themselves.
    [GeneratedRegex(@"(?<![\w./-])/(home|Users)/\w|(?<![\w./-])/(ro" + @"ot|wo" + @"rk)/\w|[A-Z]:\\Users|\.\./sha" + "red/")]
    private static partial Regex BuildMachine { get; }

    [GeneratedRegex("--[a-z]+(?=\\))")]
    private static partial Regex Option { get; }
}
