using System.Xml.Linq;

namespace HmsOps.House.Tests.Arrows;

/// <summary>A project under src/, as its file says.</summary>
/// <param name="Room">Its name without <c>HmsOps.</c></param>
/// <param name="Path">Of the project file, from the root.</param>
/// <param name="References">The rooms it references.</param>
/// <param name="ForeignFiles">Files it compiles or links from outside its own folder.</param>
sealed record Project(string Room, string Path, IReadOnlyList<string> References, IReadOnlyList<string> ForeignFiles)
{
    /// <summary>All projects under src/ of the checkout.</summary>
    public static IReadOnlyList<Project> All { get; } =
        [.. Checkout.Sources("src/", ".csproj").Select(path => Read(path, XDocument.Parse(Checkout.Read(path))))];

    public static Project Read(string path, XDocument text)
    {
        var items = text.Descendants("ItemGroup").Elements().Select(item => (item.Name.LocalName, Include: item.Attribute("Include")?.Value ?? "")).ToList();
        return new(
            RoomOf(path),
            path,
            [.. items.Where(item => item.LocalName is "ProjectReference" or "Reference").Select(item => RoomOf(item.Include))],
            [.. items.Where(item => item.LocalName is "Compile" or "EmbeddedResource" && item.Include.Contains("..", StringComparison.Ordinal)).Select(item => item.Include)]);
    }

    static string RoomOf(string path)
    {
        var name = path.Replace('\\', '/').Split('/')[^1];
        if (System.IO.Path.GetExtension(name) is ".csproj" or ".dll")
            name = System.IO.Path.GetFileNameWithoutExtension(name); // a bare <Reference> has a dot in its name, and no ending
        return name.StartsWith("HmsOps.", StringComparison.Ordinal) ? name["HmsOps.".Length..] : name;
    }
}
