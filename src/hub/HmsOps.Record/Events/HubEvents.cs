namespace HmsOps.Record.Events;

/// <summary>The hub began to run.</summary>
public sealed record HubStarted(string Version, string Name, DateTimeOffset At) : OpsEvent;

/// <summary>The hub stopped in an orderly way.</summary>
public sealed record HubStopped(DateTimeOffset At) : OpsEvent;

/// <summary>The ledger found a torn, never acknowledged tail when it opened, and set it aside.</summary>
public sealed record LedgerRecovered(long Bytes, string Detail, DateTimeOffset At) : OpsEvent;

/// <summary>A version of the workspace came into force.</summary>
/// <param name="Git">Where it came from; null where the folder is in no repository, or git could not tell.</param>
public sealed record ConfigApplied(
    string Hash, string? Previous, IReadOnlyList<ConfigFile> Files, IReadOnlyList<string> RulesAdded, IReadOnlyList<string> RulesRemoved,
    IReadOnlyList<string> RulesChanged, int Errors, DateTimeOffset At, ConfigCommit? Git = null) : OpsEvent;

/// <summary>The commit a version of the workspace was read at.</summary>
/// <param name="Commit">Its full name.</param>
/// <param name="Author">Name and address; null when <paramref name="Dirty"/>, for who changed the files since is not known.</param>
/// <param name="CommittedAt">When it was committed, as the committer's clock said.</param>
/// <param name="Subject">The first line of its message.</param>
/// <param name="Dirty">Files of the workspace differed from the commit.</param>
public sealed record ConfigCommit(string Commit, string? Author, DateTimeOffset CommittedAt, string Subject, bool Dirty);

/// <summary>A file of that version: what it is now.</summary>
public sealed record ConfigFile(string Path, string Sha256, string Change);

/// <summary>A file was refused; its last good version, if any, stays in force.</summary>
public sealed record ConfigRejected(string File, int Line, int Column, string Code, string Message, string Remedy, DateTimeOffset At) : OpsEvent;
