namespace HmsOps.Workspace.Folder;

/// <summary>A path with every link in it followed, not only the last: the framework resolves the last alone, and a folder on the way may lead out.</summary>
public static class RealPath
{
    private const int LinksMax = 40; // what Linux follows before it says ELOOP

    /// <summary>The real path of something that exists.</summary>
    /// <exception cref="IOException">A link leads nowhere, or in a circle.</exception>
    public static string Of(string path)
    {
        var links = 0;
        var rest = new Stack<string>(Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var real = "/";
        while (rest.TryPop(out var segment))
        {
            var next = Path.Combine(real, segment);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }
            if (++links > LinksMax)
                throw new IOException($"{path} has more than {LinksMax} links in it");
            // Parts of the target that lead up are lexical only after the links before them are followed: start over from where it points.
            var pointed = Path.GetFullPath(target, real);
            foreach (var part in pointed.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                rest.Push(part);
            real = "/";
        }
        if (!Path.Exists(real))
            throw new FileNotFoundException($"{path} leads to {real}, which is not there", real);
        return real;
    }
}
