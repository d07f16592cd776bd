using System.Security.Cryptography;
using System.Text;
using HmsOps.Workspace.Guardrails;
using HmsOps.Workspace.Paging;
using HmsOps.Workspace.Rules;
using HmsOps.Workspace.Runbooks;
using HmsOps.Workspace.Scraping;
using HmsOps.Workspace.Scripts;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace;

/// <summary>
/// Files in, one immutable version out: the only way there is, for a folder, a post and a test alike. Pure.
/// Each file is read by itself and taken whole or not at all; a broken one is represented by its last good version. Then what files name in one another
/// is looked up: that only ever warns, so no file is held back by another.
/// </summary>
public static class WorkspaceReader
{
    /// <summary>Reads a snapshot. <paramref name="previous"/> supplies the last good versions, and saves reading what has not changed.</summary>
    public static WorkspaceVersion Read(WorkspaceSnapshot snapshot, WorkspaceVersion? previous) => Read(snapshot, previous, YamlLimits.Default);

    /// <summary>As above, under limits of the caller's.</summary>
    public static WorkspaceVersion Read(WorkspaceSnapshot snapshot, WorkspaceVersion? previous, YamlLimits limits)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(limits);
        var before = (previous ?? WorkspaceVersion.Empty).Files.ToDictionary(file => file.Path);
        var diagnostics = new List<Diagnostic>();
        var files = new SortedDictionary<string, WorkspaceFile>(StringComparer.Ordinal);

        var admitted = Admit(snapshot, limits, Refuse);
        var settings = Settings(admitted, before, limits, Take);
        var strict = settings?.Get(WorkspaceShape.Strict, true) ?? true;
        foreach (var (path, content) in admitted.Where(file => IsYaml(file.Key) && !files.ContainsKey(file.Key)))
            Take(OfYaml(path, content, strict, before, limits));
        foreach (var (path, content) in admitted.Where(file => IsYaml(file.Key) is false))
        {
            if (KindOfBytes(path, files.Values) is { } kind)
                Take(FileReading.OfBytes(path, content, kind));
        }
        return Compose([.. files.Values], settings, diagnostics);

        void Take(FileReading now)
        {
            diagnostics.AddRange(now.Diagnostics);
            files[now.Path] = Standing(now, before.GetValueOrDefault(now.Path));
        }

        void Refuse(Diagnostic why)
        {
            if (!files.ContainsKey(why.File))
                Take(FileReading.Refused(why, before.GetValueOrDefault(why.File)?.Kind ?? FileReading.UnknownKind));
        }
    }

    /// <summary>The files within the limits. Those beyond are refused by name, and keep their last good version.</summary>
    private static SortedDictionary<string, ReadOnlyMemory<byte>> Admit(WorkspaceSnapshot snapshot, YamlLimits limits, Action<Diagnostic> refuse)
    {
        foreach (var unreadable in snapshot.Unreadable)
            refuse(unreadable);
        var admitted = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var total = 0L;
        foreach (var (path, content) in snapshot.Files.Where(file => WorkspaceSnapshot.IsPart(file.Key)))
        {
            var most = path.EndsWith(".md", StringComparison.Ordinal) ? limits.RunbookBytes : limits.FileBytes;
            var (message, fix) = content.Length > most ? ($"the file has {content.Length} bytes; {most} is the most.", "Split it.")
                : total + content.Length > limits.TotalBytes ? ($"with this file the workspace has more than {limits.TotalBytes} bytes.", "Move what is not configuration out of the workspace.")
                : admitted.Count >= limits.Files ? ($"the workspace has more than {limits.Files} files.", "Move what is not configuration out of the workspace.")
                : (null, "");
            if (message is not null)
            {
                refuse(Place.Start.Say(path, "E005", Severity.Error, message, fix));
                continue;
            }
            total += content.Length;
            admitted.Add(path, content);
        }
        return admitted;
    }

    // workspace.yaml is read first: it says how strictly the others are.
    private static Binding.BoundRecord? Settings(
        SortedDictionary<string, ReadOnlyMemory<byte>> admitted, Dictionary<string, WorkspaceFile> before, YamlLimits limits, Action<FileReading> take)
    {
        Binding.BoundRecord? settings = null;
        foreach (var path in new[] { "workspace.yaml", "workspace.yml" }.Where(admitted.ContainsKey))
        {
            var now = OfYaml(path, admitted[path], strict: true, before, limits);
            take(now);
            settings ??= (now.IsTaken ? now : before.GetValueOrDefault(path)?.Reading)?.Workspace;
        }
        return settings;
    }

    private static FileReading OfYaml(string path, ReadOnlyMemory<byte> content, bool strict, Dictionary<string, WorkspaceFile> before, YamlLimits limits)
    {
        var known = before.GetValueOrDefault(path) is { State: FileState.InForce } file ? file.Reading : null;
        return known is not null && known.IsStrict == strict && known.Content.Span.SequenceEqual(content.Span)
            ? known
            : FileReading.OfYaml(path, content, strict, limits);
    }

    private static WorkspaceFile Standing(FileReading now, WorkspaceFile? before)
    {
        if (now.IsTaken)
            return new WorkspaceFile(now.Path, now.Sha256, FileState.InForce, now.Kind) { Content = now.Content, Reading = now };
        return before?.Reading is { } good
            ? before with { State = FileState.LastGood, Content = good.Content }
            : new WorkspaceFile(now.Path, now.Sha256, FileState.Refused, now.Kind);
    }

    private static bool IsYaml(string path) => path.EndsWith(".yaml", StringComparison.Ordinal) || path.EndsWith(".yml", StringComparison.Ordinal);

    private static string? KindOfBytes(string path, IEnumerable<WorkspaceFile> yaml) =>
        path.EndsWith(".md", StringComparison.Ordinal) ? RunbookFinder.Kind
        : ScriptFinder.IsScript(path, yaml) ? ScriptFinder.Kind
        : null;

    private static WorkspaceVersion Compose(IReadOnlyList<WorkspaceFile> files, Binding.BoundRecord? settings, List<Diagnostic> diagnostics)
    {
        var inForce = files.Select(file => file.Reading).OfType<FileReading>().ToList();
        var interval = settings?.Get(WorkspaceShape.Interval, WorkspaceVersion.Empty.Interval) ?? WorkspaceVersion.Empty.Interval;
        var scripts = ScriptFinder.Find(files, diagnostics);
        var channels = ChannelsOf(inForce, diagnostics);
        var lookup = new RuleLookup(scripts, channels, new RunbookFinder(files), interval);
        return new WorkspaceVersion
        {
            Hash = HashOf(files),
            Rules = [.. inForce.SelectMany(file => file.Rules).Select(draft => lookup.Settle(draft, diagnostics))],
            Channels = channels,
            Limits = GuardrailsShape.Combine([.. inForce.SelectMany(file => file.Limits)]),
            Scripts = scripts,
            Scrapes = ScrapesOf(inForce, diagnostics),
            Files = files,
            Diagnostics = [.. diagnostics.OrderBy(each => each.File, StringComparer.Ordinal).ThenBy(each => each.Line).ThenBy(each => each.Column).ThenBy(each => each.Code, StringComparer.Ordinal)],
            Interval = interval,
            ExternalLabels = settings?.Get(WorkspaceShape.ExternalLabels, []) ?? [],
        };
    }

    // The first file that configures a channel has it: two would send every page twice, or to the wrong server.
    private static Channels ChannelsOf(IReadOnlyList<FileReading> files, List<Diagnostic> diagnostics)
    {
        var all = Channels.None;
        foreach (var (file, (channels, at)) in files.SelectMany(file => file.Channels.Select(channels => (file, channels))))
        {
            foreach (var (name, twice) in new[] { ("smtp", all.Smtp is not null && channels.Smtp is not null), ("webhook", all.Webhook is not null && channels.Webhook is not null) })
            {
                if (twice)
                    diagnostics.Add(at.Say(file.Path, "W231", Severity.Warning, $"the channel '{name}' is configured by another file already; this one is not used.", "Keep one of them."));
            }
            all = new Channels(all.Smtp ?? channels.Smtp, all.Webhook ?? channels.Webhook);
        }
        return all;
    }

    // One name is one service or job: two would send the same series from two places.
    private static List<ScrapeSet> ScrapesOf(IReadOnlyList<FileReading> files, List<Diagnostic> diagnostics)
    {
        var owners = new Dictionary<string, string>();
        var sets = new List<ScrapeSet>();
        foreach (var (file, set) in files.SelectMany(file => file.Scrapes.Select(set => (file, set))))
        {
            if (owners.TryAdd(set.Job, set.Citation) || owners[set.Job] == set.Citation)
                sets.Add(set);
            else
                diagnostics.Add(Place.Start.Say(file.Path, "W232", Severity.Warning, $"'{Findings.Shorten(set.Job)}' is the name of what {owners[set.Job]} says is scraped already; this one is not.", "Give one of them another name."));
        }
        return sets;
    }

    private static string HashOf(IReadOnlyList<WorkspaceFile> files)
    {
        var lines = files.Where(file => file.State != FileState.Refused).Select(file => $"{file.Path}\0{file.Sha256}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }
}
