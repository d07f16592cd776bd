using System.Text;
using HmsOps.App.Settings;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.Observe.Influx;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Wire;
using Microsoft.Extensions.Logging;

namespace HmsOps.App.Tests.Settings;

public sealed class SettingsReaderTests
{
    private static readonly SettingsSources Nothing = new() { WorkingDirectory = "/srv/ops", SystemTimeZone = TimeZoneInfo.Utc };

    [Fact]
    public void Without_any_word_the_hub_listens_on_this_machine_alone()
    {
        var settings = Read(Nothing);
        Assert.Equal("127.0.0.1:9900", Assert.Single(settings.Listen).ToString());
        Assert.Equal(("/srv/ops/workspace", "/srv/ops/data"), (settings.Workspace, settings.Data));
        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), TimeSpan.FromDays(100)), (settings.DurabilityWindow, settings.LateWindow, settings.RetentionTime));
        Assert.Equal((1 << 20, 10_000, TimeSpan.FromSeconds(30)), (settings.MetricBodyBytes, settings.MetricItems, settings.MetricRead));
        Assert.Equal((TimeSpan.FromSeconds(30), 1_000), (settings.QueryTime, settings.LiveStreams));
        Assert.Equal((LogLevel.Information, LogFormat.Text, OnPoison.Serve), (settings.LogLevel, settings.LogFormat, settings.OnPoison));
        Assert.Null(settings.Name);
        Assert.Empty(settings.Secrets);
    }

    [Fact]
    public void Every_setting_has_its_line_and_one_name_in_three_places()
    {
        Assert.Equal(Setting.All.Select(setting => setting.Name), Lines(Nothing).Select(line => line.Name));
        var late = Assert.Single(Setting.All, setting => setting.Name == "late.window");
        Assert.Equal(("--late-window", "HMS_LATE_WINDOW"), (late.Flag, late.Variable));
        var poison = Assert.Single(Setting.All, setting => setting.Name == "ledger.on_poison");
        Assert.Equal(("--ledger-on-poison", "HMS_LEDGER_ON_POISON"), (poison.Flag, poison.Variable));
    }

    [Fact]
    public void The_default_texts_of_the_table_are_the_defaults()
    {
        var lines = Lines(Nothing).ToDictionary(line => line.Name, line => line.Value);
        string[] names =
        [
            "log.level", "log.format", "durability.window", "late.window", "retention.time", "query.lookback", "query.cache", "ledger.on_poison", "secrets", "workspace", "data",
            .. Setting.All.Select(setting => setting.Name).Where(name => name.StartsWith("limits.", StringComparison.Ordinal)),
        ];
        foreach (var name in names)
            Assert.Equal(Setting.All.Single(setting => setting.Name == name).Key.DefaultText, lines[name]);
    }

    [Theory]
    [InlineData(null, null, null, "late.window = 1d  (default)")]
    [InlineData("late: {window: 2d}", null, null, "late.window = 2d  (/etc/ops/hms-ops.yaml:1:16)")]
    [InlineData("late: {window: 2d}", "3d", null, "late.window = 3d  (HMS_LATE_WINDOW)")]
    [InlineData("late: {window: 2d}", "3d", "4d", "late.window = 4d  (--late-window)")]
    [InlineData(null, "", "4 d", "late.window = 4d  (--late-window)")]
    public void The_later_place_holds(string? file, string? variable, string? flag, string line) =>
        Assert.Contains(line, Lines(Sources(file, ("HMS_LATE_WINDOW", variable), ("--late-window", flag))).Select(each => each.ToString()));

    [Fact]
    public void A_file_is_read_whole()
    {
        var settings = Read(Sources(
            """
            listen: [127.0.0.1:9900, "[::1]:3000"]
            workspace: rules
            data: /var/lib/ops
            name: opm/hub-1
            timezone: America/New_York
            public_url: https://ops.opm.gov
            log: {level: warn, format: json}
            durability: {window: 0s}
            late: {window: 12h}
            retention: {time: 30d}
            query: {parallelism: 3, lookback: 1m, cache: 0}
            ledger: {onPoison: exit}
            http: {hosts: [ops.opm.gov]}
            limits:
              metric: {body: 64 KiB, items: 100, read: 5s}
              query: {time: 2m}
              live: {streams: 7}
              write: {packed: 1MiB, decoded: 2MiB, series: 3, samples: 4, buckets: 5, memory: 6MiB}
              influx: {packed: 7MiB, decoded: 8MiB, line: 9KiB, memory: 10MiB}
              labels: {count: 11, name: 12B, value: 13B, total: 14B}
            secrets:
              smtp: env:SMTP_PASSWORD
              pages: file:pages.key
              vault: [/usr/bin/vault, read, ops]
            """));
        Assert.Equal(["127.0.0.1:9900", "[::1]:3000"], settings.Listen.Select(address => address.ToString()));
        Assert.Equal(("/etc/ops/rules", "/var/lib/ops", "opm/hub-1"), (settings.Workspace, settings.Data, settings.Name)); // relative to the file that says it
        Assert.Equal(("America/New_York", "https://ops.opm.gov/"), (settings.TimeZone.Id, settings.PublicUrl!.ToString()));
        Assert.Equal((LogLevel.Warning, LogFormat.Json, OnPoison.Exit), (settings.LogLevel, settings.LogFormat, settings.OnPoison));
        Assert.Equal((65_536, 100, TimeSpan.FromSeconds(5)), (settings.MetricBodyBytes, settings.MetricItems, settings.MetricRead));
        Assert.Equal((TimeSpan.FromMinutes(2), 7), (settings.QueryTime, settings.LiveStreams));
        Assert.Equal((3, TimeSpan.FromMinutes(1), 0), (settings.QueryParallelism, settings.QueryLookback, settings.QueryCache));
        var labels = new LabelLimits { CountMax = 11, NameBytesMax = 12, ValueBytesMax = 13, BytesMax = 14 };
        Assert.Equal(
            new WriteLimits { PackedBytesMax = 1 << 20, DecodedBytesMax = 2 << 20, SeriesMax = 3, SamplesMax = 4, BucketsMax = 5, MemoryBytesMax = 6 << 20, Labels = labels },
            settings.Write);
        Assert.Equal(new InfluxLimits { PackedBytesMax = 7 << 20, DecodedBytesMax = 8 << 20, LineBytesMax = 9 << 10, MemoryBytesMax = 10 << 20, Labels = labels }, settings.Influx);
        Assert.Equal(["ops.opm.gov"], settings.Hosts);
        Assert.Equal(new SecretSource.FromEnvironment("SMTP_PASSWORD"), settings.Secrets["smtp"]);
        Assert.Equal(new SecretSource.FromFile("/etc/ops/pages.key"), settings.Secrets["pages"]);
        Assert.Equal("[/usr/bin/vault, read, ops]", settings.Secrets["vault"].ToString());
    }

    [Fact]
    public void A_cluster_is_found_by_where_it_takes_samples_and_the_hub_keeps_a_day()
    {
        var settings = Read(Sources("storage: remote\nremote: {write: 'http://vm:8428/prom/api/v1/write', headers: {Authorization: 'Bearer ${secret:vm}', X-Scope-OrgID: opm}}"));
        Assert.Equal(("http://vm:8428/prom/api/v1/write", "http://vm:8428/prom", null, 8L << 30, ClusterPushdown.Auto),
            (settings.Remote!.Write.ToString(), settings.Remote.Query.ToString(), settings.Remote.Read, settings.Remote.Queue, settings.Remote.Pushdown));
        Assert.Equal(["Authorization", "X-Scope-OrgID"], settings.Remote.Headers.Select(header => header.Key));
        Assert.Equal(TimeSpan.FromDays(1), settings.RetentionTime);
        Assert.Equal(TimeSpan.FromDays(7), Read(Sources("storage: remote\nremote: {write: 'http://vm/api/v1/write'}\nretention: {time: 7d}")).RetentionTime);
        Assert.Null(Read(Sources("remote: {write: 'http://vm/api/v1/write'}")).Remote);
    }

    [Theory]
    [InlineData("Bearer ${secret:a}", "Bearer one", null)]
    [InlineData("${secret:a}:${secret:b}", "one:two", null)]
    [InlineData("${secret:a}${secret:none}", null, "none")]
    [InlineData("plain ${x} ${secret:", "plain ${x} ${secret:", null)]
    public async Task Secrets_stand_in_a_header_where_they_are_named(string template, string? value, string? missing)
    {
        Dictionary<string, string> secrets = new() { ["a"] = "one", ["b"] = "two" };
        Assert.Equal((value, missing), await HeaderTemplate.FillAsync(template, name => Task.FromResult(secrets.GetValueOrDefault(name))));
    }

    [Theory]
    [InlineData("lisen: x", "/etc/ops/hms-ops.yaml:1:1: E031 'lisen' is not a key of hms-ops.yaml. Did you mean 'listen'?")]
    [InlineData("listen: 9900", "/etc/ops/hms-ops.yaml:1:9: E033 expected an address and port like 127.0.0.1:9900, got '9900'.")]
    [InlineData("listen: 127.1:9900", "/etc/ops/hms-ops.yaml:1:9: E033 expected an address and port like 127.0.0.1:9900, got '127.1:9900'.")]
    [InlineData("listen: ::1:9900", "/etc/ops/hms-ops.yaml:1:9: E033 expected an address and port like 127.0.0.1:9900, got '::1:9900'.")]
    [InlineData("late: {window: soon}", "/etc/ops/hms-ops.yaml:1:16: E033 expected a duration like 5m, got 'soon'.")]
    [InlineData("late: 2d", "/etc/ops/hms-ops.yaml:1:7: E033 expected settings of late samples, a map of keys, got '2d'.")]
    [InlineData("log: {level: wran}", "/etc/ops/hms-ops.yaml:1:14: E033 expected debug, info, warn or error, got 'wran'. Did you mean 'warn'?")]
    [InlineData("auth: {mode: local}", "/etc/ops/hms-ops.yaml:1:1: E090 'auth' of hms-ops.yaml is not in this version.")]
    [InlineData("http: {tls: {cert: a}}", "/etc/ops/hms-ops.yaml:1:8: E090 'tls' of settings of HTTP is not in this version.")]
    [InlineData("retention: {logs: 14d}", "/etc/ops/hms-ops.yaml:1:13: E090 'logs' of settings of retention is not in this version.")]
    [InlineData("limits: {metric: {items: 0}}", "/etc/ops/hms-ops.yaml:1:26: E045 0 is less than 1.")]
    [InlineData("limits: {metric: {body: 2GiB}}", "/etc/ops/hms-ops.yaml:1:25: E045 '2GiB' is more than 1GiB.")]
    [InlineData("timezone: Washington", "/etc/ops/hms-ops.yaml:1:11: E033 expected a time zone like America/New_York, got 'Washington'.")]
    [InlineData("secrets: {smtp: hunter2}", "/etc/ops/hms-ops.yaml:1:17: E034 expected env:NAME, file:PATH or [program, argument]; the secret itself does not stand here.")]
    [InlineData("secrets: {\"a/b\": env:X}", "/etc/ops/hms-ops.yaml:1:10: E033 'a/b' cannot name a secret.")]
    [InlineData("late: {window: 40d}\nretention: {time: 30d}", "/etc/ops/hms-ops.yaml:1:16: E045 late.window of 40d is longer than retention.time of 30d.")]
    [InlineData("storage: remote", "/etc/ops/hms-ops.yaml:1:10: E032 storage is remote, and remote.write does not say where.")]
    [InlineData("storage: remote\nremote: {write: 'http://vm:8480/insert/0'}", "/etc/ops/hms-ops.yaml:2:17: E032 remote.query is missing: it cannot be told from remote.write, which does not end in /api/v1/write.")]
    [InlineData("remote: {write: 'http://u:p@vm/api/v1/write'}", "/etc/ops/hms-ops.yaml:1:17: E033 expected an address like https://host/path, without user and password in it.")]
    [InlineData("remote: {headers: {Authorization: Bearer hunter2}}", "/etc/ops/hms-ops.yaml:1:19: E034 the value of Authorization is a secret, and does not stand here.")]
    [InlineData("remote: {headers: {Content-Encoding: gzip}}", "/etc/ops/hms-ops.yaml:1:19: E033 'Content-Encoding' is no header that can be set here.")]
    [InlineData("name: a\n---\nname: b", "/etc/ops/hms-ops.yaml:3:1: E001 settings are one document.")]
    [InlineData("name: [", "/etc/ops/hms-ops.yaml:1:8: E001 not YAML: while parsing a node, did not find expected node content.")]
    public void What_is_wrong_in_the_file_is_told_in_its_place(string file, string said) => Assert.Equal([said], Wrong(Sources(file)));

    [Fact]
    public void What_is_wrong_elsewhere_is_told_by_its_name_all_at_once()
    {
        var said = Wrong(Sources("late: {window: x}", ("HMS_LOG_LEVEL", "loud"), ("HMS_LISTEN", "[a"), ("HMS_AUTH_MODE", "local"), ("HMS_SOMEBODY_ELSES", "x"), ("--data", "")));
        Assert.Equal(
            [
                "--data:1:1: E033 expected a folder, got nothing.",
                "/etc/ops/hms-ops.yaml:1:16: E033 expected a duration like 5m, got 'x'.",
                "HMS_AUTH_MODE:1:1: E090 the setting HMS_AUTH_MODE is not in this version.",
                "HMS_LISTEN:1:3: E001 not YAML: while parsing a flow sequence, did not find expected ',' or ']'.",
                "HMS_LOG_LEVEL:1:1: E033 expected debug, info, warn or error, got 'loud'.",
            ],
            said);
    }

    [Fact]
    public void A_list_may_be_given_in_a_variable()
    {
        Assert.Equal(2, Read(Sources(null, ("HMS_LISTEN", "[127.0.0.1:1, 127.0.0.1:2]"))).Listen.Count);
        Assert.Equal("@home", Read(Sources(null, ("--name", "@home"))).Name);
    }

    [Theory]
    [InlineData("0.0.0.0:9900")]
    [InlineData("10.0.0.5:80")]
    [InlineData("\"[::]:9900\"")]
    [InlineData("[127.0.0.1:9900, 192.168.1.2:9900]")]
    public void Listening_to_other_machines_is_refused_for_safety(string listen)
    {
        var refused = Assert.IsType<SettingsOutcome.RefusedForSafety>(SettingsReader.Read(Sources($"listen: {listen}")));
        Assert.Equal(("E100", 9), (refused.Why.Code, refused.Why.Column));
    }

    [Theory]
    [InlineData("127.0.0.1:9900")]
    [InlineData("127.0.0.2:0")]
    [InlineData("localhost:3000")]
    [InlineData("\"[::1]:9900\"")]
    public void This_machine_is_safe(string listen) => Assert.IsType<SettingsOutcome.Read>(SettingsReader.Read(Sources($"listen: {listen}")));

    [Theory]
    [InlineData("late: {window: 200d}", "retention.time = 200d  (default)")]
    [InlineData("retention: {time: 12h}", "late.window = 12h  (default)")]
    public void Of_late_window_and_retention_the_one_nobody_wrote_gives_way(string file, string line) =>
        Assert.Contains(line, Lines(Sources(file)).Select(each => each.ToString()));

    [Fact]
    public void The_file_is_the_named_one_or_the_one_that_lies_here()
    {
        var none = new Dictionary<string, string>();
        Assert.Equal(("/srv/hms-ops.yaml", true), SettingsSources.FileToRead(null, none, "/srv"));
        Assert.Equal(("/etc/a.yaml", false), SettingsSources.FileToRead(null, new Dictionary<string, string> { ["HMS_CONFIG"] = "/etc/a.yaml" }, "/srv"));
        Assert.Equal(("/srv/b.yaml", false), SettingsSources.FileToRead("b.yaml", new Dictionary<string, string> { ["HMS_CONFIG"] = "/etc/a.yaml" }, "/srv"));
    }

    private static SettingsSources Sources(string? file, params (string Name, string? Value)[] given) => Nothing with
    {
        File = file is null ? null : new SettingsFile("/etc/ops/hms-ops.yaml", Encoding.UTF8.GetBytes(file)),
        Flags = given.Where(each => each.Value is not null && each.Name.StartsWith("--")).ToDictionary(each => each.Name, each => each.Value!),
        Environment = given.Where(each => each.Value is not null && !each.Name.StartsWith("--")).ToDictionary(each => each.Name, each => each.Value!),
    };

    private static HubSettings Read(SettingsSources sources) => Assert.IsType<SettingsOutcome.Read>(SettingsReader.Read(sources)).Settings;

    private static IReadOnlyList<SettingLine> Lines(SettingsSources sources) => Assert.IsType<SettingsOutcome.Read>(SettingsReader.Read(sources)).Lines;

    private static IEnumerable<string> Wrong(SettingsSources sources) =>
        Assert.IsType<SettingsOutcome.Wrong>(SettingsReader.Read(sources)).Diagnostics.Select(each => each.ToString());
}
