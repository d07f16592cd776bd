using System.CommandLine;

namespace HmsOps.App.Verbs;

/// <summary><c>hms-ops demo</c>: the county court of chapter B, slow and cured within a minute, on this machine.</summary>
internal static class DemoVerb
{
    public static Command Make() => new("demo", "See it work: a slow court, an alert, a rollback, a recovery");
}
