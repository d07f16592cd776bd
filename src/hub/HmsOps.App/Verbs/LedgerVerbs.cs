using System.CommandLine;
using System.Text.Json;
using HmsOps.LedgerVerifier;

namespace HmsOps.App.Verbs;

/// <summary>The ledger from outside: <c>verify</c> needs a folder and no hub; <c>tail</c> and <c>show</c> ask a running one.</summary>
internal static class LedgerVerbs
{
    public static Command Make() => new("ledger", "Read and verify what was decided and done") { Verify(), Tail(), Show() };

    private static Command Verify()
    {
        var folder = new Argument<string>("folder")
        {
            Description = "A ledger folder (or the data folder it lies in), of a running hub or a stopped one",
            DefaultValueFactory = _ => "data",
        };
        var json = new Option<bool>("--json") { Description = "Answer as JSON" };
        var verb = new Command("verify", "Recompute every hash of a ledger on disk") { folder, json };
        verb.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(folder);
            if (!Directory.Exists(Path.Combine(path, "log")) && Directory.Exists(Path.Combine(path, "ledger")))
                path = Path.Combine(path, "ledger");
            if (!Directory.Exists(path))
            {
                Console.Error.WriteLine($"hms-ops: {path}: there is no such folder. Name the hub's data folder, or the folder ledger in it");
                return ExitCode.Usage;
            }
            VerifyReport report;
            try
            {
                report = Verifier.VerifyFolder(path, Ambient.Time);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"hms-ops: {path} cannot be read: {e.Message}");
                return ExitCode.No;
            }
            Console.WriteLine(parsed.GetValue(json) ? AsJson(report) : AsText(report));
            return report.Word == VerifyReport.Good ? ExitCode.Done : ExitCode.No;
        });
        return verb;
    }

    private static Command Tail()
    {
        var count = new Option<int>("--count") { Description = "How many entries, newest last", DefaultValueFactory = _ => 20 };
        var hub = HubClient.HubOption();
        var verb = new Command("tail", "The newest entries, one a line") { count, hub };
        verb.SetAction((parsed, cancellationToken) => HubClient.AskAsync(
            parsed.GetValue(hub), $"api/ops/v1/ledger?limit={parsed.GetValue(count)}", (_, response) => PrintAsync(response, cancellationToken), cancellationToken));
        return verb;
    }

    private static Command Show()
    {
        var sequence = new Argument<long>("sequence") { Description = "The entry's number" };
        var hub = HubClient.HubOption();
        var verb = new Command("show", "One entry, whole") { sequence, hub };
        verb.SetAction((parsed, cancellationToken) => HubClient.AskAsync(
            parsed.GetValue(hub), $"api/ops/v1/ledger/{parsed.GetValue(sequence)}", (_, response) => PrintAsync(response, cancellationToken), cancellationToken));
        return verb;
    }

    private static async Task<int> PrintAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            await Console.Error.WriteLineAsync($"hms-ops: the hub answered {(int)response.StatusCode}: {body}");
            return ExitCode.No;
        }
        Console.WriteLine(body);
        return ExitCode.Done;
    }

    private static string AsText(VerifyReport report)
    {
        var lines = new List<string>
        {
            $"{report.Word}  {report.Entries:n0} entries of {report.Origin}",
            $"root  {report.Root}",
        };
        if (report.Damage is { } damage)
        {
            lines.Add($"first bad entry  {damage.Sequence}, in {damage.File} at byte {damage.Offset}: {damage.What}");
            if (damage.Expected is not null)
                lines.Add($"expected  {damage.Expected}\nfound     {damage.Found}");
        }
        lines.AddRange(report.Notes.Select(note => $"note  {note}"));
        lines.Add($"took  {report.Took.TotalMilliseconds:0.#} ms");
        return string.Join('\n', lines);
    }

    private static string AsJson(VerifyReport report)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("word", report.Word);
            json.WriteString("origin", report.Origin);
            json.WriteNumber("entries", report.Entries);
            json.WriteString("root", report.Root);
            if (report.Damage is { } damage)
            {
                json.WriteStartObject("damage");
                json.WriteNumber("sequence", damage.Sequence);
                json.WriteString("file", damage.File);
                json.WriteNumber("offset", damage.Offset);
                json.WriteString("what", damage.What);
                json.WriteString("expected", damage.Expected);
                json.WriteString("found", damage.Found);
                json.WriteEndObject();
            }
            json.WriteStartArray("notes");
            foreach (var note in report.Notes)
                json.WriteStringValue(note);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(bytes.ToArray());
    }
}
