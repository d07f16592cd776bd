using System.CommandLine;
using System.Diagnostics;
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
    private static readonly Argument<string?> Expression = new("expression") { Arity = ArgumentArity.ZeroOrOne, Description = "PromQL, in quotes: 'sum by (job) (rate(http_requests_total[5m]))'" };
    private static readonly Option<string?> At = new("--at") { Description = "The moment that is asked about (default now): RFC 3339, a date, seconds since 1970, now-1h or -1h", HelpName = "TIME" };
    private static readonly Option<string?> From = new("--from") { Description = "Asks for a range of times, and is its beginning", HelpName = "TIME" };
    private static readonly Option<string?> To = new("--to") { Description = "The end of the range (default now)", HelpName = "TIME" };
    private static readonly Option<string?> Step = new("--step") { Description = "Between two points of the range: 15s, 1h30m, or seconds (default: a 240th of it, rounded up)", HelpName = "SPAN" };
    private static readonly Option<string?> Format = new("--format") { Description = "table, chart, csv or json (default: a chart for a range on a terminal, else a table)", HelpName = "FORM" };
    private static readonly Option<bool> Json = new("--json") { Description = "The same as --format json" };
    private static readonly Option<string?> Explain = new("--explain") { Arity = ArgumentArity.ZeroOrOne, Description = "Show how it is worked out: 'run' (when nothing is named) works it out and says what each part cost, 'plan' reads nothing", HelpName = "plan|run" };
    private static readonly Option<string?> Data = new("--data") { Description = "Ask this data folder instead; if a hub has it, that hub is asked", HelpName = "FOLDER" };

    // What --explain means where nothing is named.
    private const string RunIt = "run";

    /// <summary>The verb, by the system's clock.</summary>
    public static Command Make() => Make(Ambient.Time, QueryTerminal.Here);

    /// <summary>The verb, by any clock and on any terminal.</summary>
    public static Command Make(TimeProvider time, Func<QueryTerminal> terminal)
    {
        var hub = HubClient.HubOption();
        var verb = new Command("query", "Ask in PromQL, at one moment or over a range") { Expression, At, From, To, Step, Format, Json, Explain, hub, Data };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var signals = new StopSignals(cancellationToken);
            var (expression, explain) = WhatToAsk(parsed);
            if (expression is null)
                return Say("what is asked is missing: hms-ops query 'up'", ExitCode.Usage);
            var typed = new QueryOptions(expression)
            {
                At = parsed.GetValue(At),
                From = parsed.GetValue(From),
                To = parsed.GetValue(To),
                Step = parsed.GetValue(Step),
                Format = parsed.GetValue(Format),
                IsJson = parsed.GetValue(Json),
                Explain = explain,
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

    // "--explain up" is read as an option with a value, and means an option without one and an expression.
    private static (string? Expression, string? Explain) WhatToAsk(ParseResult parsed)
    {
        var (expression, explain) = (parsed.GetValue(Expression), parsed.GetValue(Explain));
        if (explain is null && parsed.GetResult(Explain) is not null)
            explain = RunIt;
        return expression is null && explain is not (null or RunIt or "plan") ? (explain, RunIt) : (expression, explain);
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
        if (order.Explained != Explained.No && expression.Type is PromType.Text or PromType.Matrix)
            return Say($"{(expression.Type == PromType.Text ? "a text is handed out as it is written" : "a range vector is handed out as it is stored")}: there is nothing to explain. Explain what is made of it, such as rate(…)", ExitCode.Usage);
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
            return await HubClient.PostAsync(hub, path, Parameters(order), body => Show(JsonAnswer.Read(body, order.Explained), order, terminal), cancellationToken);
        }
        catch (InvalidDataException failure)
        {
            return Say(failure.Message, ExitCode.No);
        }
    }

    private static IEnumerable<(string Name, string Value)> Parameters(QueryOrder order)
    {
        yield return ("query", order.Expression);
        if (order.Explained != Explained.No)
            yield return ("explain", order.Explained == Explained.Plan ? "plan" : RunIt);
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
                source => Ask(EngineOver(source), expression, order, time, either.Token));
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

    private static Answered Ask(PromEngine engine, PromExpression expression, QueryOrder order, TimeProvider time, CancellationToken cancellationToken) => order.Explained switch
    {
        Explained.Plan => FolderQuery.Plan(engine, expression, order.When),
        Explained.Run => FolderQuery.Explain(engine, expression, order.When, time, cancellationToken),
        _ => FolderQuery.Ask(engine, expression, order.When, cancellationToken),
    };

    // As a hub makes its own.
    private static PromEngine EngineOver(ISeriesSource source) => new(source, PromLimits.Default, Ambient.Workers, new PromPool(HubMemory.ForQueries));

    private static int Show(Answered answered, QueryOrder order, QueryTerminal terminal)
    {
        foreach (var note in answered.Answer?.Notes ?? [])
            Console.Error.WriteLine(CellText.Safe(note));
        if (answered.Answer is { IsEmpty: true })
            Say($"the answer is empty: nothing has a value {terminal.When(order.When)}", ExitCode.Done);
        Console.Out.Write(answered switch
        {
            _ when order.Form == ShownAs.Json => answered.Body() + "\n",
            { Plan: { } plan } => PlanForm.Of(plan, terminal.Paper),
            { Answer: { } answer } => Shown(answer, order, terminal),
            _ => throw new UnreachableException("There is an answer, a plan or both."),
        });
        return ExitCode.Done;
    }

    private static string Shown(Answer answer, QueryOrder order, QueryTerminal terminal) => order.Form switch
    {
        ShownAs.Csv => CsvForm.Of(answer, order.When.From),
        ShownAs.Chart => new ChartForm(order, terminal.Paper).Of(answer),
        _ => TableForm.Of(answer, terminal.Zone),
    };

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
