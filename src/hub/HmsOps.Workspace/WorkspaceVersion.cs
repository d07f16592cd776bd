using HmsOps.Workspace.Guardrails;
using HmsOps.Workspace.Paging;
using HmsOps.Workspace.Rules;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Workspace;

/// <summary>
/// What operators wrote, read whole and valid: one immutable value, swapped in by a single reference write between two ticks.
/// A broken file is represented by its last good version; <see cref="Diagnostics"/> says so.
/// </summary>
public sealed record WorkspaceVersion
{
    /// <summary>SHA-256 over the paths and contents in force, hex: the version every verdict names.</summary>
    public required string Hash { get; init; }

    /// <summary>All rules, ordered by file, place in the file.</summary>
    public required IReadOnlyList<Rule> Rules { get; init; }

    /// <summary>How people are reached.</summary>
    public required Channels Channels { get; init; }

    /// <summary>Limits on automatic acts.</summary>
    public required ActLimits Limits { get; init; }

    /// <summary>Scripts that may be run, by lower-case stem (<c>rollback_docket_rule</c>).</summary>
    public required IReadOnlyDictionary<string, ScriptFile> Scripts { get; init; }

    /// <summary>What is scraped: services with a <c>metrics_url</c>, and imported jobs. Equal by reference as long as their file is.</summary>
    public IReadOnlyList<ScrapeSet> Scrapes { get; init; } = [];

    /// <summary>Files in force or refused, by path.</summary>
    public required IReadOnlyList<WorkspaceFile> Files { get; init; }

    /// <summary>Everything that is wrong or doubtful, ordered by file, line, column.</summary>
    public required IReadOnlyList<Diagnostic> Diagnostics { get; init; }

    /// <summary>How often ticked rules are evaluated (<c>workspace.yaml</c>).</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Labels that say whose alerts these are, to whoever is told of them (<c>workspace.yaml</c>).</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ExternalLabels { get; init; } = [];

    /// <summary>The workspace of an empty folder.</summary>
    public static WorkspaceVersion Empty { get; } = new()
    {
        Hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([])),
        Rules = [],
        Channels = Channels.None,
        Limits = ActLimits.Default,
        Scripts = new Dictionary<string, ScriptFile>(),
        Files = [],
        Diagnostics = [],
    };
}

/// <summary>A file of the workspace and what became of it.</summary>
/// <param name="Path">Relative to the workspace's root, with '/'.</param>
/// <param name="Sha256">Of the content in force, hex.</param>
/// <param name="State">In force, held at its last good version, or not used at all.</param>
/// <param name="Kind">What it was read as: <c>rules</c>, <c>roster</c>, <c>policy</c>, <c>script</c>, <c>runbook</c>, <c>workspace</c>, …</param>
public sealed record WorkspaceFile(string Path, string Sha256, FileState State, string Kind)
{
    /// <summary>The bytes in force: a runbook's page is shown from here. Empty for a refused file.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>What the bytes in force were read as; the next reading takes it over when the bytes are the same. Null for a refused file.</summary>
    internal FileReading? Reading { get; init; }
}

/// <summary>What became of a file.</summary>
public enum FileState
{
    /// <summary>As it lies there.</summary>
    InForce,

    /// <summary>It is broken: its last good version is in force.</summary>
    LastGood,

    /// <summary>It is broken and never was good.</summary>
    Refused,
}

/// <summary>A script in <c>cd/</c>, <c>scripts/</c> or beside a manifest.</summary>
/// <param name="Path">Relative to the workspace's root.</param>
/// <param name="Sha256">Of its content: an intent names it, and another content is another script.</param>
public sealed record ScriptFile(string Path, string Sha256);
