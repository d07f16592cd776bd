namespace HmsOps.House.Tests.Arrows;

/// <summary>
/// Who may reference whom, room by room (docs/architecture.md). A new room gets a row here; a new arrow needs a decision record first.
/// <code>
/// App → Present → { Act, Decide, Observe } → Workspace → Record → engine
///                                     PromQL → Series,  Tsdb → { Series, Disk },  { Ledger, Processes } → Disk
/// </code>
/// </summary>
static class ArrowTable
{
    static readonly string[] Engine = ["Disk", "Ledger", "LedgerVerifier", "Net", "Processes", "PromQL", "Series", "Tsdb"];

    public static IReadOnlyDictionary<string, IReadOnlySet<string>> Allowed { get; } = Table(
        // The verifier is what an outsider reads to believe us: it stands alone.
        Row("LedgerVerifier"),
        Row("Series"),
        Row("Disk"),
        Row("Net"),
        Row("PromQL", "Series"),
        Row("Tsdb", "Series", "Disk"),
        Row("Ledger", "Disk"),
        Row("Processes", "Disk"),

        Row("Record", Engine),
        Row("Workspace", ["Record", .. Engine]),
        Row("Observe", ["Workspace", "Record", .. Engine]),
        Row("Decide", ["Workspace", "Record", .. Engine]),
        Row("Act", ["Workspace", "Record", .. Engine]),
        Row("Present", ["Act", "Decide", "Observe", "Workspace", "Record", .. Engine]),
        Row("App", ["Present", "Act", "Decide", "Observe", "Workspace", "Record", .. Engine]));

    /// <summary>The rooms that meet at the metric store and the ledger, and nowhere else.</summary>
    public static IReadOnlySet<string> Siblings { get; } = new HashSet<string> { "Observe", "Decide", "Act", "Ship" };

    public static bool IsEngine(string room) => Engine.Contains(room);

    static (string Room, IReadOnlySet<string> Allowed) Row(string room, params string[] allowed) => (room, allowed.ToHashSet());

    static Dictionary<string, IReadOnlySet<string>> Table(params (string Room, IReadOnlySet<string> Allowed)[] rows) =>
        rows.ToDictionary(row => row.Room, row => row.Allowed);
}
