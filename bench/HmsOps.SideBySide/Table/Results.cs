namespace HmsOps.SideBySide.Table;

/// <summary>The page of results: what stands between two marks is this program's, the rest is not touched.</summary>
internal static class Results
{
    private const string Begin = "<!-- side-by-side: from here -->";
    private const string End = "<!-- side-by-side: to here -->";

    public static void Put(string path, string text)
    {
        var page = File.ReadAllText(path);
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal), page.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
            throw new InvalidDataException($"{path}: lacks the lines '{Begin}' and, after it, '{End}'. Put them where the table belongs.");
        File.WriteAllText(path, page[..(begin + Begin.Length)] + "\n" + text + page[end..]);
        Console.WriteLine($"written into {path}");
    }
}
