using System.Globalization;
using System.Text.Json;
using HmsOps.Labs.Tests.Prometheus;
using HmsOps.Labs.Tests.Scraping;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Clients;

/// <summary>
/// One hub and one Prometheus with the same exporters before them: both scrape them through relays, Prometheus writes what it has to the hub by remote write as well, and a service with
/// OpenTelemetry exports to the hub and is scraped by Prometheus.
/// </summary>
internal sealed class SideBySide : IAsyncDisposable
{
    public static readonly TimeSpan ScrapedEvery = TimeSpan.FromSeconds(2);

    private const int ScrapesMin = 4;

    private const string Text = "text/plain";
    private const string OpenMetrics = "application/openmetrics-text";
    private const string Protobuf = "application/vnd.google.protobuf";

    // What Prometheus sends bears it: so the hub tells it from what it scraped itself.
    private const string External = "sent_by";

    private static readonly TimeSpan ArrivesWithin = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan OnTheWay = TimeSpan.FromSeconds(9); // the scrape that brings what is dated within the time compared, and the 5 s Prometheus waits until a request is full
    private static readonly TimeSpan SecondCloses = TimeSpan.FromSeconds(1.5); // differences count when the second in which they arrive is over

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly LabFolder _lab = new();
    private readonly List<IAsyncDisposable> _things = [];
    private readonly Dictionary<string, Relay> _relays = [];
    private readonly Dictionary<string, string> _formats = []; // of each job, as Content-Type says it
    private readonly List<double> _moments = []; // at which a round was asked for, in seconds since 1970
    private readonly DateTimeOffset _began = DateTimeOffset.UtcNow;
    private DateTimeOffset _writesFrom; // Prometheus sends no sample that is older than its start
    private RunningHub _hub = null!; // until StartAsync
    private PrometheusServer _prometheus = null!;
    private PermitService _service = null!;

    private SideBySide()
    {
    }

    public static async Task<SideBySide> StartAsync()
    {
        var world = new SideBySide();
        try
        {
            await world.StartAllAsync();
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the clients work for so long, from the moment on at which Prometheus has everything, and holds against each other what the two keep.</summary>
    public async Task<IReadOnlyList<Comparison>> CompareAsync(TimeSpan span, IReadOnlyList<KnownDifference> known)
    {
        var services = Jobs.Exported.ToDictionary(way => way, way => new Comparison(way, known));
        var rounds = Jobs.Exported.ToDictionary(way => way, _ => (There: new RoundSeries(), Here: new RoundSeries()));
        for (var end = DateTimeOffset.UtcNow + span; DateTimeOffset.UtcNow < end;)
            await PlayRoundAsync(rounds);
        foreach (var (way, (there, here)) in rounds)
            services[way].Add(there.All, here.All);

        var until = DateTimeOffset.UtcNow;
        var scraped = new List<Comparison>();
        foreach (var job in _relays.Keys)
            scraped.Add(await CompareScrapesAsync(job, until, new Comparison(job, known)));
        return [.. scraped, await CompareWrittenAsync(until, new Comparison(Jobs.RemoteWrite, known)), .. services.Values];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var thing in Enumerable.Reverse(_things))
            await thing.DisposeAsync();
        _lab.Dispose();
    }

    private async Task StartAllAsync()
    {
        var node = Kept(Exporter.Start("/usr/bin/prometheus-node-exporter", port => [$"--web.listen-address=127.0.0.1:{port}"], _lab.Root));
        var shop = Python("shop.py");
        var workers = Python("workers.py");
        Relayed(Jobs.NodeText, node, Text, isTold: true);
        Relayed(Jobs.NodeProtobuf, node, Protobuf, isTold: false);
        Relayed(Jobs.PythonText, shop, Text, isTold: true);
        Relayed(Jobs.PythonOpenMetrics, shop, OpenMetrics, isTold: false);
        Relayed(Jobs.PythonMultiprocess, workers, OpenMetrics, isTold: false);
        foreach (var relay in _relays.Values)
            await relay.UntilStartedAsync(ArrivesWithin);
        var relayed = string.Concat(_relays.Select(relay => $"  - job_name: '{relay.Key}'\n    static_configs: [{{targets: ['{relay.Value.Address}']}}]\n"));
        var every = $"scrape_interval: {ScrapedEvery.TotalSeconds}s, scrape_timeout: {ScrapedEvery.TotalSeconds}s";
        var grpc = $"127.0.0.1:{FreePort.Take()}";
        _hub = Kept(await RunningHub.StartAsync(_lab, "--otlp-grpc", grpc));
        _service = Kept(new PermitService(_hub.Address, new Uri($"http://{grpc}")));
        _service.Play();
        var jobs = relayed + $$"""
              - job_name: {{PermitService.Job}}
                scrape_interval: 1s
                scrape_timeout: 1s
                static_configs: [{targets: ['{{_service.Address}}']}]
            remote_write: [{url: '{{_hub.Url}}/api/v1/write', send_exemplars: true, send_native_histograms: true}]
            """;
        _prometheus = Kept(await PrometheusServer.StartAsync(_lab, jobs, $"{every}, external_labels: {{ {External}: lab }}", "--enable-feature=native-histograms,exemplar-storage"));
        _writesFrom = DateTimeOffset.UtcNow;
        await _prometheus.UntilAsync($"count(up == 1) == {_relays.Count + 2}", ArrivesWithin);
        // The hub comes second, so that Prometheus' answers are fresh, and what they date themselves is on its way to the hub soon.
        _lab.Write("imports/prometheus.yml", $"global: {{ {every} }}\nscrape_configs:\n{relayed}");
        await _hub.UntilAsync(
            $"/api/v1/query?query={Uri.EscapeDataString($"count(up{{{External}=\"\"}} == 1) == {_relays.Count}")}", body => body.Contains("\"value\"", StringComparison.Ordinal), ArrivesWithin);
    }

    // Measures, exports, waits until Prometheus has seen it, and asks both at one moment.
    private async Task PlayRoundAsync(Dictionary<string, (RoundSeries There, RoundSeries Here)> rounds)
    {
        _service.Play();
        var closed = DateTimeOffset.UtcNow + SecondCloses;
        await _prometheus.UntilAsync($"lab_round == {_service.Rounds}", ArrivesWithin);
        if (closed - DateTimeOffset.UtcNow is { Ticks: > 0 } rest)
            await Task.Delay(rest);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1_000.0;
        _moments.Add(now);
        var theirs = await PrometheusServer.QueryAsync(_prometheus.Http, $"{{job=\"{PermitService.Job}\"}}", now);
        var ours = await PrometheusServer.QueryAsync(_hub.Http, $"{{job=\"{PermitService.Job}\", {External}=\"\"}}", now);
        foreach (var (way, (there, here)) in rounds)
        {
            there.Add(theirs.EnumerateArray(), _service.Rounds);
            here.Add(ours.EnumerateArray().Where(series => series.GetProperty("metric").GetProperty("instance").GetString() == way), _service.Rounds);
        }
    }

    // The third scrape of both had the same answer: samples are placed by the number of their scrape, and those with times of their own by these.
    private async Task<Comparison> CompareScrapesAsync(string job, DateTimeOffset until, Comparison comparison)
    {
        var there = (await RemoteRead.FetchAsync(_prometheus.Http, _began, until, ("job", job))).ConvertAll(series => series.With(labels => labels.Remove(External)));
        var here = await RemoteRead.FetchAsync(_hub.Http, _began, until, ("job", job), (External, ""));
        var (theirScrapes, ourScrapes) = (ScrapesOf(there, comparison), ScrapesOf(here, comparison));
        var scrapes = Math.Min(theirScrapes.Count, ourScrapes.Count);
        var newest = Math.Min(NewestOwn(there, theirScrapes), NewestOwn(here, ourScrapes));
        if (scrapes < ScrapesMin)
            comparison.Complain($"only {scrapes} scrapes can be compared");
        if (!_relays[job].Said.Keys.SequenceEqual([_formats[job]]))
            comparison.Complain($"the relay said {string.Join(" and ", _relays[job].Said.Keys)}, and not {_formats[job]} alone");
        comparison.AddTexts("what is said of the metrics", await MetadataAsync(_prometheus.Http, job), await MetadataAsync(_hub.Http, job));
        await CheckZeroAsync(job, comparison);
        comparison.Add(Placed(there, theirScrapes, scrapes, newest), Placed(here, ourScrapes, scrapes, newest));
        return comparison;
    }

    private async Task<Comparison> CompareWrittenAsync(DateTimeOffset until, Comparison comparison)
    {
        await UntilWrittenAsync(until + OnTheWay);
        foreach (var job in (IEnumerable<string>)[.. _relays.Keys, PermitService.Job, "prometheus"])
        {
            comparison.Add(
                await RemoteRead.FetchAsync(_prometheus.Http, _writesFrom, until, ("job", job)), await RemoteRead.FetchAsync(_hub.Http, _writesFrom, until, ("job", job), (External, "lab")));
        }
        // Prometheus 2.42 has no histograms in its remote read: they are asked for in PromQL.
        var histograms = (There: new RoundSeries(), Here: new RoundSeries());
        foreach (var (moment, round) in _moments.Where(moment => moment >= _writesFrom.ToUnixTimeMilliseconds() / 1_000.0).Select((moment, round) => (moment, round)))
        {
            histograms.There.Add((await PrometheusServer.QueryAsync(_prometheus.Http, "document_sizes_bytes", moment)).EnumerateArray(), round);
            histograms.Here.Add((await PrometheusServer.QueryAsync(_hub.Http, $"document_sizes_bytes{{{External}=\"lab\"}}", moment)).EnumerateArray(), round);
        }
        await CheckCountsAsync(comparison);
        comparison.Add(histograms.There.All.Select(series => series.With(labels => labels.Add(External, "lab"))), histograms.Here.All);
        return comparison;
    }

    // Until the newest scrape of each job that arrived is younger than this.
    private async Task UntilWrittenAsync(DateTimeOffset settled)
    {
        var began = DateTimeOffset.UtcNow;
        using var timer = new PeriodicTimer(LookEvery);
        while ((await RemoteRead.FetchAsync(_hub.Http, settled, settled + ArrivesWithin, ("__name__", "up"), (External, "lab"))).Count != _relays.Count + 2)
        {
            Assert.True(DateTimeOffset.UtcNow < began + ArrivesWithin, $"not all of what Prometheus scraped until {settled:O} arrived within {ArrivesWithin.TotalSeconds} s");
            await timer.WaitForNextTickAsync();
        }
    }

    // Remote read does not carry the sign of a zero: it is asked for in PromQL.
    private async Task CheckZeroAsync(string job, Comparison comparison)
    {
        foreach (var http in (IEnumerable<HttpClient>)[_prometheus.Http, _hub.Http])
        {
            foreach (var zero in (await PrometheusServer.QueryAsync(http, $"odd{{job=\"{job}\", kind=\"zero\", {External}=\"\"}}")).EnumerateArray().Where(zero => zero.GetProperty("value")[1].GetString() != "-0"))
                comparison.Complain($"-0 is {zero} at {http.BaseAddress}");
        }
    }

    // Type, help and unit, by metric.
    private static async Task<Dictionary<string, string>> MetadataAsync(HttpClient http, string job)
    {
        using var json = JsonDocument.Parse(await http.GetStringAsync(new Uri($"/api/v1/targets/metadata?match_target={Uri.EscapeDataString($"{{job=\"{job}\"}}")}", UriKind.Relative)));
        return json.RootElement.GetProperty("data").EnumerateArray().ToDictionary(
            said => said.GetProperty("metric").GetString() ?? "", said => $"{said.GetProperty("type")}, '{said.GetProperty("help")}', '{said.GetProperty("unit")}'");
    }

    // Nothing was refused at any door, and Prometheus got rid of everything.
    private async Task CheckCountsAsync(Comparison comparison)
    {
        var (_, metrics) = await _hub.GetAsync("/metrics");
        foreach (var refused in metrics.Split('\n').Where(line => line.StartsWith("hms_refused_total{", StringComparison.Ordinal)))
            comparison.Complain(refused);
        foreach (var (query, wanted) in (IEnumerable<(string, Func<double, bool>)>)
            [
                ("sum(prometheus_remote_storage_samples_failed_total) + sum(prometheus_remote_storage_samples_dropped_total)", lost => lost == 0),
                ("sum(prometheus_remote_storage_exemplars_failed_total) + sum(prometheus_remote_storage_exemplars_dropped_total)", lost => lost == 0),
                ("sum(prometheus_remote_storage_histograms_failed_total) + sum(prometheus_remote_storage_histograms_dropped_total)", lost => lost == 0),
                ("sum(prometheus_remote_storage_exemplars_total)", sent => sent > 0),
                ("sum(prometheus_remote_storage_histograms_total)", sent => sent > 0),
            ])
        {
            var value = double.Parse((await PrometheusServer.QueryAsync(_prometheus.Http, query))[0].GetProperty("value")[1].GetString() ?? "", CultureInfo.InvariantCulture);
            if (!wanted(value))
                comparison.Complain($"Prometheus says {query} = {value}");
        }
    }

    private static Dictionary<long, long> ScrapesOf(List<KeptSeries> all, Comparison comparison)
    {
        var ups = Assert.Single(all, series => series.Name == "up").Samples;
        foreach (var failed in ups.Where(sample => sample.Bits != BitConverter.DoubleToInt64Bits(1)))
            comparison.Complain($"a scrape failed: up is {failed}");
        return ups.Select((sample, number) => (sample.Place, number)).ToDictionary(each => each.Place, each => (long)each.number);
    }

    private static long NewestOwn(List<KeptSeries> all, Dictionary<long, long> scrapes) =>
        all.SelectMany(series => series.Samples).Where(sample => !scrapes.ContainsKey(sample.Place)).Select(sample => sample.Place).DefaultIfEmpty(long.MaxValue).Max();

    private static IEnumerable<KeptSeries> Placed(List<KeptSeries> all, Dictionary<long, long> scrapes, int count, long newestOwn) =>
        from series in all
        let samples = series.Samples.Select(sample => sample with { Place = scrapes.TryGetValue(sample.Place, out var number) ? number : sample.Place })
            .Where(sample => sample.Place < count || (sample.Place >= scrapes.Count && sample.Place <= newestOwn)).ToList()
        where samples.Count > 0
        select series with { Samples = samples };

    private Exporter Python(string program) =>
        Kept(Exporter.Start("/usr/bin/python3", port => [Path.Combine(Checkout.Root, "tests", "HmsOps.Labs.Tests", "Clients", program), $"{port}"], _lab.Root));

    // Told, the exporter hears of that format alone; else of all the scraper reads, and chooses.
    private void Relayed(string job, Exporter exporter, string format, bool isTold)
    {
        _relays[job] = Kept(new Relay(exporter.Address, isTold ? format : null));
        _formats[job] = format;
    }

    private T Kept<T>(T thing)
        where T : IAsyncDisposable
    {
        _things.Add(thing);
        return thing;
    }

    /// <summary>Answers of PromQL, one a round, as series whose places are the rounds.</summary>
    private sealed class RoundSeries
    {
        private readonly Dictionary<string, (SortedDictionary<string, string> Labels, List<KeptSample> Samples)> _all = [];

        public IEnumerable<KeptSeries> All => _all.Values.Select(each => new KeptSeries(each.Labels, each.Samples));

        public void Add(IEnumerable<JsonElement> result, long round)
        {
            foreach (var item in result)
            {
                var labels = new SortedDictionary<string, string>(item.GetProperty("metric").EnumerateObject().Where(label => label.Name != "instance").ToDictionary(label => label.Name, label => label.Value.GetString() ?? ""), StringComparer.Ordinal);
                var series = new KeptSeries(labels, []);
                if (!_all.TryGetValue(series.Key, out var known))
                    _all.Add(series.Key, known = (labels, []));
                known.Samples.Add(item.TryGetProperty("value", out var value)
                    ? KeptSample.Of(round, double.Parse(value[1].GetString() ?? "", CultureInfo.InvariantCulture))
                    : new KeptSample(round, 0, item.GetProperty("histogram")[1].GetRawText()));
            }
        }
    }
}
