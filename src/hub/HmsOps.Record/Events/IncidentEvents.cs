namespace HmsOps.Record.Events;

/// <summary>People have something to work on. The number follows the order of the ledger.</summary>
public sealed record IncidentOpened(string Incident, string? Service, string Title, string Severity, string Episode, DateTimeOffset At) : OpsEvent;

/// <summary>Another alert joined an open incident.</summary>
public sealed record IncidentLinked(string Incident, string Episode, DateTimeOffset At) : OpsEvent;

/// <summary>An alert of a resolved incident fired again within the quarter of an hour.</summary>
public sealed record IncidentReopened(string Incident, string Episode, DateTimeOffset At) : OpsEvent;

/// <summary>All its alerts are over.</summary>
public sealed record IncidentResolved(string Incident, DateTimeOffset At) : OpsEvent;
