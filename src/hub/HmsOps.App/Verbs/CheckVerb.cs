using System.CommandLine;
using System.Text.Json;
using HmsOps.Workspace;
using HmsOps.Workspace.Folder;

namespace HmsOps.App.Verbs;

/// <summary><c>hms-ops check</c>: reads a workspace and says everything that is wrong with it, without a hub.</summary>
internal static class CheckVerb
{
    public static Command Make()
    {
        var folder = new Argument<string>("workspace") { Description = "The workspace's folder", DefaultValueFactory = _ => "workspace" };
        var strict = new Option<bool>("--strict") { Description = "Warnings count as errors" };
        var json = new Option<bool>("--json") { Description = "Answer as JSON" };
        var verb = new Command("check", "Check a workspace's files") { folder, strict, json };
        verb.SetAction((parsed, cancellationToken) => Task.FromResult(
            Check(parsed.GetRequiredValue(folder), parsed.GetValue(strict), parsed.GetValue(json), cancellationToken)));
        return verb;
    }

    private static int Check(string folder, bool strict, bool json, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine($"hms-ops: {folder}: there is no such folder");
            return ExitCode.Usage;
        }
        var version = WorkspaceReader.Read(new WorkspaceFolder(folder).Take(cancellationToken), previous: null);
        if (json)
            Console.WriteLine(AsJson(version));
        else
            Print(version);
        var bad = version.Diagnostics.Any(d => d.Severity == Severity.Error || strict && d.Severity == Severity.Warning);
        return bad ? ExitCode.No : ExitCode.Done;
    }

    private static void Print(WorkspaceVersion version)
    {
        foreach (var diagnostic in version.Diagnostics)
        {
            Console.WriteLine(diagnostic);
            Console.WriteLine($"  fix: {diagnostic.Fix}");
        }
        foreach (var rule in version.Rules)
            Console.WriteLine($"{rule.Source.File}:{rule.Source.Line}: {rule.Name}: {rule.PromQL}");
        var errors = version.Diagnostics.Count(d => d.Severity == Severity.Error);
        var warnings = version.Diagnostics.Count(d => d.Severity == Severity.Warning);
        Console.WriteLine($"{version.Files.Count} files, {version.Rules.Count} rules, {errors} errors, {warnings} warnings");
    }

    private static string AsJson(WorkspaceVersion version)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var d in version.Diagnostics)
            {
                json.WriteStartObject();
                json.WriteString("file", d.File);
                json.WriteNumber("line", d.Line);
                json.WriteNumber("column", d.Column);
                json.WriteNumber("end_line", d.EndLine);
                json.WriteNumber("end_column", d.EndColumn);
                json.WriteString("code", d.Code);
                json.WriteString("severity", d.Severity.ToString().ToLowerInvariant());
                json.WriteString("message", d.Message);
                if (d.Suggestion is not null)
                    json.WriteString("suggestion", d.Suggestion);
                json.WriteString("fix", d.Fix);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return System.Text.Encoding.UTF8.GetString(bytes.ToArray());
    }
}
