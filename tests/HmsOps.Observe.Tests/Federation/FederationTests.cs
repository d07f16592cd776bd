using System.Buffers;
using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Observe.Federation;
using HmsOps.Observe.Tests.Exposition;
using HmsOps.Observe.Tests.Prometheus.Chunks;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Federation;

/// <summary>What is written is read back by the scraper's own readers.</summary>
public sealed class FederationTests
{
    private const long Time = 1_795_190_400_250;

    private static readonly Dictionary<string, MetricMetadata> Said = new()
    {
        ["requests_total"] = new("requests_total", "counter", "", "All of them.\nIn \"two\" lines \\ more."),
        ["hits"] = new("hits", "counter", "", ""),
        ["load"] = new("load", "gauge", "", ""),
        ["wait_seconds"] = new("wait_seconds", "histogram", "seconds", ""),
    };

    [Fact]
    public void Text_has_one_type_a_metric_and_times_of_its_own()
    {
        Assert.Equal(
            """
            # TYPE hits_total counter
            hits_total{job="a"} 3 1795190400250
            # TYPE load gauge
            load 0.25 1795190400250
            # HELP requests_total All of them.\nIn "two" lines \\ more.
            # TYPE requests_total counter
            requests_total{code="200",path="/a\"b\\\n"} 1e+22 1795190400250
            requests_total{code="500"} NaN 1795190400250
            # TYPE tax_bot_ok untyped
            tax_bot_ok{law_code="26 USC"} +Inf 1795190400250
            # TYPE wait_seconds_bucket untyped
            wait_seconds_bucket{le="+Inf"} 7 1795190400250

            """, Write("", Some()));
    }

    [Fact]
    public void OpenMetrics_names_a_counters_family_without_its_ending_and_ends()
    {
        Assert.Equal(
            """
            # TYPE hits counter
            hits_total{job="a"} 3 1795190400.25
            # TYPE load gauge
            load 0.25 1795190400.25
            # HELP requests All of them.\nIn \"two\" lines \\ more.
            # TYPE requests counter
            requests_total{code="200",path="/a\"b\\\n"} 1e+22 1795190400.25
            requests_total{code="500"} NaN 1795190400.25
            # TYPE "tax-bot.ok" unknown
            {"tax-bot.ok","law.code"="26 USC"} +Inf 1795190400.25
            # TYPE wait_seconds_bucket unknown
            wait_seconds_bucket{le="+Inf"} 7 1795190400.25
            # EOF

            """, Write("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.9,text/plain;q=0.5", Some()));
    }

    [Fact]
    public void Escaped_by_value_names_stay_apart() =>
        Assert.Contains("U__tax_2d_bot_2e_ok{U__law_2e_code=\"26 USC\"} +Inf", Write("text/plain;version=0.0.4;escaping=values", Some()), StringComparison.Ordinal);

    [Fact]
    public void A_series_is_there_once_an_ended_one_not_at_all_and_only_its_newest_sample()
    {
        var samples = new FederatedSamples(FederationForm.Of(null));
        var load = Labels.From(("__name__", "load"));
        samples.Add(new SeriesView(load, [Time - 15_000, Time], [1, 2], []));
        samples.Add(new SeriesView(load, [Time - 15_000, Time], [1, 2], []));
        samples.Add(new SeriesView(Labels.From(("__name__", "gone")), [Time - 15_000, Time], [1, StaleMarker.Value], []));
        samples.Add(new SeriesView(Labels.From(("job", "nameless")), [Time], [1], []));

        Assert.Equal($"# TYPE load gauge\nload 2 {Time}\n", Write(samples));
    }

    [Fact]
    public void Two_families_of_OpenMetrics_are_never_called_the_same()
    {
        var samples = new FederatedSamples(FederationForm.Of("application/openmetrics-text"));
        samples.Add(One(1, ("__name__", "hits")));
        samples.Add(One(2, ("__name__", "hits_total")));

        Assert.Equal("# TYPE hits unknown\nhits 1 1795190400.25\n# TYPE hits_total unknown\nhits_total 2 1795190400.25\n# EOF\n", Write(samples));
    }

    [Theory]
    [InlineData("", ExpositionFormat.Text)]
    [InlineData("text/plain;version=0.0.4", ExpositionFormat.Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8", ExpositionFormat.OpenMetrics)]
    [InlineData("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", ExpositionFormat.Protobuf)]
    public void Whatever_is_written_the_scraper_reads_back(string accept, ExpositionFormat format)
    {
        var dice = new Random(21);
        for (var round = 0; round < 60; round++)
        {
            var form = FederationForm.Of(accept);
            var samples = new FederatedSamples(form);
            var wanted = new List<string>();
            for (var n = dice.Next(0, 12); n > 0; n--)
            {
                var labels = Labels.From(("__name__", $"m{dice.Next(4)}"), ("n", $"{n}\\\"\n𝄞"), ("le", dice.Next(2) == 0 ? "0.5" : ""));
                var value = ChunkSamples.Values(dice, 1)[0];
                if (StaleMarker.Is(value))
                    continue;
                samples.Add(new SeriesView(labels, [Time], [value], []));
                wanted.Add($"{labels} {(double.IsNaN(value) ? "NaN" : Readings.Text(value))} @{Time}");
            }
            var page = new ArrayBufferWriter<byte>();
            samples.Write(page, Said.GetValueOrDefault);
            var read = Readings.Of(page.WrittenSpan, format).Split('\n').Where(line => line.Contains(" @", StringComparison.Ordinal) || line.StartsWith('!'));
            Assert.Equal(wanted.Order(), read.Order());
        }
    }

    [Fact]
    public void Native_histograms_travel_in_protobuf_and_are_named_where_they_cannot()
    {
        var dice = new Random(22);
        var histograms = ChunkSamples.Histograms(dice, 80).Where(each => !StaleMarker.Is(each!.Sum)).ToList();
        const string Protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6";
        var (samples, asText) = (new FederatedSamples(FederationForm.Of(Protobuf)), new FederatedSamples(FederationForm.Of(null)));
        var wanted = new List<string>();
        for (var i = 0; i < histograms.Count; i++)
        {
            var labels = Labels.From(("__name__", "wait"), ("n", $"{i:00}"));
            samples.Add(new SeriesView(labels, [Time], [0], [histograms[i]]));
            asText.Add(new SeriesView(labels, [Time], [0], [histograms[i]]));
            if (histograms[i]!.Schema == NativeHistogram.CustomBounds)
                continue;
            wanted.Add(labels.ToString());
        }
        samples.Add(One(4, ("__name__", "load")));

        var page = new ArrayBufferWriter<byte>();
        samples.Write(page, Said.GetValueOrDefault);
        var read = Readings.Of(page.WrittenSpan, ExpositionFormat.Protobuf).Split('\n').Where(line => line.Contains(" @", StringComparison.Ordinal)).ToList();

        Assert.Equal(wanted.Count + 1, read.Count);
        Assert.Equal(wanted, read.Skip(1).Select(line => line[..line.IndexOf(" {schema", StringComparison.Ordinal)]).Order());
        Assert.Equal($"load 4 @{Time}", read[0]);
        Assert.Equal($"# {histograms.Count} native histograms are left out: only protobuf carries them\n", Write(asText));
    }

    [Theory]
    [InlineData(null, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")]
    [InlineData("*/*", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")]
    [InlineData("image/png", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")]
    [InlineData("such;a=mess;;", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")]
    [InlineData("text/plain;q=0.2,application/openmetrics-text;q=0.8;escaping=values", "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=values")]
    [InlineData("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text,text/plain", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")]
    public void What_is_liked_best_of_what_there_is_is_written(string? accept, string type) => Assert.Equal(type, FederationForm.Of(accept).ContentType);

    [Fact]
    public void Our_own_scraper_asks_for_protobuf() =>
        Assert.Equal((ExpositionFormat.Protobuf, NameEscaping.None), (FederationForm.Of(ContentFormat.Accept).Format, FederationForm.Of(ContentFormat.Accept).Escaping));

    [Theory]
    [InlineData("plain_name", "plain_name")]
    [InlineData("law.code", "U__law_2e_code")]
    [InlineData("a_b.c", "U__a__b_2e_c")]
    [InlineData("𝄞", "U___1d11e_")]
    [InlineData("1st", "U___31_st")]
    public void A_name_is_escaped_and_back(string name, string escaped)
    {
        Assert.Equal(escaped, EscapedName.Escape(name));
        Assert.Equal(name, EscapedName.Unescape(escaped));
    }

    [Theory]
    [InlineData("U__a_b")]
    [InlineData("U__a_zz_b")]
    [InlineData("U__a_d800_b")]
    [InlineData("U__a_1234567_b")]
    [InlineData("U__a_")]
    public void What_is_no_escaped_name_is_a_name(string text) => Assert.Equal(text, EscapedName.Unescape(text));

    private static IEnumerable<(double, (string, string)[])> Some() =>
    [
        (7, [("__name__", "wait_seconds_bucket"), ("le", "+Inf")]),
        (double.NaN, [("__name__", "requests_total"), ("code", "500")]),
        (1e22, [("__name__", "requests_total"), ("code", "200"), ("path", "/a\"b\\\n")]),
        (double.PositiveInfinity, [("__name__", "tax-bot.ok"), ("law.code", "26 USC")]),
        (0.25, [("__name__", "load")]),
        (3, [("__name__", "hits_total"), ("job", "a")]),
    ];

    private static SeriesView One(double value, params (string, string)[] labels) => new(Labels.From(labels), new[] { Time }, new[] { value }, []);

    private static string Write(string accept, IEnumerable<(double Value, (string, string)[] Labels)> some)
    {
        var samples = new FederatedSamples(FederationForm.Of(accept));
        foreach (var (value, labels) in some)
            samples.Add(One(value, labels));
        return Write(samples);
    }

    private static string Write(FederatedSamples samples)
    {
        var page = new ArrayBufferWriter<byte>();
        samples.Write(page, Said.GetValueOrDefault);
        return Encoding.UTF8.GetString(page.WrittenSpan);
    }
}
