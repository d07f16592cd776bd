using System.Text.Json;

namespace HmsOps.Record.Events;

/// <summary>What happened, as data. Kinds are nested in the file of their area; words for people are made where they are shown.</summary>
public abstract record OpsEvent;

/// <summary>An event of a name or version this program does not know: kept as it is and shown raw, never dropped.</summary>
public sealed record UnknownEvent(string Name, int Version, JsonElement Arguments) : OpsEvent;
