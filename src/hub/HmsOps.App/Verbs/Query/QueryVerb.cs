using System.CommandLine;
using System.Globalization;
using HmsOps.App.Running;
using HmsOps.Present;
using HmsOps.Present.Api.Prometheus;
using HmsOps.PromQL;
using HmsOps.Series;

namespace HmsOps.App.Verbs.Query;

/// <summary><c>hms-ops query EXPR</c>: asks a hub, or the data folder of a stopped one, in PromQL.</summary>
internal static class QueryVerb
{
    private static readonly Argument<string> Expression = new("expression") { Description = "PromQL, in quotes: 'sum by (job) (rate(http_requests_total[5m]))'" };
    private static readonly Option<string?> At = new("--at") { Description = "The moment that is asked about (default now): RFC 3339, a date, seconds since 1970, now-1h or -1h", HelpName = "TIME" };
    private static readonly Option<string?> From = new("--from") { Description = "Asks for a range of times, and is its beginning", HelpName = "TIME" };
    private static readonly Option<string?> To = new("--to") { Description = "The end of the range (default now)", HelpName = "TIME" };
    private static readonly Option<string?> Step = new("--step") { Description = "Between two points of the range: 15s, 1h30m, or seconds (default: a 240th of it, rounded up)", HelpName = "SPAN" };
    private static readonly Option<string?> Format = new("--format") { Description = "table, chart, csv or json (default: a chart for a range on a terminal, else a table)", HelpName = "FORM" };
    private static readonly Option<string?> Data = new("--data") { Description = "Ask this data folder instead; if a hub has it, that hub is asked", HelpName = "FOLDER" };

    /// <summary>The verb, by the system's clock.</summary>
    public static Command Make() => Make(Ambient.Time, QueryTerminal.Here);

    /// <summary>The verb, by any clock and on any terminal.</summary>
    public static Command Make(TimeProvider time, Func<QueryTerminal> terminal)
    {
        var hub = HubClient.HubOption();
        var verb = new Command("query", "Ask in PromQL, at one moment or over a range") { Expression, At, From, To, Step, Format, hub, Data };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var signals = new StopSignals(cancellationToken);
            var typed = new QueryOptions(parsed.GetRequiredValue(Expression))
            {
                At = parsed.GetValue(At),
                From = parsed.GetValue(From),
                To = parsed.GetValue(To),
                Step = parsed.GetValue(Step),
                Format = parsed.GetValue(Format),
            };
            try
            {
                return await RunAsync(typed, parsed.GetValue(hub), parsed.GetValue(Data), time, terminal(), signals.Stopping);
            }
            catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
            {
                return Say("cancelled", ExitCode.No);
            }
        });
        return verb;
    }

    private static async Task<int> RunAsync(QueryOptions typed, string? hub, string? data, TimeProvider time, QueryTerminal terminal, CancellationToken cancellationToken)
    {
        if (hub is not null && data is not null)
            return Say("name one thing to ask: --hub URL or --data FOLDER", ExitCode.Usage);
        var words = new TimeWords(time.GetUtcNow().ToUnixTimeMilliseconds(), terminal.Zone);
        if (QueryOrder.Read(typed, words, terminal.IsTerminal, out var why) is not { } order)
            return Say(why, ExitCode.Usage);
        var parse = PromParser.Parse(order.Expression);
        if (parse.Expression is not { } expression)
            return SayErrors(order.Expression, parse.Errors);
        if (order.When.IsRange && expression.Type is PromType.Text or PromType.Matrix)
            return Say($"{(expression.Type == PromType.Text ? "a text" : "a range vector")} has no values over a range: put it in a function such as rate(…), or ask for one moment with --at", ExitCode.Usage);
        return data is null
            ? await AskHubAsync(hub, order, terminal, cancellationToken)
            : await HubOrFolder.RunAsync(
                data, "hms-ops query", holder => AskHubAsync(holder, order, terminal, cancellationToken),
                folder => Task.FromResult(AskFolder(folder, expression, order, time, terminal, cancellationToken)));
    }

    private static async Task<int> AskHubAsync(string? hub, QueryOrder order, QueryTerminal terminal, CancellationToken cancellationToken)
    {
        var path = order.When.IsRange ? "api/v1/query_range" : "api/v1/query";
        try
        {
            return await HubClient.PostAsync(hub, path, Parameters(order), body => Show(new Answered(JsonAnswer.Read(body), () => body), order, terminal), cancellationToken);
        }
        catch (InvalidDataException failure)
        {
            return Say(failure.Message, ExitCode.No);
        }
    }

    private static IEnumerable<(string Name, string Value)> Parameters(QueryOrder order)
    {
        yield return ("query", order.Expression);
        if (!order.When.IsRange)
        {
            yield return ("time", Seconds(order.When.From));
            yield break;
        }
        yield return ("start", Seconds(order.When.From));
        yield return ("end", Seconds(order.When.To));
        yield return ("step", Seconds(order.When.Step));
    }

    private static string Seconds(long milliseconds) => PromTime.Seconds(milliseconds).ToString(CultureInfo.InvariantCulture);

    private static int AskFolder(string folder, PromExpression expression, QueryOrder order, TimeProvider time, QueryTerminal terminal, CancellationToken cancellationToken)
    {
        var patience = PresentLimits.Default.QueryTime;
        using var late = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var answered = StoppedStore.Look(
                folder, time, finding => Say(finding, ExitCode.Done),
                source => FolderQuery.Ask(EngineOver(source), expression, order.When, either.Token));
            return Show(answered, order, terminal);
        }
        catch (PromEvaluationException refused)
        {
            Say(refused.Message, ExitCode.No);
            Console.Error.Write(MarkedText.Under(order.Expression, refused.Position));
            return ExitCode.No;
        }
        catch (QueryBudgetException refused)
        {
            return Say(refused.Message, ExitCode.No);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return Say($"no answer within {patience.TotalSeconds:0} s; ask for a shorter range or fewer series", ExitCode.No);
        }
    }

    // As a hub makes its own.
    private static PromEngine EngineOver(ISeriesSource source) => new(source, PromLimits.Default, Ambient.Workers, new PromPool(HubMemory.ForQueries));

    private static int Show(Answered answered, QueryOrder order, QueryTerminal terminal)
    {
        var answer = answered.Answer;
        foreach (var note in answer.Notes)
            Console.Error.WriteLine(CellText.Safe(note));
        if (answer.IsEmpty)
            Say($"the answer is empty: nothing has a value {terminal.When(order.When)}", ExitCode.Done);
        Console.Out.Write(order.Form switch
        {
            ShownAs.Json => answered.Body() + "\n",
            ShownAs.Csv => CsvForm.Of(answer, order.When.From),
            ShownAs.Chart => new ChartForm(order, terminal.Paper).Of(answer),
            _ => TableForm.Of(answer, terminal.Zone),
        });
        return ExitCode.Done;
    }

    private static int SayErrors(string expression, IReadOnlyList<PromError> errors)
    {
        foreach (var error in errors)
        {
            Say(CellText.Safe(error.ToString()), ExitCode.Usage);
            Console.Error.Write(MarkedText.Under(expression, new SourceRange(error.Start, error.End)));
        }
        return ExitCode.Usage;
    }

    private static int Say(string what, int code)
    {
        Console.Error.WriteLine($"hms-ops: {what}");
        return code;
    }
}
