using System.Globalization;
using HmsOps.Net.Names;
using HmsOps.Workspace.Folder;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Observe.Scrape.Discovery;

/// <summary>Files of targets, read again when their time or size changes. The last good content of each stays. None outside the folder is read, whatever links say.</summary>
internal sealed class FileSource(string folder, IReadOnlyList<string> patterns, TimeSpan every, TimeProvider time) : TargetSource(every, time)
{
    private const int BytesMax = 8 << 20;
    private const int FilesMax = 10_000;

    private readonly SortedDictionary<string, (DateTime Time, long Size, List<TargetGroup> Groups)> _read = new(StringComparer.Ordinal);
    private bool _hasLooked;

    protected override Task<IReadOnlyList<TargetGroup>?> FindAsync(CancellationToken cancellationToken)
    {
        var changed = !_hasLooked;
        string? problem = null;
        try
        {
            var files = Files();
            foreach (var gone in _read.Keys.Except(files).ToList())
                changed |= _read.Remove(gone);
            foreach (var file in files)
            {
                try
                {
                    changed |= Read(file);
                }
                catch (DiscoveryException e)
                {
                    problem ??= e.Message;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"targets in {folder} cannot be read: {e.Message}";
        }
        if (problem is not null && !changed)
            throw new DiscoveryException(problem);
        _hasLooked = true;
        return Task.FromResult<IReadOnlyList<TargetGroup>?>(changed ? [.. _read.Values.SelectMany(file => file.Groups)] : null);
    }

    private List<string> Files()
    {
        var files = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var pattern in patterns)
        {
            var path = Path.Combine(folder, pattern);
            if (!pattern.Contains('*'))
            {
                if (File.Exists(path))
                    files.Add(path);
            }
            else if (Directory.Exists(Path.GetDirectoryName(path)))
            {
                files.UnionWith(Directory.EnumerateFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path)).Take(FilesMax)); // it exists, hence is not null
            }
        }
        return [.. files];
    }

    private bool Read(string path)
    {
        var file = new FileInfo(path);
        if (_read.TryGetValue(path, out var known) && known.Time == file.LastWriteTimeUtc && known.Size == file.Length)
            return false;
        var name = Path.GetRelativePath(folder, path);
        if (!RealPath.Of(path).StartsWith(RealPath.Of(folder) + "/", StringComparison.Ordinal))
            throw new DiscoveryException($"{name} leads out of {folder}; put the file itself there");
        if (file.Length > BytesMax)
            throw new DiscoveryException($"{name} has {file.Length:n0} bytes; {BytesMax:n0} is the most");
        var bytes = File.ReadAllBytes(path);
        var meta = KeyValuePair.Create("__meta_filepath", path);
        var groups = path.EndsWith(".json", StringComparison.Ordinal) ? TargetListReader.ReadJson(name, bytes, [meta]) : TargetListReader.ReadYaml(name, bytes, [meta]);
        _read[path] = (file.LastWriteTimeUtc, file.Length, groups);
        return true;
    }
}

/// <summary>A list of targets asked for over HTTP.</summary>
internal sealed class HttpSource(HttpTargets from, Func<Uri, CancellationToken, Task<ReadOnlyMemory<byte>>> ask, TimeProvider time) : TargetSource(from.Every, time)
{
    protected override async Task<IReadOnlyList<TargetGroup>?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            var body = await ask(from.Url, cancellationToken);
            return TargetListReader.ReadJson(from.Url.ToString(), body, [KeyValuePair.Create("__meta_url", from.Url.ToString())]);
        }
        catch (IOException e)
        {
            throw new DiscoveryException($"{from.Url}: {e.Message}");
        }
    }
}

/// <summary>Targets that names stand for.</summary>
internal sealed class DnsSource(DnsTargets from, IResolver resolver, TimeProvider time) : TargetSource(from.Every, time)
{
    protected override async Task<IReadOnlyList<TargetGroup>?> FindAsync(CancellationToken cancellationToken)
    {
        var groups = new List<TargetGroup>();
        var type = from.Type switch { "A" => DnsType.A, "AAAA" => DnsType.Aaaa, _ => DnsType.Srv };
        try
        {
            foreach (var name in from.Names)
            {
                foreach (var record in await resolver.LookUpAsync(name, type, cancellationToken))
                    groups.Add(GroupOf(name, record));
            }
        }
        catch (ResolveException e)
        {
            throw new DiscoveryException(e.Message);
        }
        return [.. groups.OrderBy(group => group.Addresses[0], StringComparer.Ordinal)];
    }

    private TargetGroup GroupOf(string name, DnsRecord record)
    {
        var host = record.Address is null ? record.Host : record.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{record.Address}]" : record.Address.ToString();
        var port = (record.Address is null ? record.Port : from.Port).ToString(CultureInfo.InvariantCulture);
        var meta = new List<KeyValuePair<string, string>> { new("__meta_dns_name", name) };
        if (record.Address is null)
            meta.AddRange([new("__meta_dns_srv_record_target", host), new("__meta_dns_srv_record_port", port)]);
        return new TargetGroup([$"{host}:{port}"], meta);
    }
}
