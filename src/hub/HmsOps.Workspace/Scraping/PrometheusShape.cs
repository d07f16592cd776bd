using System.Globalization;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Scraping;

/// <summary>The keys of an imported Prometheus configuration: in this version <c>global</c> and <c>scrape_configs</c>.</summary>
public static class PrometheusShape
{
    private static readonly DurationType Refresh = new(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));

    public static readonly Key<TimeSpan> Interval = new("scrape_interval", ServiceShape.Span, "How often targets are scraped.", "15s") { DefaultText = "15s" };
    public static readonly Key<TimeSpan> Timeout = new("scrape_timeout", ServiceShape.Span, "How long an answer may take.", "10s") { DefaultText = "10s" };

    public static readonly Key<TimeSpan> Evaluation = new("evaluation_interval", ServiceShape.Span, "Of rules: workspace.yaml says it here.", "15s");

    public static readonly Key<IReadOnlyList<KeyValuePair<string, string>>> External = new(
        "external_labels", new MapType<string>(new TextType(), "a map of labels and values"), "Of alerts: workspace.yaml says them here.", "{region: east}");

    public static readonly Key<BoundRecord> Global = new(
        "global", new RecordType(new RecordShape("global settings", [Interval, Timeout, Evaluation, External]) { NotInThisVersion = ["query_log_file", "scrape_protocols", "body_size_limit", "sample_limit", "rule_query_offset"] }),
        "Defaults of all jobs.", "{scrape_interval: 15s}");

    public static readonly Key<string> Job = new("job_name", new TextType("a name"), "The label job of its series.", "node") { IsRequired = true };
    public static readonly Key<string> Path = new("metrics_path", new TextType("a path"), "Where metrics are.", "/metrics") { DefaultText = "/metrics" };
    public static readonly Key<string> Scheme = new("scheme", new ChoiceType<string>(("http", "http"), ("https", "https")), "How targets are spoken to.", "https") { DefaultText = "http" };
    public static readonly Key<bool> Compressed = new("enable_compression", new FlagType(), "false: targets are not asked for gzip.", "false") { DefaultText = "true" };
    public static readonly Key<bool> Redirects = new("follow_redirects", new FlagType(), "false: no redirect is followed. One to another host never is.", "false") { DefaultText = "true" };

    public static readonly Key<Credential> Password = new("password", new CredentialType(mayBeLiteral: true), "The password, better ${secret:name}.", "${secret:node}");
    public static readonly Key<BoundRecord> Basic = new("basic_auth", new RecordType(new RecordShape("basic authentication", [ServiceShape.User, Password, ServiceShape.PasswordFile]) { NotInThisVersion = ["username_file", "username_ref", "password_ref"] }), "Name and password.", "{username: hms-ops, password_file: imports/password}");
    public static readonly Key<string> TokenType = new("type", new TextType(), "The word before the token.", "Bearer") { DefaultText = "Bearer" };
    public static readonly Key<Credential> Token = new("credentials", new CredentialType(mayBeLiteral: true), "The token, better ${secret:name}.", "${secret:node}");
    public static readonly Key<Credential> TokenFile = new("credentials_file", new CredentialFileType(), "The file of the workspace that holds the token.", "imports/token");
    public static readonly Key<BoundRecord> Authorization = new("authorization", new RecordType(new RecordShape("an authorization", [TokenType, Token, TokenFile])), "A token.", "{credentials_file: imports/token}");
    public static readonly Key<Credential> Bearer = new("bearer_token", new CredentialType(mayBeLiteral: true), "The token, as older files write it.", "${secret:node}");

    public static readonly Key<BoundRecord> Tls = new(
        "tls_config", new RecordType(new RecordShape("TLS of a target", [ServiceShape.Authority, ServiceShape.Certificate, ServiceShape.CertificateKey, ServiceShape.ServerName, ServiceShape.TrustsAnyone]) { NotInThisVersion = ["ca", "cert", "key", "min_version", "max_version"] }),
        "TLS.", "{ca_file: imports/ca.pem}");

    public static readonly Key<IReadOnlyList<string>> Targets = new("targets", new ListType<string>(new TextType(), "a list of host:port"), "Addresses.", "[localhost:9100]") { IsRequired = true };
    public static readonly Key<IReadOnlyList<BoundRecord>> Static = List("static_configs", new RecordShape("static targets", [Targets, ServiceShape.Labels]), "Addresses written down.", "[{targets: [localhost:9100]}]");

    public static readonly Key<IReadOnlyList<string>> FileNames = new("files", new ListType<string>(new InsidePathType(), "paths inside the workspace"), "Files of targets, JSON or YAML; * may stand in the last part.", "[imports/targets/*.json]") { IsRequired = true };
    public static readonly Key<TimeSpan> Every = new("refresh_interval", Refresh, "How often is looked.", "1m");
    public static readonly Key<IReadOnlyList<BoundRecord>> Files = List("file_sd_configs", new RecordShape("targets of files", [FileNames, Every]), "Targets in files.", "[{files: [imports/targets.json]}]");

    public static readonly Key<Uri> Url = new("url", new WebAddressType(), "Answers a list of targets as JSON.", "http://inventory:8080/targets") { IsRequired = true };
    public static readonly Key<IReadOnlyList<BoundRecord>> Http = List("http_sd_configs", new RecordShape("targets of an address", [Url, Every]) { NotInThisVersion = ["basic_auth", "authorization", "oauth2", "proxy_url", "tls_config", "follow_redirects", "enable_http2"] }, "Targets asked for.", "[{url: http://inventory:8080/targets}]");

    public static readonly Key<IReadOnlyList<string>> DnsNames = new("names", new ListType<string>(new TextType(), "names"), "What is looked up.", "[_metrics._tcp.opm.gov]") { IsRequired = true };
    public static readonly Key<string> DnsType = new("type", new ChoiceType<string>(("SRV", "SRV"), ("A", "A"), ("AAAA", "AAAA")), "Which records.", "A") { DefaultText = "SRV" };
    public static readonly Key<long> DnsPort = new("port", new CountType(1, 65_535), "The port, where the record has none.", "9100");
    public static readonly Key<IReadOnlyList<BoundRecord>> Dns = List("dns_sd_configs", new RecordShape("targets of names", [DnsNames, DnsType, DnsPort, Every]), "Targets looked up.", "[{names: [_metrics._tcp.opm.gov]}]");

    public static readonly Key<IReadOnlyList<BoundRecord>> Relabel = List("relabel_configs", RelabelShape.Shape, "What is done to each target's labels, before it is scraped.", "[{action: keep, source_labels: [env], regex: prod}]");
    public static readonly Key<IReadOnlyList<BoundRecord>> MetricRelabel = List("metric_relabel_configs", RelabelShape.Shape, "What is done to each series' labels, before it is stored.", "[{action: drop, source_labels: [__name__], regex: 'go_.*'}]");

    public static readonly Key<IReadOnlyList<BoundRecord>> Jobs = List(
        "scrape_configs",
        new RecordShape("a job", [
            Job, Interval, Timeout, Path, Scheme, ServiceShape.Params, ServiceShape.HonorLabels, ServiceShape.HonorTimestamps, ServiceShape.TrackTimestamps, ServiceShape.ClassicToo,
            ServiceShape.Fallback, Compressed, Redirects, Basic, Authorization, Bearer, ServiceShape.BearerFile, Tls, Static, Files, Http, Dns, Relabel, MetricRelabel,
            ServiceShape.SampleLimit, ServiceShape.LabelLimit])
        {
            NotInThisVersion = [
                "azure_sd_configs", "consul_sd_configs", "digitalocean_sd_configs", "docker_sd_configs", "dockerswarm_sd_configs", "ec2_sd_configs", "eureka_sd_configs", "gce_sd_configs",
                "hetzner_sd_configs", "ionos_sd_configs", "kubernetes_sd_configs", "kuma_sd_configs", "lightsail_sd_configs", "linode_sd_configs", "marathon_sd_configs", "nerve_sd_configs",
                "nomad_sd_configs", "openstack_sd_configs", "ovhcloud_sd_configs", "puppetdb_sd_configs", "scaleway_sd_configs", "serverset_sd_configs", "stackit_sd_configs", "triton_sd_configs",
                "uyuni_sd_configs", "vultr_sd_configs", "oauth2", "sigv4", "proxy_url", "proxy_from_environment", "no_proxy", "http_headers", "enable_http2", "scrape_protocols", "scrape_native_histograms",
                "scrape_classic_histograms", "convert_classic_histograms_to_nhcb", "body_size_limit", "label_name_length_limit", "label_value_length_limit", "target_limit", "keep_dropped_targets",
                "native_histogram_bucket_limit", "native_histogram_min_bucket_factor", "metric_name_validation_scheme", "metric_name_escaping_scheme", "scrape_failure_log_file"],
        },
        "Jobs.", "[{job_name: node, static_configs: [{targets: [localhost:9100]}]}]");

    internal static readonly Key<YamlNode> RuleFiles = Foreign("rule_files");
    internal static readonly Key<YamlNode> Alerting = Foreign("alerting");
    internal static readonly Key<YamlNode> RemoteWrite = Foreign("remote_write");
    internal static readonly Key<YamlNode> Storage = Foreign("storage");
    internal static readonly Key<YamlNode> Tracing = Foreign("tracing");

    /// <summary>The table.</summary>
    public static RecordShape Shape { get; } = new("a Prometheus configuration", [Global, Jobs, RuleFiles, Alerting, RemoteWrite, Storage, Tracing])
    {
        NotInThisVersion = ["remote_read", "scrape_config_files", "otlp", "runtime"],
    };

    /// <summary>The jobs of a file that was bound.</summary>
    internal static IReadOnlyList<ScrapeSet> Read(BoundRecord file, Findings findings)
    {
        foreach (var key in new[] { RuleFiles, Alerting, RemoteWrite, Storage, Tracing })
        {
            if (file.TryGet(key, out var node))
                findings.Warning("W219", node, $"'{key.Name}' of an imported file is not read: rules lie in alerts/, and the hub calls people itself.", "Leave it, or take it out.");
        }
        var global = file.TryGet(Global, out var written) ? written : null;
        var jobs = new Dictionary<string, BoundRecord>();
        var sets = new List<ScrapeSet>();
        foreach (var job in file.Get(Jobs, []))
        {
            if (!job.TryGet(Job, out var name))
                continue;
            if (!jobs.TryAdd(name, job))
                findings.Error("E046", job.At(Job), $"another job of this file is called '{Findings.Shorten(name)}'.", "Give each its own job_name.");
            sets.Add(SetOf(job, name, global, findings));
        }
        return sets;
    }

    private static ScrapeSet SetOf(BoundRecord job, string name, BoundRecord? global, Findings findings)
    {
        var interval = job.Get(Interval, global?.Get(Interval, TimeSpan.FromSeconds(15)) ?? TimeSpan.FromSeconds(15));
        var common = global?.Get(Timeout, TimeSpan.FromSeconds(10)) ?? TimeSpan.FromSeconds(10);
        var timeout = job.Get(Timeout, common < interval ? common : interval);
        ScrapeRules.TimeoutWithin(job, Timeout, timeout, interval, findings);
        var tls = job.TryGet(Tls, out var tlsWritten) ? tlsWritten : null;
        var basic = job.TryGet(Basic, out var basicWritten) ? basicWritten : null;
        var authorization = job.TryGet(Authorization, out var authorizationWritten) ? authorizationWritten : null;
        var (line, _) = findings.Source.Locate(job.Node.Start);
        return new ScrapeSet
        {
            Job = name,
            Citation = string.Create(CultureInfo.InvariantCulture, $"{findings.Source.File}:{line}"),
            Interval = interval,
            Timeout = timeout,
            Scheme = job.Get(Scheme, "http"),
            Path = job.Get(Path, "/metrics"),
            Params = job.Get(ServiceShape.Params, []),
            HonorLabels = job.Get(ServiceShape.HonorLabels, false),
            HonorTimestamps = job.Get(ServiceShape.HonorTimestamps, true),
            TrackTimestamps = job.Get(ServiceShape.TrackTimestamps, false),
            ClassicToo = job.Get(ServiceShape.ClassicToo, false),
            Fallback = job.TryGet(ServiceShape.Fallback, out var fallback) ? fallback : null,
            Compressed = job.Get(Compressed, true),
            FollowRedirects = job.Get(Redirects, true),
            SampleLimit = job.TryGet(ServiceShape.SampleLimit, out var samples) ? (int)samples : null,
            LabelLimit = job.TryGet(ServiceShape.LabelLimit, out var labels) ? (int)labels : null,
            Access = ScrapeRules.Tls(tls) with
            {
                User = basic?.Get(ServiceShape.User, ""),
                Password = basic is null ? null : ScrapeRules.Either(basic, Password, ServiceShape.PasswordFile),
                TokenType = authorization?.Get(TokenType, "Bearer") ?? "Bearer",
                Token = authorization is null ? ScrapeRules.Either(job, Bearer, ServiceShape.BearerFile) : ScrapeRules.Either(authorization, Token, TokenFile),
            },
            Relabel = Steps(job, Relabel, findings),
            MetricRelabel = Steps(job, MetricRelabel, findings),
            Static = [.. job.Get(Static, []).Select(each => new StaticTargets(each.Get(Targets, []), each.Get(ServiceShape.Labels, [])))],
            Files = [.. job.Get(Files, []).Select(each => new FileTargets(each.Get(FileNames, []), each.Get(Every, TimeSpan.FromSeconds(5))))],
            Http = [.. job.Get(Http, []).SelectMany(each => each.TryGet(Url, out var url) ? new[] { new HttpTargets(url, each.Get(Every, TimeSpan.FromMinutes(1))) } : [])],
            Dns = [.. job.Get(Dns, []).Select(each => NamesOf(each, findings))],
        };
    }

    private static DnsTargets NamesOf(BoundRecord names, Findings findings)
    {
        var type = names.Get(DnsType, "SRV");
        if (type != "SRV" && !names.TryGet(DnsPort, out _))
            findings.Error("E032", names.Node, $"a look-up of {type} records needs the key 'port'.", "Add a line such as 'port: 9100'.");
        return new DnsTargets(names.Get(DnsNames, []), type, (int)names.Get(DnsPort, 0), names.Get(Every, TimeSpan.FromSeconds(30)));
    }

    private static IReadOnlyList<RelabelRule> Steps(BoundRecord job, Key<IReadOnlyList<BoundRecord>> key, Findings findings) =>
        [.. job.Get(key, []).Select(step => RelabelShape.Read(step, findings)).OfType<RelabelRule>()];

    private static Key<IReadOnlyList<BoundRecord>> List(string name, RecordShape shape, string meaning, string example) =>
        new(name, new ListType<BoundRecord>(new RecordType(shape), $"a list, each {shape.Name}"), meaning, example);

    private static Key<YamlNode> Foreign(string name) => new(name, new ForeignType(), "Not read; a warning says so.", "…");
}
