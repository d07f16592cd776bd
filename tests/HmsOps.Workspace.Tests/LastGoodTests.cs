using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Tests;

public sealed class LastGoodTests
{
    private const string County = "metric: county_api_ms\nthreshold: 1000\nseverity: info\n";
    private const string Heap = "metric: heap_bytes\nthreshold: 2GiB\nseverity: info\n";

    [Fact]
    public void A_broken_file_keeps_its_last_good_version_and_the_others_apply()
    {
        var good = Read(null, ("alerts/a.yml", County), ("alerts/b.yml", Heap));
        var broken = Read(good, ("alerts/a.yml", County + "oops"), ("alerts/b.yml", Heap.Replace("2GiB", "3GiB")));

        Assert.Equal([1000, 3L << 30], broken.Rules.Select(rule => rule.Threshold));
        Assert.Equal([FileState.LastGood, FileState.InForce], broken.Files.Select(file => file.State));
        Assert.Equal(good.Files[0].Sha256, broken.Files[0].Sha256);
        Assert.Equal("E001", Assert.Single(broken.Diagnostics).Code);

        var stillBroken = Read(broken, ("alerts/a.yml", "{"), ("alerts/b.yml", Heap));
        Assert.Equal([1000, 2L << 30], stillBroken.Rules.Select(rule => rule.Threshold));

        var mended = Read(stillBroken, ("alerts/a.yml", County.Replace("1000", "900")), ("alerts/b.yml", Heap));
        Assert.Equal([900, 2L << 30], mended.Rules.Select(rule => rule.Threshold));
        Assert.Empty(mended.Diagnostics);
    }

    [Fact]
    public void A_file_broken_from_the_start_is_refused_and_left_out_of_the_hash()
    {
        var version = Read(null, ("alerts/a.yml", "{"), ("alerts/b.yml", Heap));

        Assert.Equal([FileState.Refused, FileState.InForce], version.Files.Select(file => file.State));
        Assert.Equal(Read(null, ("alerts/b.yml", Heap)).Hash, version.Hash);
    }

    [Fact]
    public void Deleting_a_file_is_an_edit_and_forgets_its_last_good_version()
    {
        var good = Read(null, ("alerts/a.yml", County));
        var gone = Read(good);
        Assert.Empty(gone.Rules);
        Assert.Equal(WorkspaceVersion.Empty.Hash, gone.Hash);
        Assert.Equal(FileState.Refused, Assert.Single(Read(gone, ("alerts/a.yml", "{")).Files).State);
    }

    [Fact]
    public void A_file_that_becomes_a_kind_of_another_version_keeps_what_it_was()
    {
        var good = Read(null, ("alerts/a.yml", County));
        var changed = Read(good, ("alerts/a.yml", "groups: []\n"));
        Assert.Equal(FileState.LastGood, Assert.Single(changed.Files).State);
        Assert.Single(changed.Rules);
    }

    [Fact]
    public void A_file_with_one_bad_document_is_not_taken_by_half()
    {
        var version = Read(null, ("alerts/a.yml", $"{County}---\n{Heap}nonsense: 1\n"), ("mixed.yml", $"{Heap}---\nscaler: x\n"));
        Assert.Empty(version.Rules);
        Assert.All(version.Files, file => Assert.Equal(FileState.Refused, file.State));
        var two = Read(null, ("alerts/a.yml", $"{County}---\n{Heap}"));
        Assert.Equal(["county_api_ms", "heap_bytes"], two.Rules.Select(rule => rule.Name));
    }

    [Fact]
    public void The_hash_follows_paths_and_contents_in_force_and_nothing_else()
    {
        var one = Read(null, ("alerts/a.yml", County), ("cd/rollback_x.sh", "a"));
        Assert.Equal(one.Hash, Read(one, ("cd/rollback_x.sh", "a"), ("alerts/a.yml", County)).Hash);
        Assert.Equal(one.Hash, Read(null, ("alerts/a.yml", County), ("cd/rollback_x.sh", "a"), ("notes.txt", "b")).Hash);
        Assert.Equal(one.Hash, Read(one, ("alerts/a.yml", County + "}"), ("cd/rollback_x.sh", "a")).Hash);
        Assert.NotEqual(one.Hash, Read(null, ("alerts/a.yml", County), ("cd/rollback_x.sh", "b")).Hash);
        Assert.NotEqual(one.Hash, Read(null, ("alerts/b.yml", County), ("cd/rollback_x.sh", "a")).Hash);
    }

    [Fact]
    public void The_same_bytes_are_not_read_twice()
    {
        var one = Read(null, ("alerts/a.yml", County));
        Assert.Same(one.Files[0].Reading, Read(one, ("alerts/a.yml", County), ("alerts/b.yml", Heap)).Files[0].Reading);
    }

    [Fact]
    public void A_rule_keeps_its_identity_when_its_text_changes_and_gets_another_citation()
    {
        var before = Assert.Single(Read(null, ("alerts/a.yml", County)).Rules);
        var after = Assert.Single(Read(null, ("alerts/a.yml", County.Replace("1000", "900"))).Rules);
        Assert.Equal(before.Id, after.Id);
        Assert.NotEqual(before.Citation, after.Citation);
        Assert.NotEqual(before.Id, Assert.Single(Read(null, ("alerts/b.yml", County)).Rules).Id);
    }

    [Fact]
    public void Without_strictness_unknown_keys_only_warn()
    {
        var files = new[] { ("workspace.yaml", "strict: false\ninterval: 30s\nexternal_labels: {agency: opm}\n"), ("alerts/a.yml", County + "colour: red\n") };
        var version = Read(null, files);
        Assert.Single(version.Rules);
        Assert.Equal(Severity.Warning, Assert.Single(version.Diagnostics).Severity);
        Assert.Equal(TimeSpan.FromSeconds(30), version.Interval);
        Assert.Equal([KeyValuePair.Create("agency", "opm")], version.ExternalLabels);
        // Strictness back on: the same bytes are read again, and the file that was taken keeps its last good version.
        Assert.Equal(FileState.LastGood, Read(version, files[1]).Files.Single().State);
    }

    [Fact]
    public void The_stricter_of_two_guardrails_holds()
    {
        var version = Read(
            null,
            ("policies/a.yaml", "guardrails: {rollback: {cooldown: 5m, per_hour: 4}}\n"),
            ("policies/b.yaml", "guardrails: {rollback: {cooldown: 20m, per_hour_in_all: 3}}\n---\nguardrails: {rollback: {per_hour: 1}}\n"));
        Assert.Empty(version.Diagnostics);
        Assert.Equal(new Guardrails.ActLimits(TimeSpan.FromMinutes(20), 1, 3), version.Limits);
        Assert.Equal(Guardrails.ActLimits.Default, Read(null).Limits);
    }

    [Fact]
    public void A_channel_two_files_configure_belongs_to_the_first()
    {
        var version = Read(
            null,
            ("roster.yaml", "channels: {webhook: {url: https://two.gov/, secret: '${secret:pages}'}}\n"),
            ("roster/a.yaml", "channels: {webhook: {url: https://one.gov/}}\n"));
        Assert.Equal(new Paging.WebhookChannel(new Uri("https://two.gov/"), "pages"), version.Channels.Webhook);
        Assert.Equal("roster/a.yaml:1:1: W231 the channel 'webhook' is configured by another file already; this one is not used.", Assert.Single(version.Diagnostics).ToString());
    }

    [Fact]
    public void Two_scripts_of_one_name_are_none()
    {
        var version = Read(null, ("cd/rollback_x.sh", "a"), ("scripts/Rollback_X.py", "b"), ("cd/other.sh", "c"), ("src/rollback_y.py", "d"));
        Assert.Equal(["other"], version.Scripts.Keys);
        Assert.Equal(["E054", "E054"], version.Diagnostics.Select(each => each.Code));
        Assert.DoesNotContain(version.Files, file => file.Path == "src/rollback_y.py");
    }

    [Fact]
    public void A_script_may_lie_beside_a_services_manifest()
    {
        var version = Read(null, ("hms-ops/services/permit/service.yaml", "name: permit\nmetrics_url: http://x/\n"), ("hms-ops/services/permit/rollback_permit.py", "a"));
        Assert.Equal("hms-ops/services/permit/rollback_permit.py", version.Scripts["rollback_permit"].Path);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "E005")]
    public void A_file_at_the_limit_is_read_and_one_above_is_not(int above, string code)
    {
        var limits = YamlLimits.Default with { FileBytes = County.Length - above };
        var version = WorkspaceReader.Read(WorkspaceSnapshot.Of(("alerts/a.yml", County)), null, limits);
        Assert.Equal(code, version.Diagnostics.SingleOrDefault()?.Code ?? "");
        Assert.Equal(above == 0 ? 1 : 0, version.Rules.Count);
    }

    [Theory]
    [InlineData("none", 3)]
    [InlineData("files", 2)]
    [InlineData("bytes", 2)]
    [InlineData("runbook", 2)]
    public void Limits_of_the_whole_refuse_by_name_what_is_beyond_them(string limit, int taken)
    {
        const string Page = "# A page\nwith more than a line\n";
        var limits = limit switch
        {
            "files" => YamlLimits.Default with { Files = 2 },
            "bytes" => YamlLimits.Default with { TotalBytes = County.Length + Heap.Length + Page.Length - 1 },
            "runbook" => YamlLimits.Default with { RunbookBytes = Page.Length - 1 },
            _ => YamlLimits.Default with { Files = 3, TotalBytes = County.Length + Heap.Length + Page.Length, RunbookBytes = Page.Length },
        };
        var version = WorkspaceReader.Read(WorkspaceSnapshot.Of(("alerts/a.yml", County), ("alerts/b.yml", Heap), ("wiki/page.md", Page)), null, limits);

        Assert.Equal(taken, version.Files.Count(file => file.State == FileState.InForce));
        Assert.Equal(3 - taken, version.Diagnostics.Count(each => each is { Code: "E005", File: "wiki/page.md" }));
    }

    [Fact]
    public void What_the_folder_could_not_read_keeps_its_last_good_version()
    {
        var good = Read(null, ("alerts/a.yml", County));
        var why = new Diagnostic("alerts/a.yml", 1, 1, 1, 1, "E007", Severity.Error, "cannot be read.", "Let the hub's user read it.");
        var version = WorkspaceReader.Read(new WorkspaceSnapshot([], [why]), good);
        Assert.Equal(FileState.LastGood, Assert.Single(version.Files).State);
        Assert.Equal(good.Hash, version.Hash);
        Assert.Equal([why], version.Diagnostics);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("alerts/../../x.yml")]
    [InlineData("")]
    public void A_snapshot_takes_no_path_outside_its_root(string path) =>
        Assert.Throws<ArgumentException>(() => WorkspaceSnapshot.Of((path, "")));

    [Theory]
    [InlineData(".git/config.yaml")]
    [InlineData("artefacts/permit/7/app.py")]
    [InlineData("a/.hidden/b.yml")]
    [InlineData("README.md")]
    public void What_is_no_part_of_a_workspace_is_not_read(string path) => Assert.Empty(Read(null, (path, "}")).Files);

    private static WorkspaceVersion Read(WorkspaceVersion? previous, params (string, string)[] files) =>
        WorkspaceReader.Read(WorkspaceSnapshot.Of(files), previous);
}
