using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using HmsOps.Record.Events;

namespace HmsOps.Record;

/// <summary>
/// The names under which events enter the ledger, and how each version is read. A name and version never changes its meaning: a new meaning is a
/// new version with an upcaster from the old one. Additive fields keep the version.
/// </summary>
public static class EventCatalogue
{
    private static readonly Entry[] Entries =
    [
        Of("ops.alert.pending", 1, EventJson.Default.AlertPending),
        Of("ops.alert.fire", 1, EventJson.Default.AlertFired),
        Of("ops.alert.recover", 1, EventJson.Default.AlertRecovering),
        Of("ops.alert.resolve", 1, EventJson.Default.AlertResolved),
        Of("ops.alert.drop", 1, EventJson.Default.AlertDropped),
        Of("ops.alert.lost_sight", 1, EventJson.Default.AlertLostSight),
        Of("ops.act.intend", 1, EventJson.Default.ActIntended),
        Of("ops.act.refuse", 1, EventJson.Default.ActRefused),
        Of("ops.act.begin", 1, EventJson.Default.ActBegun),
        Of("ops.act.done", 1, EventJson.Default.ActDone),
        Of("ops.act.fail", 1, EventJson.Default.ActFailed),
        Of("ops.act.settle", 1, EventJson.Default.ActSettled),
        Of("ops.page.queue", 1, EventJson.Default.PageQueued),
        Of("ops.page.send", 1, EventJson.Default.PageSending),
        Of("ops.page.accept", 1, EventJson.Default.PageAccepted),
        Of("ops.page.fail", 1, EventJson.Default.PageFailed),
        Of("ops.incident.open", 1, EventJson.Default.IncidentOpened),
        Of("ops.incident.link", 1, EventJson.Default.IncidentLinked),
        Of("ops.incident.reopen", 1, EventJson.Default.IncidentReopened),
        Of("ops.incident.resolve", 1, EventJson.Default.IncidentResolved),
        Of("ops.hub.started", 1, EventJson.Default.HubStarted),
        Of("ops.hub.stopped", 1, EventJson.Default.HubStopped),
        Of("ops.ledger.recovered", 1, EventJson.Default.LedgerRecovered),
        Of("ops.config.applied", 1, EventJson.Default.ConfigApplied),
        Of("ops.config.rejected", 1, EventJson.Default.ConfigRejected),
    ];

    private static readonly Dictionary<Type, Entry> ByType = Entries.ToDictionary(e => e.Type);
    private static readonly Dictionary<(string, int), Entry> ByName = Entries.ToDictionary(e => (e.Name, e.Version));

    /// <summary>All names this program writes, in the order of the catalogue.</summary>
    public static IEnumerable<(string Name, int Version)> Names => Entries.Select(e => (e.Name, e.Version));

    /// <summary>The name an event is entered under.</summary>
    public static string NameOf(OpsEvent happened) => happened is UnknownEvent unknown ? unknown.Name : ByType[happened.GetType()].Name;

    internal static int VersionOf(OpsEvent happened) => happened is UnknownEvent unknown ? unknown.Version : ByType[happened.GetType()].Version;

    internal static void Write(Utf8JsonWriter json, OpsEvent happened)
    {
        if (happened is UnknownEvent unknown)
            unknown.Arguments.WriteTo(json);
        else
            JsonSerializer.Serialize(json, happened, ByType[happened.GetType()].Json);
    }

    /// <summary>Reads an event; one that is not in the catalogue, or whose arguments do not fit it, is kept raw.</summary>
    internal static OpsEvent Read(string name, int version, JsonElement arguments)
    {
        if (ByName.TryGetValue((name, version), out var entry))
        {
            try
            {
                if (arguments.Deserialize(entry.Json) is OpsEvent known)
                    return known;
            }
            catch (JsonException)
            {
                // Entered by another program under our name: shown raw, as any unknown event.
            }
        }
        // It will be shown as it is: half a surrogate pair could be read, and never written.
        using (var json = new Utf8JsonWriter(Stream.Null))
            arguments.WriteTo(json);
        return new UnknownEvent(name, version, arguments.Clone());
    }

    private static Entry Of<T>(string name, int version, JsonTypeInfo<T> json)
        where T : OpsEvent => new(name, version, typeof(T), json);

    private sealed record Entry(string Name, int Version, Type Type, JsonTypeInfo Json);
}

/// <summary>How events are written: names in snake_case, in declared order, non-finite numbers as text.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(AlertPending))]
[JsonSerializable(typeof(AlertFired))]
[JsonSerializable(typeof(AlertRecovering))]
[JsonSerializable(typeof(AlertResolved))]
[JsonSerializable(typeof(AlertDropped))]
[JsonSerializable(typeof(AlertLostSight))]
[JsonSerializable(typeof(ActIntended))]
[JsonSerializable(typeof(ActRefused))]
[JsonSerializable(typeof(ActBegun))]
[JsonSerializable(typeof(ActDone))]
[JsonSerializable(typeof(ActFailed))]
[JsonSerializable(typeof(ActSettled))]
[JsonSerializable(typeof(PageQueued))]
[JsonSerializable(typeof(PageSending))]
[JsonSerializable(typeof(PageAccepted))]
[JsonSerializable(typeof(PageFailed))]
[JsonSerializable(typeof(IncidentOpened))]
[JsonSerializable(typeof(IncidentLinked))]
[JsonSerializable(typeof(IncidentReopened))]
[JsonSerializable(typeof(IncidentResolved))]
[JsonSerializable(typeof(HubStarted))]
[JsonSerializable(typeof(HubStopped))]
[JsonSerializable(typeof(LedgerRecovered))]
[JsonSerializable(typeof(ConfigApplied))]
[JsonSerializable(typeof(ConfigRejected))]
internal sealed partial class EventJson : JsonSerializerContext;
