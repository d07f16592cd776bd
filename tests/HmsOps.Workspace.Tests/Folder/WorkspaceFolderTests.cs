using System.Text;
using HmsOps.Workspace.Folder;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Tests.Folder;

public sealed class WorkspaceFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_a_workspace_is_made_of_is_read_at_any_depth_and_nothing_else()
    {
        foreach (var path in new[] { "workspace.yaml", "dev/cd/rollback.sh", "a/b/c/alerts/x.yml", "wiki/page.md", "README.md", ".git/config.yml", "artefacts/a/1/x.py", "data.bin" })
            _folder.Write(path, path);
        Assert.Equal(["a/b/c/alerts/x.yml", "dev/cd/rollback.sh", "wiki/page.md", "workspace.yaml"], Take().Files.Keys);
        Assert.Equal("wiki/page.md", Encoding.UTF8.GetString(Take().Files["wiki/page.md"].Span));
    }

    [Fact]
    public void A_link_out_of_the_workspace_is_refused_by_name()
    {
        using var outside = new TemporaryFolder();
        outside.Write("secret.yml", "x");
        _folder.Link("alerts/out.yml", outside.PathOf("secret.yml"));
        _folder.Link("through", outside.Root); // a folder that leads out, and a link that leads through it
        _folder.Link("alerts/through.yml", "../through/secret.yml");
        _folder.Link("alerts/nowhere.yml", "gone.yml");
        _folder.Link("alerts/circle.yml", "circle.yml");

        var snapshot = Take();
        Assert.Empty(snapshot.Files);
        Assert.Equal(
            ["alerts/circle.yml", "alerts/nowhere.yml", "alerts/out.yml", "alerts/through.yml"],
            snapshot.Unreadable.Select(each => each.File).Order(StringComparer.Ordinal));
        Assert.Equal(2, snapshot.Unreadable.Count(each => each.Message == "the link leads out of the workspace."));
        Assert.All(snapshot.Unreadable, each => Assert.Equal("E007", each.Code));
    }

    [Fact]
    public void A_file_under_two_names_is_read_once_under_its_own()
    {
        _folder.Write("z/x.yml", "metric: a_ms\nthreshold: 1\n");
        _folder.Link("alerts/a.yml", "../z/x.yml");
        Assert.Equal(["z/x.yml"], Take().Files.Keys);
    }

    [Fact]
    public void A_mounted_map_of_files_is_read_through_its_links()
    {
        _folder.Write("alerts/..2026_11_20/x.yml", "metric: a_ms\nthreshold: 1\n"); // as Kubernetes mounts a ConfigMap
        _folder.Link("alerts/..data", "..2026_11_20");
        _folder.Link("alerts/x.yml", "..data/x.yml");
        _folder.Link("alerts/y.yml", "..data/x.yml");
        Assert.Equal(["alerts/x.yml"], Take().Files.Keys);
        Assert.Single(WorkspaceReader.Read(Take(), null).Rules);
    }

    [Fact]
    public void A_root_that_is_a_link_is_followed()
    {
        _folder.Write("alerts/x.yml", "x");
        using var other = new TemporaryFolder();
        other.Link("workspace", _folder.Root);
        Assert.Equal(["alerts/x.yml"], new WorkspaceFolder(other.PathOf("workspace")).Take(CancellationToken.None).Files.Keys);
    }

    [Fact]
    public void A_folder_that_is_gone_is_no_empty_workspace() =>
        Assert.ThrowsAny<IOException>(() => new WorkspaceFolder(_folder.PathOf("gone")).Take(CancellationToken.None));

    [Fact]
    public void A_file_over_a_limit_is_refused_by_name_and_not_read()
    {
        _folder.Write("alerts/big.yml", new string('#', 101));
        _folder.Write("alerts/fits.yml", new string('#', 100));
        var listing = new WorkspaceFolder(_folder.Root).List(CancellationToken.None);
        var snapshot = WorkspaceFolder.Read(listing, YamlLimits.Default with { FileBytes = 100 }, CancellationToken.None);
        Assert.Equal(["alerts/fits.yml"], snapshot.Files.Keys);
        Assert.Equal(("alerts/big.yml", "E005"), (Assert.Single(snapshot.Unreadable).File, snapshot.Unreadable[0].Code));
    }

    [Fact]
    public void A_file_deleted_after_it_was_listed_is_left_out()
    {
        _folder.Write("alerts/a.yml", "a");
        _folder.Write("alerts/b.yml", "b");
        var listing = new WorkspaceFolder(_folder.Root).List(CancellationToken.None);
        File.Delete(_folder.PathOf("alerts/a.yml"));
        var snapshot = WorkspaceFolder.Read(listing, YamlLimits.Default, CancellationToken.None);
        Assert.Equal(["alerts/b.yml"], snapshot.Files.Keys);
        Assert.Empty(snapshot.Unreadable);
    }

    [Fact]
    public void A_pipe_is_not_waited_for()
    {
        Directory.CreateDirectory(_folder.PathOf("alerts"));
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [_folder.PathOf("alerts/pipe.yml")]))
            mkfifo.WaitForExit();
        Assert.Equal(0, Take().Files["alerts/pipe.yml"].Length);
    }

    private WorkspaceSnapshot Take() => new WorkspaceFolder(_folder.Root).Take(CancellationToken.None);
}
