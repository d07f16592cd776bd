namespace HmsOps.Labs.Tests.Clients;

/// <summary>Every difference between Prometheus 2.42 and the hub that is meant, with its reason. The table of docs/reference/clients.md has the same rows.</summary>
internal static class KnownDifferences
{
    private const double SumWithin = 1e-12; // relative

    // Names with dots among the instruments, attributes and resource of PermitService.
    private static readonly string[] Dotted =
        ["api.latency", "court.filings", "cpu.time", "document.sizes", "http.method", "k8s.node.name", "lab.round", "open.cases", "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"];

    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        new KnownDifference.Values(
            Jobs.Scraped, "values of `scrape_duration_seconds`", "each says how long its own question took", series => series.Name == "scrape_duration_seconds", (their, our) => IsShort(their) && IsShort(our)),
        new KnownDifference.Labels(
            [Jobs.NodeText], "`le` and `quantile` of whole numbers: `1` there, `1.0` here", "the hub writes bounds in one way, so that a target that changes its format keeps its series; Prometheus does so since 3.0", WithPoint),
        new KnownDifference.OnlyThere(
            [Jobs.PythonOpenMetrics], "series `…_created` there", "in OpenMetrics they are the start of the series they speak of, and the hub keeps them as that; in the text format both keep them as series", IsCreated),
        new KnownDifference.Values(
            [Jobs.PythonOpenMetrics], "values of `scrape_samples_scraped`, `scrape_samples_post_metric_relabeling`, `scrape_series_added`", "`…_created` are counted there, and are no samples here",
            series => series.Name is "scrape_samples_scraped" or "scrape_samples_post_metric_relabeling" or "scrape_series_added",
            (their, our) => their.Value > our.Value && our.Value >= 0),
        new KnownDifference.Values(
            [Jobs.PythonText, Jobs.PythonOpenMetrics], "the sign of `-0`, lost there", "Prometheus 2.42 leaves a zero out of what it answers and sends remotely, its sign too; asked in PromQL both say `-0`",
            series => series.Name == "odd" && series.Labels["kind"] == "zero", (their, our) => their.Value == 0 && our.Value == 0),
        new KnownDifference.Labels(
            Jobs.Exported, "names with dots: `court_filings_total` there, `court.filings_total` here", "the hub keeps UTF-8 names as they are sent; Prometheus 2.42 knows no such names, so the page has `_`", Dots),
        new KnownDifference.Labels(
            Jobs.Exported, "`target_info`: `service_name`, `service_namespace`, `service_instance_id` there", "they are `job` and `instance` here, as in Prometheus' own translation; a page cannot know what it will be called, and says them", WithoutService),
        new KnownDifference.OnlyThere(
            Jobs.Exported, "`up` and `scrape_…` there", "what is pushed is not asked for: there is no scrape to report", series => series.Name == "up" || series.Name.StartsWith("scrape_", StringComparison.Ordinal)),
        new KnownDifference.Labels(
            [Jobs.Http, Jobs.Grpc], "`le` of whole numbers: `1.0` there, `1` here", "the hub writes bounds of OTLP as Prometheus' own translation of OTLP does, and those of scrapes as scrapes of Prometheus 3 do", WithoutPoint),
        new KnownDifference.Values(
            [Jobs.Http, Jobs.Grpc, Jobs.RemoteWrite], "last digit of the bounds of native histograms, where they are shown", "the same buckets: the hub shows the float64 nearest to the power of two, Prometheus one of a table that is cut off",
            series => IsSizes(series), (their, our) => NativeAnswer.IsSame(their, our, sumWithin: 0)),
        new KnownDifference.Form(
            Jobs.Differences, "classic histograms: `…_bucket`, `…_sum`, `…_count` there, one native histogram with the same bounds here", "differences are added up as they come, and a classic histogram's parts could not be added up as one; what both count in each bucket is compared", AsClassic),
        new KnownDifference.Values(
            Jobs.Differences, "last digits of sums of fractions (and of bounds, as above)", "the hub adds the differences up, the SDK the measurements: float64 sums depend on the order. They agree to 1 part in 10^12",
            series => series.Name is "cpu.time_seconds_total" or "api.latency_seconds_sum" || IsSizes(series),
            (their, our) => their.Histogram is null ? NativeAnswer.IsNear(their.Value, our.Value, SumWithin) : NativeAnswer.IsSame(their, our, SumWithin)),
    ];

    private static bool IsShort(KeptSample duration) => duration.Value > 0 && duration.Value < SideBySide.ScrapedEvery.TotalSeconds;

    private static bool IsSizes(KeptSeries series) => series.Name is "document.sizes_bytes" or "document_sizes_bytes" && series.Samples.All(sample => sample.Histogram is not null);

    // What Prometheus' page says of the same histogram.
    private static IEnumerable<KeptSeries>? AsClassic(KeptSeries series)
    {
        if (series.Name != "api.latency_seconds" || series.Samples.Any(sample => sample.Histogram is null))
            return null;
        var read = series.Samples.Select(sample => (sample.Place, Answer: NativeAnswer.Of(sample))).ToList();
        KeptSeries Part(string suffix, string? bound, Func<NativeAnswer, double> value) => (series with { Samples = [.. read.Select(each => KeptSample.Of(each.Place, value(each.Answer)))] }).With(labels =>
        {
            labels["__name__"] += suffix;
            if (bound is not null)
                labels["le"] = bound;
        });
        return
        [
            Part("_count", bound: null, answer => answer.Count),
            Part("_sum", bound: null, answer => answer.Sum),
            Part("_bucket", "+Inf", answer => answer.UpTo(double.PositiveInfinity)),
            .. PermitService.LatencyBounds.Select(bound => Part("_bucket", bound.ToString(bound % 1 == 0 ? "0.0" : "R", System.Globalization.CultureInfo.InvariantCulture), answer => answer.UpTo(bound))),
        ];
    }

    private static void WithPoint(SortedDictionary<string, string> labels)
    {
        foreach (var bound in (string[])["le", "quantile"])
        {
            if (labels.TryGetValue(bound, out var value) && value.All(char.IsAsciiDigit))
                labels[bound] = $"{value}.0";
        }
    }

    private static void WithoutPoint(SortedDictionary<string, string> labels)
    {
        if (labels.TryGetValue("le", out var value) && value.EndsWith(".0", StringComparison.Ordinal))
            labels["le"] = value[..^2];
    }

    private static void WithoutService(SortedDictionary<string, string> labels)
    {
        if (labels["__name__"] != "target_info")
            return;
        foreach (var own in (string[])["service_name", "service_namespace", "service_instance_id"])
            labels.Remove(own);
    }

    private static void Dots(SortedDictionary<string, string> labels)
    {
        labels["__name__"] = Dotted.Aggregate(labels["__name__"], (name, dotted) => name.Replace(dotted.Replace('.', '_'), dotted, StringComparison.Ordinal));
        foreach (var dotted in Dotted)
        {
            if (labels.Remove(dotted.Replace('.', '_'), out var value))
                labels[dotted] = value;
        }
    }

    private static bool IsCreated(KeptSeries series) => series.Name.EndsWith("_created", StringComparison.Ordinal);
}
