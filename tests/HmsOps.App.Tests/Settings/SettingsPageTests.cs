using System.Runtime.CompilerServices;
using HmsOps.App.Settings;
using HmsOps.Workspace.Binding;

namespace HmsOps.App.Tests.Settings;

public sealed class SettingsPageTests
{
    [Fact]
    public void The_page_shows_every_setting_of_the_table()
    {
        var path = Path.Combine(Here(), "../../../docs/reference/settings.md");
        const string Mark = "<!-- keys -->\n";
        var page = File.ReadAllText(path);
        var start = page.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length;
        var end = page.IndexOf("<!-- /keys -->", start, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("HMS_ACCEPT") == "1")
            File.WriteAllText(path, page = page[..start] + Explanation.Markdown(SettingsShape.Shape) + page[end..]);
        Assert.Contains($"{Mark}{Explanation.Markdown(SettingsShape.Shape)}<!-- /keys -->", page);
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!; // a source file has a folder
}
