namespace HmsOps.Record.Events;

/// <summary>The hub began to run.</summary>
public sealed record HubStarted(string Version, string Name, DateTimeOffset At) : OpsEvent;

/// <summary>The hub stopped in an orderly way.</summary>
public sealed record HubStopped(DateTimeOffset At) : OpsEvent;

/// <summary>The ledger found a torn, never acknowledged tail when it opened, and set it aside.</summary>
public sealed record LedgerRecovered(long Bytes, string Detail, DateTimeOffset At) : OpsEvent;

/// <summary>A version of the workspace came into force.</summary>
public sealed record ConfigApplied(
    string Hash, string? Previous, IReadOnlyList<ConfigFile> Files, IReadOnlyList<string> RulesAdded, IReadOnlyList<string> RulesRemoved,
    IReadOnlyList<string> RulesChanged, int Errors, DateTimeOffset At) : OpsEvent;

/// <summary>A file of that version: what it is now.</summary>
public sealed record ConfigFile(string Path, string Sha256, string Change);

/// <summary>A file was refused; its last good version, if any, stays in force.</summary>
public sealed record ConfigRejected(string File, int Line, int Column, string Code, string Message, string Remedy, DateTimeOffset At) : OpsEvent;
