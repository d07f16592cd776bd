using HmsOps.Record.Events;

namespace HmsOps.Record;

/// <summary>
/// The lines of the chapters, word for word, as they stand on the console and in pages: <c>ALERT county_api_ms 1580 ms (threshold 1000)</c>. People and
/// scripts look for them, so nothing else may word these facts.
/// </summary>
public static class ChapterLines
{
    private const int ExecColumns = 38;

    /// <summary><c>ALERT county_api_ms 1580 ms (threshold 1000)</c></summary>
    public static string Alert(AlertFired fired) =>
        $"ALERT {fired.Alert.Name} {Quantity(fired.Value, fired.Unit)} (threshold {Number(fired.Threshold)})";

    /// <summary>The first line of an episode: <c>… → paging…</c>, or that nobody is named to be paged.</summary>
    public static string Paging(AlertFired fired) => $"{Alert(fired)}  → {(fired.Notify.Count > 0 ? "paging…" : "nobody to page")}";

    /// <summary><c>EXEC  rollback_docket_rule.sh               → success</c></summary>
    public static string Exec(string script, string outcome) => $"EXEC  {script,-ExecColumns}→ {outcome}";

    /// <summary>The last line of an episode's act: <c>ALERT county_api_ms 1500 ms (threshold 1000)  → rollback executed</c>.</summary>
    public static string Acted(AlertFired fired, string outcome) => $"{Alert(fired)}  → {outcome}";

    /// <summary><c>ALERT_RESOLVED  county_api_ms back to 112 ms</c></summary>
    public static string Resolved(AlertResolved resolved) => resolved.Value is { } value
        ? $"ALERT_RESOLVED  {resolved.Alert.Name} back to {Quantity(value, resolved.Unit)}"
        : $"ALERT_RESOLVED  {resolved.Alert.Name} ({resolved.Reason})";

    /// <summary><c>1580 ms</c>: whole from a hundred on, three significant digits below.</summary>
    public static string Quantity(double value, string unit) => unit.Length == 0 ? Number(value) : $"{Number(value)} {unit}";

    private static string Number(double value) => Math.Abs(value) switch
    {
        _ when !double.IsFinite(value) => value.ToString("R"),
        >= 100 or 0 => Math.Round(value).ToString("0"),
        var small => Math.Round(value, Math.Clamp(2 - (int)Math.Floor(Math.Log10(small)), 0, 15)).ToString("0.###############"),
    };
}
