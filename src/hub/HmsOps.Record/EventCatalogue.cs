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
        Of("ops.alert.pending", 1, static json => json.AlertPending),
        Of("ops.alert.fire", 1, static json => json.AlertFired),
        Of("ops.alert.recover", 1, static json => json.AlertRecovering),
        Of("ops.alert.resolve", 1, static json => json.AlertResolved),
        Of("ops.alert.drop", 1, static json => json.AlertDropped),
        Of("ops.alert.lost_sight", 1, static json => json.AlertLostSight),
        Of("ops.act.intend", 1, static json => json.ActIntended),
        Of("ops.act.refuse", 1, static json => json.ActRefused),
        Of("ops.act.begin", 1, static json => json.ActBegun),
        Of("ops.act.done", 1, static json => json.ActDone),
        Of("ops.act.fail", 1, static json => json.ActFailed),
        Of("ops.act.settle", 1, static json => json.ActSettled),
        Of("ops.page.queue", 1, static json => json.PageQueued),
        Of("ops.page.send", 1, static json => json.PageSending),
        Of("ops.page.accept", 1, static json => json.PageAccepted),
        Of("ops.page.fail", 1, static json => json.PageFailed),
        Of("ops.incident.open", 1, static json => json.IncidentOpened),
        Of("ops.incident.link", 1, static json => json.IncidentLinked),
        Of("ops.incident.reopen", 1, static json => json.IncidentReopened),
        Of("ops.incident.resolve", 1, static json => json.IncidentResolved),
        Of("ops.hub.started", 1, static json => json.HubStarted),
        Of("ops.hub.stopped", 1, static json => json.HubStopped),
        Of("ops.ledger.recovered", 1, static json => json.LedgerRecovered),
        Of("ops.config.applied", 1, static json => json.ConfigApplied),
        Of("ops.config.rejected", 1, static json => json.ConfigRejected),
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
            JsonSerializer.Serialize(json, happened, ByType[happened.GetType()].Shape(EventJson.Default));
    }

    /// <summary>Reads an event; one that is not in the catalogue, or whose arguments do not fit it, is kept raw.</summary>
    internal static OpsEvent Read(string name, int version, JsonElement arguments)
    {
        if (ByName.TryGetValue((name, version), out var entry))
        {
            try
            {
                if (arguments.Deserialize(entry.Shape(EventJson.Default)) is OpsEvent known)
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

    private static Entry Of<T>(string name, int version, Func<EventJson, JsonTypeInfo<T>> shape)
        where T : OpsEvent => new(name, version, typeof(T), shape);

    // The JSON of a kind is made when its first event is written or read: all of them together would be a good part of a start.
    private sealed record Entry(string Name, int Version, Type Type, Func<EventJson, JsonTypeInfo> Shape);
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
