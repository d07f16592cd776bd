using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using HmsOps.Present.Doors;
using HmsOps.Present.Readings;
using HmsOps.Present.Web.Alerts;
using HmsOps.Present.Web.Board;
using HmsOps.Present.Web.Errors;
using HmsOps.Present.Web.Home;
using HmsOps.Present.Web.Hub;
using HmsOps.Present.Web.Incidents;
using HmsOps.Present.Web.Ledger;
using HmsOps.Present.Web.Shell;
using HmsOps.Present.Web.Words;
using HmsOps.Present.Web.Workspace;
using HmsOps.Workspace;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Web;

/// <summary>The pages: each reads what it needs, has its model made by a pure function, and is rendered once, whole.</summary>
internal sealed class PageEndpoints(PresentSources sources, MetricReader metrics, LedgerReader ledger)
{
    private const string ThemeCookie = "hms-theme";
    private const int EntriesOfPage = 50;
    private const int NameMax = 256; // limits: a name has 256 bytes

    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", Home);
        routes.MapGet("/board/{metric}", Board);
        routes.MapGet("/d/board/{metric}", Board);
        routes.MapGet("/incidents", Incidents);
        routes.MapGet("/incidents/{id}", Incident);
        routes.MapGet("/alerts", Alerts);
        routes.MapGet("/ledger", Ledger);
        routes.MapGet("/ledger/{sequence:long}", Entry);
        routes.MapGet("/workspace", Workspace);
        routes.MapGet("/hub", Hub);
        routes.MapPost("/theme", (Delegate)ThemeAsync);
        routes.MapFallback(http => NotFound(http, "There is no such page", $"Nothing is at {Shown(http.Request.Path)}.", "The menu leads to every page there is.").ExecuteAsync(http));
    }

    private IResult Home(HttpContext http)
    {
        var clock = Clock();
        var workspace = sources.Workspace();
        var watched = workspace.Rules.Select(r => r.Metric).OfType<string>().Distinct(StringComparer.Ordinal);
        var readings = watched.ToDictionary(m => m, m => IsReady
            ? metrics.ReadBriefly(m, clock.Now - TimeRange.Tile.Span, clock.Now, TimeRange.Tile.Step, http.RequestAborted)
            : NotYet(m, clock), StringComparer.Ordinal);
        var (latest, _) = ledger.Newest(long.MaxValue, countMax: 100, static _ => true);
        var model = HomeModel.Of(readings, sources.Journal.State, workspace, sources.Hub().Impaired, latest, clock);
        return Page<HomePage>(new() { [nameof(HomePage.Shell)] = Shell(http, "Home", "/", clock), [nameof(HomePage.Model)] = model, [nameof(HomePage.PublicUrl)] = sources.PublicUrl });
    }

    private IResult Board(HttpContext http, string metric, string? range)
    {
        if (TimeRange.Find(range) is not { } chosen)
            return NotFound(http, "There is no such range", $"A board has no range '{Shown(range ?? "")}'.", $"Take one of {string.Join(", ", TimeRange.All.Select(r => r.Name))}.");
        if (Encoding.UTF8.GetByteCount(metric) > NameMax)
            return NotFound(http, "No metric has that name", $"A metric's name has at most {NameMax} bytes.", "Look for it on Home.");
        var clock = Clock();
        var workspace = sources.Workspace();
        var reading = IsReady ? metrics.Read(metric, clock.Now - chosen.Span, clock.Now, chosen.Step, http.RequestAborted) : NotYet(metric, clock);
        var rules = IsReady ? workspace.Rules.Where(r => r.Metric == metric).Select(r => metrics.Read(r, clock.Now, http.RequestAborted)).ToList() : [];
        var model = BoardModel.Of(metric, reading, rules, sources.Journal.State, workspace, chosen, clock);
        var shell = Shell(http, metric, "", clock) with { Crumbs = [("Home", "/")], Range = chosen };
        return Page<BoardPage>(new() { [nameof(BoardPage.Shell)] = shell, [nameof(BoardPage.Model)] = model, [nameof(BoardPage.PublicUrl)] = sources.PublicUrl });
    }

    private IResult Incidents(HttpContext http)
    {
        var clock = Clock();
        var state = sources.Journal.State;
        var rows = state.Incidents.Values.OrderByDescending(i => i.OpenedAt).Take(200)
            .Select(i => (i, Episode.OfIncident(state, i).Select(e => e.Act).LastOrDefault(a => a is not null))).ToList();
        return Page<IncidentsPage>(new()
        {
            [nameof(IncidentsPage.Shell)] = Shell(http, "Incidents", "/incidents", clock),
            [nameof(IncidentsPage.Incidents)] = rows,
            [nameof(IncidentsPage.Clock)] = clock,
        });
    }

    private IResult Incident(HttpContext http, string id, string? show)
    {
        var clock = Clock();
        var state = sources.Journal.State;
        if (!state.Incidents.TryGetValue(id, out var incident))
            return NotFound(http, "There is no such incident", $"No incident is called {Shown(id)}.", "The page Incidents lists every one there was.");
        var (entries, proof) = ledger.Timeline(incident);
        var episodes = Episode.OfIncident(state, incident);
        var metric = episodes.Select(e => e.Metric).FirstOrDefault(m => m is not null);
        MetricReading? reading = null;
        if (metric is not null && IsReady)
        {
            var (from, to, step) = TimeRange.Around(episodes[0].FiredAt, incident.ResolvedAt ?? clock.Now, clock.Now);
            reading = metrics.Read(metric, from, to, step, http.RequestAborted);
        }
        var rule = sources.Workspace().Rules.FirstOrDefault(r => r.Metric is not null && r.Metric == metric);
        var model = IncidentModel.Of(incident, state, entries, reading, rule, proof, clock);
        return Page<IncidentPage>(new()
        {
            [nameof(IncidentPage.Shell)] = Shell(http, id, "/incidents", clock) with { Crumbs = [("Incidents", "/incidents")] },
            [nameof(IncidentPage.Model)] = model,
            [nameof(IncidentPage.Show)] = show ?? "",
        });
    }

    private IResult Alerts(HttpContext http)
    {
        var clock = Clock();
        var active = sources.Journal.State.Alerts.Values.Where(a => a.IsActive).ToList();
        var rules = sources.Workspace().Rules
            .Select(r => WatchingRule.Of(r, IsReady ? metrics.Read(r, clock.Now, http.RequestAborted) : null, [.. active.Where(a => a.Alert.RuleId == r.Id)]))
            .ToList();
        return Page<AlertsPage>(new() { [nameof(AlertsPage.Shell)] = Shell(http, "Alerts", "/alerts", clock), [nameof(AlertsPage.Rules)] = rules });
    }

    private IResult Ledger(HttpContext http, string? kind, string? incident, long? before)
    {
        if (LedgerReader.FilterOf(kind ?? "") is not { } ofKind)
            return NotFound(http, "There is no such kind of entry", $"The ledger has no kind '{Shown(kind ?? "")}'.", "Take one of alert, act, page, incident, config, hub.");
        var clock = Clock();
        var state = sources.Journal.State;
        var members = incident is { Length: > 0 } id ? state.Incidents.GetValueOrDefault(id)?.Entries ?? [] : null;
        var (entries, older) = ledger.Newest(before ?? long.MaxValue, EntriesOfPage, e => ofKind(e) && (members?.Contains(e.Sequence) ?? true));
        return Page<LedgerPage>(new()
        {
            [nameof(LedgerPage.Shell)] = Shell(http, "Ledger", "/ledger", clock),
            [nameof(LedgerPage.Entries)] = entries.Select(e => (e, EnvelopeWords.Of(e, state))).ToList(),
            [nameof(LedgerPage.Size)] = state.Size,
            [nameof(LedgerPage.Root)] = sources.Journal.Log.Root.ToString(),
            [nameof(LedgerPage.State)] = sources.Journal.Log.StateReason ?? "Takes entries",
            [nameof(LedgerPage.Clock)] = clock,
            [nameof(LedgerPage.Kind)] = kind ?? "",
            [nameof(LedgerPage.Incident)] = incident,
            [nameof(LedgerPage.Older)] = older,
        });
    }

    private IResult Entry(HttpContext http, long sequence)
    {
        if (ledger.Find(sequence) is not { } found || sources.Journal.Read(sequence) is not { } envelope)
            return NotFound(http, "There is no such entry", $"The ledger has no entry {sequence}.", "The page Ledger shows the newest first.");
        var clock = Clock();
        var state = sources.Journal.State;
        return Page<EntryPage>(new()
        {
            [nameof(EntryPage.Shell)] = Shell(http, sequence.ToString(CultureInfo.InvariantCulture), "/ledger", clock) with { Crumbs = [("Ledger", "/ledger")] },
            [nameof(EntryPage.Entry)] = envelope,
            [nameof(EntryPage.Words)] = EnvelopeWords.Of(envelope, state),
            [nameof(EntryPage.Json)] = Indented(found.Entry.Bytes),
            [nameof(EntryPage.Proof)] = found.Proof,
            [nameof(EntryPage.Verified)] = ProofCheck.Holds(found.Proof, found.Entry.Bytes.Span),
            [nameof(EntryPage.Causes)] = ledger.CausesOf(envelope).Select(e => (e, EnvelopeWords.Of(e, state))).ToList(),
            [nameof(EntryPage.Clock)] = clock,
        });
    }

    private IResult Workspace(HttpContext http) => Page<WorkspacePage>(new()
    {
        [nameof(WorkspacePage.Shell)] = Shell(http, "Workspace", "/workspace", Clock()),
        [nameof(WorkspacePage.Version)] = sources.Workspace(),
    });

    private IResult Hub(HttpContext http)
    {
        var clock = Clock();
        return Page<HubPage>(new()
        {
            [nameof(HubPage.Shell)] = Shell(http, "Hub", "/hub", clock),
            [nameof(HubPage.Status)] = sources.Hub(),
            [nameof(HubPage.Pages)] = sources.Journal.State.Pages.Values.ToList(),
            [nameof(HubPage.Clock)] = clock,
            [nameof(HubPage.Down)] = sources.Targets().Active.Where(t => t.Status.Health == HmsOps.Observe.Scrape.TargetHealth.Down).ToList(),
        });
    }

    /// <summary>The choice of colours is a cookie, so that the first byte of the next page is right.</summary>
    private static async Task<IResult> ThemeAsync(HttpContext http)
    {
        if (!http.Request.HasFormContentType)
        {
            return new Problem("no-form", "The choice of colours is sent as a form", StatusCodes.Status415UnsupportedMediaType,
                "Send theme=light, theme=dark or theme=system as application/x-www-form-urlencoded.").AsResult();
        }
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var theme = form["theme"].ToString();
        if (theme is "light" or "dark")
            http.Response.Cookies.Append(ThemeCookie, theme, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/", MaxAge = TimeSpan.FromDays(365), Secure = http.Request.IsHttps });
        else
            http.Response.Cookies.Delete(ThemeCookie);
        var back = form["back"].ToString();
        // Only a path of our own: never an address elsewhere.
        var local = back.StartsWith('/') && !back.StartsWith("//", StringComparison.Ordinal) && !back.Contains('\\', StringComparison.Ordinal) && !back.Any(char.IsControl);
        return new SeeOther(local ? back : "/");
    }

    private bool IsReady => sources.Hub().Stage != HubStage.Starting;

    private Moment Clock() => new(sources.Time.GetUtcNow(), sources.Zone);

    private static MetricReading NotYet(string metric, Moment clock) => new()
    {
        Metric = metric,
        Unit = MetricQueries.UnitOf(metric),
        From = clock.Now - TimeRange.Tile.Span,
        To = clock.Now,
        Step = TimeRange.Tile.Step,
        Problem = "HMS-OPS is starting and has not opened its metric store yet.",
    };

    private ShellModel Shell(HttpContext http, string title, string active, Moment clock)
    {
        var state = sources.Journal.State;
        return new ShellModel
        {
            Title = title,
            Active = active,
            Clock = clock,
            Path = http.Request.Path + http.Request.QueryString,
            Theme = http.Request.Cookies[ThemeCookie] is "light" or "dark" ? http.Request.Cookies[ThemeCookie] : null,
            OpenIncidents = state.Incidents.Values.Count(i => i.IsOpen),
            WorkspaceErrors = sources.Workspace().Diagnostics.Count(d => d.Severity == Severity.Error),
            Hub = sources.Hub(),
            RecordSize = state.Size,
        };
    }

    private RazorComponentResult<ErrorPage> NotFound(HttpContext http, string title, string sentence, string remedy) => Page<ErrorPage>(
        new() { [nameof(ErrorPage.Shell)] = Shell(http, title, "", Clock()), [nameof(ErrorPage.Sentence)] = sentence, [nameof(ErrorPage.Remedy)] = remedy },
        StatusCodes.Status404NotFound);

    private static RazorComponentResult<TPage> Page<TPage>(Dictionary<string, object?> parameters, int status = StatusCodes.Status200OK)
        where TPage : IComponent => new(parameters) { StatusCode = status, PreventStreamingRendering = true };

    private static string Shown(string? text) => text is { Length: > 100 } ? text[..100] + "…" : text ?? "";

    private static string Indented(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return JsonSerializer.Serialize(document.RootElement, Pretty);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(bytes.Span); // entered by another program: shown as it is
        }
    }

    private sealed class SeeOther(string address) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = address;
            return Task.CompletedTask;
        }
    }
}
