using System.Text.Json.Serialization;
using HmsOps.Present.Api.Influx;

namespace HmsOps.Present.Api;

/// <summary>The shapes of the hub's own API: camelCase, RFC 3339 UTC times, enums as lower-case words.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ProblemJson))]
[JsonSerializable(typeof(IncidentListJson))]
[JsonSerializable(typeof(IncidentJson))]
[JsonSerializable(typeof(WorkspaceJson))]
[JsonSerializable(typeof(HubJson))]
[JsonSerializable(typeof(ReadyJson))]
[JsonSerializable(typeof(LiveHelloJson))]
[JsonSerializable(typeof(LiveStateJson))]
[JsonSerializable(typeof(LiveTickJson))]
[JsonSerializable(typeof(QueriesJson))]
[JsonSerializable(typeof(StoreSize))]
[JsonSerializable(typeof(StoreFindings))]
[JsonSerializable(typeof(StoreDeletion))]
[JsonSerializable(typeof(StoreImport))]
[JsonSerializable(typeof(SnapshotJson))]
[JsonSerializable(typeof(InfluxProblemJson))]
[JsonSerializable(typeof(InfluxErrorJson))]
[JsonSerializable(typeof(InfluxResultsJson))]
[JsonSerializable(typeof(InfluxHealthJson))]
internal sealed partial class ApiJson : JsonSerializerContext;

internal sealed record ProblemJson(string Type, string Title, int Status, string Detail);

internal sealed record IncidentListJson(IReadOnlyList<IncidentJson> Incidents);

internal sealed record IncidentJson(
    string Id, string Title, string? Service, string Severity, string State, DateTime OpenedAt, DateTime? ResolvedAt, IReadOnlyList<AlertJson> Alerts,
    IReadOnlyList<ActJson> Acts, IReadOnlyList<PageJson> Pages, IReadOnlyList<long> Entries);

internal sealed record AlertJson(string Episode, string Name, string? Metric, DateTime FiredAt, DateTime? ResolvedAt, double? Value, double? Threshold, string? Unit, string? PromQL, string? Rule);

internal sealed record ActJson(Guid Id, string Title, string Verb, string State, string? Detail, DateTime At, DateTime? EndedAt, IReadOnlyList<GuardJson> Guards);

internal sealed record GuardJson(string Guard, bool Allows, string Detail);

internal sealed record PageJson(string Key, string Kind, string Receiver, string Stage, int Attempts, string? Channel, DateTime? AcceptedAt, string? Failure);

internal sealed record WorkspaceJson(
    string Version, IReadOnlyList<FileJson> Files, IReadOnlyList<RuleJson> Rules, IReadOnlyList<DiagnosticJson> Errors);

internal sealed record FileJson(string Path, string Sha256, string State, string Kind);

internal sealed record RuleJson(string Id, string Name, string? Metric, string PromQL, double Threshold, string Unit, string? Window, string? Action, IReadOnlyList<string> Notify, string File, int Line, int Column);

internal sealed record DiagnosticJson(string File, int Line, int Column, string Code, string Severity, string Message, string Remedy);

internal sealed record HubJson(
    string State, string? Progress, string Version, string Name, DateTime StartedAt, IReadOnlyList<ImpairedPart> Impaired, long Series, long Samples,
    IReadOnlyList<RefusedCount> Refused, LedgerHeadJson Ledger, long LogBytes, IReadOnlyList<string> Log);

internal sealed record QueriesJson(IReadOnlyList<QueryJson> Queries);

internal sealed record QueryJson(
    long Id, string Stage, string Address, string Query, string From, DateTime Started, double ElapsedSeconds, long Samples, long Bytes);

internal sealed record LedgerHeadJson(long Size, string Root, string State);

internal sealed record SnapshotJson(string Folder, long Bytes);

internal sealed record ReadyJson(string State, string? Progress, IReadOnlyList<ImpairedPart> Impaired);

internal sealed record LiveHelloJson(string Version, string Pages, long Size);

internal sealed record LiveStateJson(long Size);

internal sealed record LiveTickJson(long T);
