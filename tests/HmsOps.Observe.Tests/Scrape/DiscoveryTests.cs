using System.Net;
using HmsOps.Net.Names;

namespace HmsOps.Observe.Tests.Scrape;

public sealed class DiscoveryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hms-targets-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Active(ScrapeWorld world) =>
        string.Join(", ", world.Scrapes.Targets.Active.Select(t => $"{t.Target.Set.Job} {t.Target.Url.Authority}{t.Target.Url.PathAndQuery}").Order(StringComparer.Ordinal));

    private static ScrapeWorld Import(string job, string folder = "/nonexistent")
    {
        var world = new ScrapeWorld { Folder = folder, Sets = ScrapeWorld.SetsOf($"scrape_configs:\n- {job}\n", "imports/prometheus.yml") };
        foreach (var host in new[] { "a", "b", "c", "10.0.0.1", "[::1]" })
            world.Answers[host] = _ => "m 1\n";
        return world;
    }

    [Fact]
    public void Targets_written_down_are_relabelled_before_they_are_asked()
    {
        var world = Import("{job_name: j, static_configs: [{targets: ['a:1', 'b:2', 'c:3'], labels: {env: prod}}], relabel_configs: [{source_labels: [__address__], regex: 'b:.*', action: drop}, {source_labels: [__address__], regex: '(.*):.*', target_label: instance}, {target_label: __metrics_path__, replacement: /probe}, {target_label: __param_module, replacement: x}]}");
        world.Run(20);
        Assert.Equal("j a:1/probe?module=x, j c:3/probe?module=x", Active(world));
        Assert.Equal("__address__", world.Scrapes.Targets.Dropped.Select(d => d.Discovered.ToString().Contains("b:2", StringComparison.Ordinal) ? "__address__" : "").Single());
        Assert.Contains(world.Sink.Samples, s => s.Series == "m{env=\"prod\", instance=\"a\", job=\"j\"}");
    }

    [Fact]
    public void Files_are_followed_and_a_broken_one_changes_nothing()
    {
        var file = Path.Combine(_folder, "targets.json");
        File.WriteAllText(file, """[{"targets": ["a:1"], "labels": {"env": "x"}}]""");
        var world = Import("{job_name: j, file_sd_configs: [{files: ['*.json'], refresh_interval: 5s}]}", _folder);
        world.Run(
            60,
            (20, () =>
            {
                Assert.Equal("j a:1/metrics", Active(world));
                File.WriteAllText(file, "[{\"targets\": [");
            }
        ),
            (30, () =>
            {
                Assert.Equal("j a:1/metrics", Active(world));
                Assert.Contains("targets.json:1:", Assert.Single(world.Scrapes.Targets.Problems));
                File.WriteAllText(file, """[{"targets": ["b:22"]}]""");
            }
        ));
        Assert.Equal("j b:22/metrics", Active(world));
        Assert.Empty(world.Scrapes.Targets.Problems);
    }

    [Fact]
    public void A_file_that_leads_out_of_the_workspace_is_not_read()
    {
        var outside = Directory.CreateTempSubdirectory("hms-outside-").FullName;
        File.WriteAllText(Path.Combine(outside, "t.json"), """[{"targets": ["a:1"]}]""");
        File.CreateSymbolicLink(Path.Combine(_folder, "t.json"), Path.Combine(outside, "t.json"));
        var world = Import("{job_name: j, file_sd_configs: [{files: [t.json]}]}", _folder);
        world.Run(20);
        Assert.Equal("", Active(world));
        Assert.Contains("leads out of", Assert.Single(world.Scrapes.Targets.Problems));
        Directory.Delete(outside, recursive: true);
    }

    [Fact]
    public void Replicas_are_asked_as_their_service_says()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "run"));
        File.WriteAllText(Path.Combine(_folder, "run", "permit.json"), """[{"targets": ["a:42000"], "labels": {"service": "permit-svc", "track": "canary"}}]""");
        var world = new ScrapeWorld { Folder = _folder, Sets = ScrapeWorld.SetsOf("name: permit-svc\nmetrics_url: http://b:1/m\n") };
        world.Answers["a"] = world.Answers["b"] = _ => "m 1\n";
        world.Run(20);
        Assert.Equal("permit-svc a:42000/m, permit-svc b:1/m", Active(world));
        Assert.Contains(world.Sink.Samples, s => s.Series == "m{instance=\"a:42000\", job=\"permit-svc\", service=\"permit-svc\", track=\"canary\"}");
    }

    [Fact]
    public void Lists_asked_for_and_names_looked_up_become_targets()
    {
        var http = Import("{job_name: j, http_sd_configs: [{url: 'http://inventory/targets'}]}");
        http.Lists["http://inventory/targets"] = """[{"targets": ["a:1"]}]""";
        http.Run(20);
        Assert.Equal("j a:1/metrics", Active(http));

        var dns = Import("{job_name: j, dns_sd_configs: [{names: [_m._tcp.opm.gov]}, {names: [x.opm.gov], type: A, port: 9}]}");
        dns.Names["_m._tcp.opm.gov"] = [new DnsRecord(null, "b", 7)];
        dns.Names["x.opm.gov"] = [new DnsRecord(IPAddress.Parse("10.0.0.1"), "", 0)];
        dns.Run(20);
        Assert.Equal("j 10.0.0.1:9/metrics, j b:7/metrics", Active(dns));
    }

    [Fact]
    public void A_change_leaves_the_others_where_they_are()
    {
        var world = Import("{job_name: j, static_configs: [{targets: ['a:1', 'b:2']}]}");
        world.Run(90, (40, () => world.Sets = ScrapeWorld.SetsOf("scrape_configs:\n- {job_name: j, static_configs: [{targets: ['a:1', 'c:3']}]}\n", "imports/prometheus.yml")));
        var a = world.Sink.Samples.Where(s => s.Series == "m{instance=\"a:1\", job=\"j\"}").Select(s => s.Time).ToList();
        Assert.All(a.Zip(a.Skip(1)), pair => Assert.Equal(15_000, pair.Second - pair.First));
        Assert.Contains(world.Sink.Samples, s => s is { Series: "m{instance=\"b:2\", job=\"j\"}", Value: "stale" });
        Assert.Contains(world.Sink.Samples, s => s.Series == "m{instance=\"c:3\", job=\"j\"}");
    }

    [Fact]
    public void Clashing_labels_are_exported_or_honoured()
    {
        var world = Import("{job_name: j, static_configs: [{targets: ['a:1'], labels: {env: ours}}]}");
        world.Answers["a"] = _ => "m{env=\"theirs\",exported_env=\"x\"} 1\n";
        world.Run(20);
        Assert.Contains(world.Sink.Samples, s => s.Series == "m{env=\"ours\", exported_env=\"x\", exported_exported_env=\"theirs\", instance=\"a:1\", job=\"j\"}");

        var honest = Import("{job_name: j, honor_labels: true, static_configs: [{targets: ['a:1'], labels: {env: ours}}]}");
        honest.Answers["a"] = _ => "m{env=\"theirs\"} 1\nn{env=\"\"} 1\n";
        honest.Run(20);
        Assert.Contains(honest.Sink.Samples, s => s.Series == "m{env=\"theirs\", instance=\"a:1\", job=\"j\"}");
        Assert.Contains(honest.Sink.Samples, s => s.Series == "n{instance=\"a:1\", job=\"j\"}");
    }
}
