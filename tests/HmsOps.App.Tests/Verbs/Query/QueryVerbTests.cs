using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using HmsOps.App.Verbs;
using HmsOps.App.Verbs.Query;
using HmsOps.Disk;

namespace HmsOps.App.Tests.Verbs.Query;

/// <summary>The verb as it is typed. It writes to the console, of which a process has one: nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(QueryVerbTests), DisableParallelization = true)]
[Collection(nameof(QueryVerbTests))]
public sealed partial class QueryVerbTests(StoredFriday friday) : IClassFixture<StoredFriday>
{
    [Fact]
    public async Task A_stopped_hubs_folder_answers_a_moment() =>
        await SaysAsync("office   value\nfairfax     40\nloudoun     16\n", "", "sum by (office) (permits_open)", "--at", "-13m");

    [Fact]
    public async Task A_scalar_a_text_and_a_range_vector_are_shown_as_what_they_are()
    {
        await SaysAsync("3\n", "", "1 + 2");
        await SaysAsync("good morning\n", "", "\"good morning\"");
        await SaysAsync(
            """
            permits_open{office="loudoun"}
              2026-11-20 15:59:45  17
              2026-11-20 16:00:00  18

            """, "", "permits_open{office=\"loudoun\"}[30s]");
    }

    [Fact]
    public async Task A_range_in_a_pipe_is_a_table() => await SaysAsync(
        """
        {}
          2026-11-20 15:50:00  7
          2026-11-20 15:55:00  7

        """, "", "sum(permits_open) * 0 + 7", "--from", "2026-11-20T15:50:00Z", "--to", "2026-11-20T15:55:00Z", "--step", "5m");

    [Fact]
    public async Task Csv_and_json_of_a_folder_are_those_of_a_hub()
    {
        await SaysAsync("office,time,value\r\nloudoun,2026-11-20T16:00:00Z,18\r\n", "", "sum by (office) (permits_open{office=\"loudoun\"})", "--format", "csv");
        await SaysAsync(
            """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"office":"loudoun"},"value":[1795190400,"18"]}]}}""" + "\n", "",
            "sum by (office) (permits_open{office=\"loudoun\"})", "--format", "json");
    }

    [Theory]
    [InlineData("permits_open")]
    [InlineData("county_api_ms")]
    [InlineData("-county_api_ms")]
    [InlineData("county_api_ms[1m]")]
    [InlineData("permits_open[1m]")]
    [InlineData("1 / 0")]
    [InlineData("\"text\"")]
    [InlineData("absent_metric")]
    public async Task What_the_engine_says_and_what_its_body_says_is_the_same(string expression)
    {
        var table = await RunAsync(expression);
        var body = await RunAsync(expression, "--format", "json");
        Assert.Equal(table.Output, TableForm.Of(JsonAnswer.Read(body.Output), TimeZoneInfo.Utc));
    }

    [Theory]
    [InlineData("sum by (office) (permits_open) / 2", "--explain")]
    [InlineData("sum by (office) (permits_open) / 2", "--explain", "run", "--from", "-10m")]
    [InlineData("sum by (office) (permits_open) / 2", "--explain", "plan", "--from", "-10m")]
    [InlineData("max_over_time(permits_open[5m:1m]) >= permits_open and permits_open > 1", "--explain", "run")]
    [InlineData("1 + 2", "--explain", "run")]
    public async Task What_is_explained_and_what_its_body_says_is_the_same(string expression, params string[] asked)
    {
        var tree = await RunAsync([expression, .. asked]);
        var body = await RunAsync([expression, .. asked, "--json"]);
        Assert.Equal((ExitCode.Done, ""), (tree.Code, tree.Errors));
        var plan = JsonAnswer.Read(body.Output, asked is [_, "plan", ..] ? Explained.Plan : Explained.Run).Plan;
        Assert.Equal(tree.Output, PlanForm.Of(plan!, new ChartPaper(80, 20, HasColour: false, TimeZoneInfo.Utc)));
        Assert.All(tree.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public async Task A_plan_reads_nothing_and_a_run_says_what_was_read()
    {
        var plan = await RunAsync("permits_open", "--explain", "plan", "--json");
        Assert.Equal(
            """{"status":"success","data":{"explain":{"expr":"permits_open","how":"reads the newest sample at each step; found by __name__=\"permits_open\"","parts":[]}}}""" + "\n", plan.Output);
        var run = await RunAsync("--explain", "permits_open", "--json"); // before the expression too
        Assert.Equal(
            """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"permits_open","office":"fairfax"},"value":[1795190400,"65"]},{"metric":{"__name__":"permits_open","office":"loudoun"},"value":[1795190400,"18"]}]"""
            + ""","explain":{"expr":"permits_open","how":"reads the newest sample at each step; found by __name__=\"permits_open\"","seconds":0.0001,"series":2,"samples":40,"points":2,"reused":false,"parts":[]}}}""" + "\n", run.Output);
    }

    [Fact]
    public async Task A_hub_is_asked_to_explain_and_its_body_is_handed_on_unchanged()
    {
        const string plan = """{"status":"success","data":{"explain":{"expr":"up","how":"reads the newest sample at each step","parts":[]}}}""";
        await using var hub = await ScriptedHub.StartAsync(200, plan);
        Assert.Equal((ExitCode.Done, plan + "\n", ""), await RunVerbAsync("up", "--at", "5", "--explain", "plan", "--json", "--hub", hub.Url));
        Assert.Equal("POST /api/v1/query query=up&explain=plan&time=5", hub.Asked);
        Assert.Equal((ExitCode.Done, "up\n  reads the newest sample at each step\n", ""), await RunVerbAsync("up", "--explain", "plan", "--hub", hub.Url));
        var ended = await RunVerbAsync("up", "--explain", "--hub", hub.Url);
        Assert.Equal(ExitCode.No, ended.Code);
        Assert.StartsWith("hms-ops: What answers is no hub, or a newer one: ", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("explain=run", hub.Asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_answer_says_so_and_is_no_failure()
    {
        await SaysAsync("", "hms-ops: the answer is empty: nothing has a value at 2026-11-20 16:00:00\n", "no_such_metric");
        await SaysAsync("", "hms-ops: the answer is empty: nothing has a value between 2026-11-20 15:00:00 and 2026-11-20 16:00:00\n", "no_such_metric", "--from", "-1h", "--format", "chart");
    }

    [Fact]
    public async Task What_the_asker_should_know_is_said_beside_the_answer()
    {
        var ended = await RunAsync("rate(permits_open{office=\"loudoun\"}[5m])");
        Assert.Equal(ExitCode.Done, ended.Code);
        Assert.StartsWith("PromQL info: metric might not be a counter", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(1, ended.Errors.Count(c => c == '\n'));
    }

    [Fact]
    public async Task A_mistake_in_the_expression_is_shown_at_its_place_before_anybody_is_asked()
    {
        var ended = await RunVerbAsync("sum(raet(x[5m]))", "--hub", "http://127.0.0.1:9");
        Assert.Equal((ExitCode.Usage, ""), (ended.Code, ended.Output));
        Assert.Equal("hms-ops: 1:5: found 'raet', which is no function of PromQL; did you mean rate?\n  sum(raet(x[5m]))\n      ^^^^\n", ended.Errors);
    }

    [Fact]
    public async Task What_the_data_do_not_allow_is_shown_at_its_place_too()
    {
        var ended = await RunAsync("permits_open + on () permits_open");
        Assert.Equal((ExitCode.No, ""), (ended.Code, ended.Output));
        Assert.Matches(@"^hms-ops: .+\n  permits_open \+ on \(\) permits_open\n *\^+\n$", ended.Errors);
    }

    [Theory]
    [InlineData("name one thing to ask: --hub URL or --data FOLDER", "up", "--data", "x", "--hub", "http://127.0.0.1:9")]
    [InlineData("is no data folder: there is no folder metrics in it", "up", "--data", "/nowhere")]
    [InlineData("a range vector has no values over a range: put it in a function such as rate(…)", "up[5m]", "--from", "-1h")]
    [InlineData("a text has no values over a range", "'x'", "--from", "-1h")]
    [InlineData("--from soon is no time", "up", "--from", "soon")]
    [InlineData("what is asked is missing", "--at", "5")]
    [InlineData("what is asked is missing", "--explain")]
    [InlineData("what is asked is missing", "--explain", "plan")]
    [InlineData("--explain all: there are plan and run", "up", "--explain", "all")]
    [InlineData("--explain no: there are plan and run", "up", "--explain", "no")]
    [InlineData("an explanation is a tree, or JSON: leave --format csv out", "up", "--explain", "run", "--format", "csv")]
    [InlineData("an explanation is a tree, or JSON: leave --format chart out", "up", "--explain", "run", "--from", "-1h", "--format", "chart")]
    [InlineData("--json is --format json", "up", "--json", "--format", "json")]
    [InlineData("a text is handed out as it is written: there is nothing to explain", "'x'", "--explain")]
    [InlineData("a range vector is handed out as it is stored: there is nothing to explain", "up[5m]", "--explain", "plan")]
    [InlineData("'hub' is no address of a hub", "up", "--hub", "hub")]
    public async Task What_cannot_be_asked_is_wrong_usage(string why, params string[] arguments)
    {
        var ended = await RunVerbAsync(arguments);
        Assert.Equal(ExitCode.Usage, ended.Code);
        Assert.Contains(why, ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_is_asked_by_a_form_and_its_body_is_handed_on_unchanged()
    {
        const string body = """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"job":"a"},"values":[[1795190400,"1"],[1795190415.5,"NaN"]]}]},"warnings":["w"],"infos":["i"],"later":true}""";
        await using var hub = await ScriptedHub.StartAsync(200, body);
        var json = await RunVerbAsync("up", "--from", "2026-11-20T16:00:00Z", "--to", "2026-11-20T16:00:30.5Z", "--step", "1.5", "--format", "json", "--hub", hub.Url);
        Assert.Equal((ExitCode.Done, body + "\n", "w\ni\n"), json);
        Assert.Equal("POST /api/v1/query_range query=up&start=1795190400&end=1795190430.5&step=1.5", hub.Asked);
        var table = await RunVerbAsync("up[1m]", "--at", "1795190415.5", "--hub", hub.Url);
        Assert.Equal("{job=\"a\"}\n  2026-11-20 16:00:00        1\n  2026-11-20 16:00:15.500  NaN\n", table.Output);
        Assert.Equal("POST /api/v1/query query=up%5B1m%5D&time=1795190415.5", hub.Asked);
    }

    [Theory]
    [InlineData(422, """{"status":"error","errorType":"execution","error":"too much"}""", "hms-ops: the hub answered 422: too much\n")]
    [InlineData(503, """{"title":"x","detail":"the hub starts"}""", "hms-ops: the hub answered 503: the hub starts\n")]
    [InlineData(500, "[1]", "hms-ops: the hub answered 500: [1]\n")]
    [InlineData(200, "<html>", "hms-ops: What answers is no hub, or a newer one: its answer is not of Prometheus' shape")]
    [InlineData(200, """{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}}""", "hms-ops: What answers is no hub")]
    [InlineData(200, """{"data":{"resultType":"tensor","result":[]}}""", "hms-ops: What answers is no hub, or a newer one: an answer of the type 'tensor' is not known here.")]
    public async Task What_a_hub_refuses_and_what_is_no_hub_is_said(int status, string body, string why)
    {
        await using var hub = await ScriptedHub.StartAsync(status, body);
        var ended = await RunVerbAsync("up", "--hub", hub.Url);
        Assert.Equal((ExitCode.No, ""), (ended.Code, ended.Output));
        Assert.StartsWith(why, ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_a_hub_has_is_asked_through_that_hub()
    {
        await using var hub = await ScriptedHub.StartAsync(200, """{"status":"success","data":{"resultType":"scalar","result":[1,"42"]}}""");
        using var held = FolderLock.Take(new RealDisk(), friday.Folder, $"pid 1, listening on {hub.Url}");
        Assert.Equal((ExitCode.Done, "42\n", ""), await RunAsync("41 + 1"));
    }

    [Fact]
    public async Task Where_no_hub_answers_it_is_said_how_to_start_one()
    {
        var ended = await RunVerbAsync("up", "--hub", "http://127.0.0.1:9");
        Assert.Equal(ExitCode.Unreachable, ended.Code);
        Assert.Contains("no hub answers at http://127.0.0.1:9/", ended.Errors, StringComparison.Ordinal);
    }

    /// <summary>Every command of the page runs, and answers what stands below it. With <c>HMS_ACCEPT=1</c> the answers are written anew.</summary>
    [Fact]
    public async Task The_page_shows_what_its_commands_answer()
    {
        var path = Path.Combine(Here(), "../../../../docs/reference/query.md");
        var page = await File.ReadAllTextAsync(path);
        var examples = Example().Matches(page);
        Assert.True(examples.Count >= 5, $"{path} has {examples.Count} examples");
        var told = new StringBuilder();
        var at = 0;
        foreach (Match example in examples)
        {
            var ended = await RunVerbAsync([.. Words(example.Groups["command"].Value)]);
            told.Append(page, at, example.Groups["answer"].Index - at).Append(ended.Output.Replace("\r", "", StringComparison.Ordinal)).Append(ended.Errors);
            at = example.Groups["answer"].Index + example.Groups["answer"].Length;
        }
        told.Append(page, at, page.Length - at);
        if (Environment.GetEnvironmentVariable("HMS_ACCEPT") == "1")
            await File.WriteAllTextAsync(path, told.ToString());
        Assert.Equal(told.ToString(), await File.ReadAllTextAsync(path));
    }

    // As a shell takes a line apart: single quotes keep what is between them. The page's hub is the folder of this test.
    private IEnumerable<string> Words(string command)
    {
        var words = ShellWord().Matches(command).Select(word => word.Value.Trim('\'')).ToList();
        if (!words.Contains("--data"))
            words.Add("--data");
        else
            words.Remove("data");
        words.Insert(words.IndexOf("--data") + 1, friday.Folder);
        return words;
    }

    private async Task SaysAsync(string output, string errors, params string[] arguments)
    {
        var ended = await RunAsync(arguments);
        Assert.Equal((output, errors, ExitCode.Done), (ended.Output, ended.Errors, ended.Code));
    }

    private Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => RunVerbAsync([.. arguments, "--data", friday.Folder]);

    private static async Task<(int Code, string Output, string Errors)> RunVerbAsync(params string[] arguments)
    {
        var (output, errors) = (Console.Out, Console.Error);
        using var said = new StringWriter();
        using var complained = new StringWriter();
        try
        {
            Console.SetOut(said);
            Console.SetError(complained);
            var verb = QueryVerb.Make(new FridayAtFour(), () => new QueryTerminal(false, new ChartPaper(80, 20, HasColour: false, TimeZoneInfo.Utc)));
            var parsed = verb.Parse(arguments);
            Assert.Empty(parsed.Errors);
            var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
            return (code, said.ToString(), complained.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!; // a source file has a folder

    [GeneratedRegex(@"^```sh\n\./hms-ops query (?<command>[^\n]+)\n```\n\n```text\n(?<answer>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"'[^']*'|[^\s']+")]
    private static partial Regex ShellWord();
}
