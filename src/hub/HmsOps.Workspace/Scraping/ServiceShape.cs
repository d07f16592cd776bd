using System.Globalization;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Scraping;

/// <summary>The keys of a service manifest: in this version, how the service is scraped.</summary>
public static class ServiceShape
{
    internal static readonly DurationType Span = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1));

    public static readonly Key<string> Name = new("name", new TextType("a name"), "The service's name; its series carry it as service and job.", "permit-svc") { IsRequired = true };
    public static readonly Key<string> Owner = new("owner", new TextType(), "Who answers for it.", "permits@opm.gov");

    public static readonly Key<IReadOnlyList<Uri>> MetricsUrl = new(
        "metrics_url", new ListType<Uri>(new WebAddressType(), "addresses like http://host:8080/metrics"), "Where its metrics are: one address, or one for each instance.", "http://permit-svc:8080/metrics");

    public static readonly Key<TimeSpan> Interval = new("interval", Span, "How often it is scraped.", "15s") { DefaultText = "15s" };
    public static readonly Key<TimeSpan> Timeout = new("timeout", Span, "How long an answer may take; at most the interval.", "10s") { DefaultText = "10s" };

    public static readonly Key<IReadOnlyList<KeyValuePair<string, string>>> Labels = new(
        "labels", new MapType<string>(new TextType(), "a map of labels and values"), "Labels every series of it gets.", "{agency: opm}")
    { DefaultText = "{}" };

    public static readonly Key<IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>>> Params = new(
        "params", new MapType<IReadOnlyList<string>>(new ListType<string>(new TextType(), "texts"), "a map of names and texts"), "Parameters of the address.", "{module: [http_2xx]}")
    { DefaultText = "{}" };

    public static readonly Key<IReadOnlyList<KeyValuePair<string, Credential>>> Headers = new(
        "headers_from", new MapType<Credential>(new CredentialType(mayBeLiteral: false), "headers, each with a secret"), "Headers whose values are secrets.", "{X-Api-Key: \"${secret:permit}\"}")
    { DefaultText = "{}" };

    public static readonly Key<bool> HonorLabels = new("honor_labels", new FlagType(), "true: labels the service sends win over ours; else they are kept as exported_….", "true") { DefaultText = "false" };
    public static readonly Key<bool> HonorTimestamps = new("honor_timestamps", new FlagType(), "false: times the service sends are not kept.", "false") { DefaultText = "true" };

    public static readonly Key<bool> TrackTimestamps = new(
        "track_timestamps_staleness", new FlagType(), "true: series with times of their own end as soon as they are no longer sent.", "true")
    { DefaultText = "false" };

    public static readonly Key<bool> ClassicToo = new(
        "always_scrape_classic_histograms", new FlagType(), "true: a histogram with native buckets is kept in its classic series too.", "true")
    { DefaultText = "false" };

    public static readonly Key<string> Fallback = new(
        "fallback_scrape_protocol",
        new ChoiceType<string>(("PrometheusText0.0.4", "text"), ("PrometheusText1.0.0", "text"), ("OpenMetricsText1.0.0", "openmetrics"), ("OpenMetricsText0.0.1", "openmetrics"), ("PrometheusProto", "protobuf")),
        "The format of an answer whose Content-Type names none.", "PrometheusText0.0.4");

    public static readonly Key<string> User = new("username", new TextType(), "Who asks.", "hms-ops");
    public static readonly Key<Credential> Password = new("password", new CredentialType(mayBeLiteral: false), "The secret that holds the password.", "${secret:permit}");
    public static readonly Key<Credential> PasswordFile = new("password_file", new CredentialFileType(), "The file of the workspace that holds the password.", "services/permit.password");
    public static readonly Key<BoundRecord> Basic = new("basic_auth", new RecordType(new RecordShape("basic authentication", [User, Password, PasswordFile])), "Name and password.", "{username: hms-ops, password: \"${secret:permit}\"}");

    public static readonly Key<Credential> Bearer = new("bearer_token", new CredentialType(mayBeLiteral: false), "The secret that holds the token.", "${secret:permit}");
    public static readonly Key<Credential> BearerFile = new("bearer_token_file", new CredentialFileType(), "The file of the workspace that holds the token.", "services/permit.token");

    public static readonly Key<Credential> Authority = new("ca_file", new CredentialFileType(), "Whom the target's certificate has to come from: a file of the workspace, or a secret.", "services/ca.pem");
    public static readonly Key<Credential> Certificate = new("cert_file", new CredentialFileType(), "The certificate we show.", "services/hub.pem");
    public static readonly Key<Credential> CertificateKey = new("key_file", new CredentialFileType(), "Its key.", "${secret:hub_key}");
    public static readonly Key<string> ServerName = new("server_name", new TextType(), "The name the target's certificate has to bear.", "permit.opm.gov");
    public static readonly Key<bool> TrustsAnyone = new("insecure_skip_verify", new FlagType(), "true: any certificate will do.", "true") { DefaultText = "false" };

    public static readonly Key<BoundRecord> Tls = new(
        "tls", new RecordType(new RecordShape("TLS of a target", [Authority, Certificate, CertificateKey, ServerName, TrustsAnyone])), "How the target proves who it is, and we to it.", "{ca_file: services/ca.pem}");

    public static readonly Key<IReadOnlyList<BoundRecord>> Relabel = new(
        "relabel", new ListType<BoundRecord>(new RecordType(RelabelShape.Shape), "relabelling steps"), "What is done to the labels of each series, step by step, as metric_relabel_configs of Prometheus.",
        "[{action: labeldrop, regex: pod}]")
    { DefaultText = "[]" };

    public static readonly Key<long> SampleLimit = new("sample_limit", new CountType(1, 10_000_000), "Samples a scrape may bring, after relabelling; the hub's own limit holds besides.", "50000") { DefaultText = "50000" };
    public static readonly Key<long> LabelLimit = new("label_limit", new CountType(1, 1_000), "Labels a series may have; the hub's own limit holds besides.", "64") { DefaultText = "64" };

    public static readonly Key<BoundRecord> Scrape = new(
        "scrape",
        new RecordType(new RecordShape(
            "how a service is scraped",
            [Params, Headers, Basic, Bearer, BearerFile, Tls, HonorLabels, HonorTimestamps, TrackTimestamps, ClassicToo, Fallback, Relabel, SampleLimit, LabelLimit])),
        "How it is asked.", "{sample_limit: 10000}");

    /// <summary>The table.</summary>
    public static RecordShape Shape { get; } = new("a service manifest", [Name, Owner, MetricsUrl, Interval, Timeout, Labels, Scrape])
    {
        NotInThisVersion = ["target", "health", "route", "public_name", "agency", "red", "runbook", "slos", "depends_on", "tier", "logs"],
    };

    /// <summary>How a service that was bound is scraped: one set for each way its addresses differ in. Empty when it has no address.</summary>
    internal static IReadOnlyList<ScrapeSet> Read(BoundRecord service, Findings findings)
    {
        if (!service.TryGet(Name, out var name) || !service.TryGet(MetricsUrl, out var addresses))
            return [];
        var interval = service.Get(Interval, TimeSpan.FromSeconds(15));
        var timeout = service.Get(Timeout, interval < TimeSpan.FromSeconds(10) ? interval : TimeSpan.FromSeconds(10));
        ScrapeRules.TimeoutWithin(service, Timeout, timeout, interval, findings);
        var labels = service.Get(Labels, []);
        foreach (var (label, _) in labels.Where(label => label.Key.StartsWith("__", StringComparison.Ordinal)))
            findings.Error("E033", service.At(Labels), $"the label '{Findings.Shorten(label)}' begins with '__', which is kept for the hub.", "Give it another name.");
        var scrape = service.TryGet(Scrape, out var written) ? written : null;
        var tls = scrape is not null && scrape.TryGet(Tls, out var tlsWritten) ? tlsWritten : null;
        var (line, _) = findings.Source.Locate(service.Node.Start);
        var own = new ScrapeSet
        {
            Job = name,
            Service = name,
            Citation = string.Create(CultureInfo.InvariantCulture, $"{findings.Source.File}:{line}"),
            Interval = interval,
            Timeout = timeout,
            HonorLabels = Get(HonorLabels, false),
            HonorTimestamps = Get(HonorTimestamps, true),
            TrackTimestamps = Get(TrackTimestamps, false),
            ClassicToo = Get(ClassicToo, false),
            Fallback = Maybe(Fallback),
            SampleLimit = scrape is not null && scrape.TryGet(SampleLimit, out var samples) ? (int)samples : null,
            LabelLimit = scrape is not null && scrape.TryGet(LabelLimit, out var most) ? (int)most : null,
            MetricRelabel = [.. Get(Relabel, []).Select(step => RelabelShape.Read(step, findings)).OfType<RelabelRule>()],
            Access = ScrapeRules.Tls(tls) with
            {
                User = scrape is not null && scrape.TryGet(Basic, out var basic) ? basic.Get(User, "") : null,
                Password = scrape is not null && scrape.TryGet(Basic, out var again) ? ScrapeRules.Either(again, Password, PasswordFile) : null,
                Token = scrape is null ? null : ScrapeRules.Either(scrape, Bearer, BearerFile),
                Headers = Get(Headers, []),
            },
        };
        return
        [
            .. addresses.GroupBy(url => (url.Scheme, url.AbsolutePath, url.Query)).Select(same => own with
            {
                Scheme = same.Key.Scheme,
                Path = same.Key.AbsolutePath,
                Params = [.. ScrapeRules.ParametersOf(same.Key.Query), .. Get(Params, [])],
                Static = [new StaticTargets([.. same.Select(url => $"{url.Host}:{url.Port.ToString(CultureInfo.InvariantCulture)}")], [new("service", name), .. labels])],
            }),
        ];

        T Get<T>(Key<T> key, T otherwise) => scrape is null ? otherwise : scrape.Get(key, otherwise);

        T? Maybe<T>(Key<T> key)
            where T : class => scrape is not null && scrape.TryGet(key, out var value) ? value : null;
    }
}

/// <summary>What service manifests and imported jobs have in common.</summary>
internal static class ScrapeRules
{
    public static void TimeoutWithin(BoundRecord record, Key key, TimeSpan timeout, TimeSpan interval, Findings findings)
    {
        if (timeout > interval)
            findings.Error("E045", record.At(key), "the timeout is longer than the interval: two scrapes of one target would run at once.", "Shorten the timeout, or lengthen the interval.");
    }

    public static Credential? Either(BoundRecord record, Key<Credential> value, Key<Credential> file) =>
        record.TryGet(value, out var written) || record.TryGet(file, out written) ? written : null;

    public static ScrapeAccess Tls(BoundRecord? tls) => tls is null ? ScrapeAccess.None : new ScrapeAccess
    {
        Authority = tls.TryGet(ServiceShape.Authority, out var authority) ? authority : null,
        Certificate = tls.TryGet(ServiceShape.Certificate, out var certificate) ? certificate : null,
        Key = tls.TryGet(ServiceShape.CertificateKey, out var key) ? key : null,
        ServerName = tls.TryGet(ServiceShape.ServerName, out var name) ? name : null,
        TrustsAnyone = tls.Get(ServiceShape.TrustsAnyone, false),
    };

    public static IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> ParametersOf(string query) =>
        query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .GroupBy(pair => Uri.UnescapeDataString(pair[0]))
            .Select(same => KeyValuePair.Create(same.Key, (IReadOnlyList<string>)[.. same.Select(pair => Uri.UnescapeDataString(pair.Length > 1 ? pair[1] : ""))]));
}
