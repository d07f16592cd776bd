using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HmsOps.App.Running;
using HmsOps.Disk;
using HmsOps.Present;
using HmsOps.Present.Api.Prometheus;
using HmsOps.PromQL;
using HmsOps.Series;
using HmsOps.Tsdb;

namespace HmsOps.App.Verbs;

/// <summary>
/// The metric store from outside: <c>verify</c>, <c>compact</c>, <c>snapshot</c>, <c>delete</c>, <c>import</c>. On a data folder that a hub has, that hub is asked; on a
/// stopped one's the verb opens the store itself.
/// </summary>
internal static class StoreVerbs
{
    private static readonly Option<string> Data = new("--data") { Description = "The data folder, of a running hub or a stopped one", DefaultValueFactory = _ => "data" };
    private static readonly Option<bool> Json = new("--json") { Description = "Answer as JSON" };
    private static readonly Option<string?> Start = new("--start") { Description = "The oldest sample that is meant: seconds since 1970 or RFC 3339", HelpName = "TIME" };
    private static readonly Option<string?> End = new("--end") { Description = "The newest sample that is meant", HelpName = "TIME" };

    public static Command Make() => new("store", "Keep the metric store: verify, compact, copy, delete, import") { Verify(), Compact(), Snapshot(), Delete(), Import() };

    private static Command Verify()
    {
        var verb = new Command("verify", "Read every byte, and name what is not as it was written") { Data, Json, HubClient.HubOption() };
        verb.SetAction((parsed, cancellationToken) => CarryOutAsync(
            parsed, "verify", [], (folder, _) => Task.FromResult(StoreOrders.FindingsOf(StoreVerification.Run(new RealDisk(), folder, isRunning: false, cancellationToken))),
            SayFindings, opens: false, cancellationToken));
        return verb;
    }

    private static Command Compact()
    {
        var verb = new Command("compact", "Seal what is in memory, merge blocks, and give back what deleted samples took") { Data, Json, HubClient.HubOption() };
        verb.SetAction((parsed, cancellationToken) => CarryOutAsync(
            parsed, "compact", [], async (_, store) =>
            {
                await store!.CompactAsync(cancellationToken);
                return store.Size;
            },
            size => Console.WriteLine($"{size.Blocks} blocks hold {size.BlockBytes:n0} bytes; {size.Samples:n0} samples in all"), opens: true, cancellationToken));
        return verb;
    }

    private static Command Snapshot()
    {
        var folder = new Argument<string>("folder") { Description = "A folder that is not there yet, on the same file system. A hub can be started on it with --data" };
        var verb = new Command("snapshot", "Put all the store holds at one moment into another folder; blocks share their bytes") { folder, Data, Json, HubClient.HubOption() };
        verb.SetAction((parsed, cancellationToken) =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(folder));
            return CarryOutAsync(
                parsed, "snapshot", [("folder", path)], async (_, store) => new SnapshotSaid(path, await store!.SnapshotAsync(path, cancellationToken)),
                said => Console.WriteLine($"{said.Folder} holds {said.Bytes:n0} bytes. Start a hub on it with: hms-ops serve --data {said.Folder}"), opens: true, cancellationToken);
        });
        return verb;
    }

    private static Command Delete()
    {
        var match = new Option<string[]>("--match") { Description = "Which series: a selector such as 'up{job=\"node\"}'. May be given several times", Required = true, HelpName = "SELECTOR" };
        var verb = new Command("delete", "Delete samples; without --start and --end all of the series") { match, Start, End, Data, Json, HubClient.HubOption() };
        verb.SetAction((parsed, cancellationToken) =>
        {
            var selectors = parsed.GetRequiredValue(match);
            if (!TryReadRange(parsed, out var from, out var to, out var said) || !TryReadSelectors(selectors, out var matchers, out said))
                return Task.FromResult(Refuse(said));
            return CarryOutAsync(
                parsed, "delete", [.. selectors.Select(selector => ("match[]", selector)), .. RangeOf(parsed)], async (_, store) =>
                {
                    var (series, samples) = (0, 0L);
                    foreach (var one in matchers)
                    {
                        var deleted = await store!.DeleteAsync(one, from, to, cancellationToken);
                        (series, samples) = (series + deleted.SeriesInBlocks, samples + deleted.SamplesInMemory);
                    }
                    return new StoreDeletion(series, samples);
                },
                deleted => Console.WriteLine($"Deleted {deleted.SamplesInMemory:n0} samples in memory, and what {deleted.SeriesInBlocks:n0} series had in blocks. hms-ops store compact gives back their bytes"),
                opens: true, cancellationToken);
        });
        return verb;
    }

    private static Command Import()
    {
        var blocks = new Option<string?>("--blocks") { Description = "A block of Prometheus, or its data folder with blocks", HelpName = "FOLDER" };
        var url = new Option<string?>("--url") { Description = "Where a store answers remote read: http://prometheus:9090/api/v1/read", HelpName = "URL" };
        var verb = new Command("import", "Take over the history of another store, of any age that retention allows") { blocks, url, Start, End, Data, Json, HubClient.HubOption() };
        verb.SetAction((parsed, cancellationToken) =>
        {
            var (folder, address) = (parsed.GetValue(blocks), parsed.GetValue(url));
            if (folder is null == address is null)
                return Task.FromResult(Refuse("name one thing to import from: --blocks FOLDER or --url URL"));
            Uri? place = null;
            if (address is not null && (!Uri.TryCreate(address, UriKind.Absolute, out place) || place.Scheme is not ("http" or "https")))
                return Task.FromResult(Refuse($"--url {address} is no address; write it like http://prometheus:9090/api/v1/read"));
            if (!TryReadRange(parsed, out var from, out var to, out var said))
                return Task.FromResult(Refuse(said));
            var path = folder is null ? null : Path.GetFullPath(folder);
            return CarryOutAsync(
                parsed, "import", [path is null ? ("url", address!) : ("blocks", path), .. RangeOf(parsed)],
                (_, store) => store!.ImportAsync(new StoreImportFrom(path, place, from, to), cancellationToken), SayImport, opens: true, cancellationToken);
        });
        return verb;
    }

    // The hub that is named, or that has the folder, carries it out; else this process does, on the folder.
    private static async Task<int> CarryOutAsync<T>(
        ParseResult parsed, string order, IReadOnlyList<(string Name, string Value)> parameters, Func<string, IStoreOrders?, Task<T>> here, Action<T> say, bool opens,
        CancellationToken cancellationToken)
    {
        var json = parsed.GetValue(Json);
        if (parsed.GetValue<string?>("--hub") is { } hub)
            return await AskAsync(hub, order, parameters, say, json, cancellationToken);
        return await HubOrFolder.RunAsync(
            parsed.GetRequiredValue(Data), $"hms-ops store {order}", holder => AskAsync(holder, order, parameters, say, json, cancellationToken),
            async folder => Answer(opens ? await StoppedStore.RunAsync(folder, store => here(folder, store)) : await here(folder, null), say, json));
    }

    private static Task<int> AskAsync<T>(
        string hub, string order, IReadOnlyList<(string Name, string Value)> parameters, Action<T> say, bool json, CancellationToken cancellationToken) =>
        HubClient.PostAsync(hub, $"api/ops/v1/store/{order}", parameters, body =>
        {
            var answer = JsonSerializer.Deserialize<T>(body, Shape) ?? throw new InvalidDataException($"The hub's answer is no {typeof(T).Name}: {body}");
            return Answer(answer, say, json);
        }, cancellationToken);

    // The code does not depend on how the answer is shown.
    private static int Answer<T>(T answer, Action<T> say, bool json)
    {
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(answer, Shape));
        else
            say(answer);
        return answer is StoreFindings { Faults.Count: > 0 } or StoreImport { Refused.Count: > 0 } or StoreImport { Damage.Count: > 0 } ? ExitCode.No : ExitCode.Done;
    }

    private static void SayFindings(StoreFindings found)
    {
        foreach (var fault in found.Faults)
            Console.WriteLine($"bad   {fault}");
        var read = $"{found.Blocks} blocks, {found.Checkpoints} checkpoints and {found.Frames:n0} frames of the log were read";
        Console.WriteLine(found.Faults.Count == 0 ? $"good  {read}" : $"{found.Faults.Count} faults; {read}");
    }

    private static void SayImport(StoreImport import)
    {
        Console.WriteLine($"{import.Taken:n0} of {import.Samples:n0} samples are in the store");
        foreach (var (reason, count) in import.Refused)
            Console.WriteLine($"refused  {count:n0}  {reason}");
        if (import.FirstRefusal is { } first)
            Console.WriteLine($"first    {first}");
        foreach (var damage in import.Damage)
            Console.WriteLine($"damaged  {damage}");
    }

    private static int Refuse(string why)
    {
        Console.Error.WriteLine($"hms-ops: {why}");
        return ExitCode.Usage;
    }

    private static IEnumerable<(string Name, string Value)> RangeOf(ParseResult parsed)
    {
        if (parsed.GetValue(Start) is { } start)
            yield return ("start", start);
        if (parsed.GetValue(End) is { } end)
            yield return ("end", end);
    }

    private static bool TryReadRange(ParseResult parsed, out long from, out long to, out string why)
    {
        (from, to, why) = (long.MinValue, long.MaxValue, "");
        if (parsed.GetValue(Start) is { } start && !PromTime.TryReadTime(start, out from))
            why = $"--start {start}: write seconds since 1970 or a time like 2026-11-20T16:00:00Z";
        else if (parsed.GetValue(End) is { } end && !PromTime.TryReadTime(end, out to))
            why = $"--end {end}: write seconds since 1970 or a time like 2026-11-20T16:00:00Z";
        return why.Length == 0;
    }

    private static bool TryReadSelectors(IEnumerable<string> texts, out List<IReadOnlyList<Matcher>> selectors, out string why)
    {
        (selectors, why) = ([], "");
        foreach (var text in texts)
        {
            var parse = PromParser.Parse(text);
            if (parse.Expression?.Root is PromNode.Selector { OffsetMs: 0 } selector)
            {
                selectors.Add(selector.Matchers);
                continue;
            }
            why = parse.Errors is [var error, ..]
                ? string.Create(CultureInfo.InvariantCulture, $"--match {text}: {error.Line}:{error.Column}: {error.Message}")
                : $"--match {text}: write a selector such as up{{job=\"node\"}}";
            return false;
        }
        return true;
    }

    private static readonly JsonSerializerOptions Shape = new(JsonSerializerDefaults.Web);

    private sealed record SnapshotSaid(string Folder, long Bytes);
}
