using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using static HmsOps.Disk.Tests.LogFixture;

namespace HmsOps.Disk.Tests;

[SupportedOSPlatform("linux")]
public sealed class RealDiskTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hms-ops-disk-").FullName;
    private readonly RealDisk _disk = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_log_on_a_real_disk_comes_back()
    {
        foreach (var options in new[] { Strict, Tolerant })
        {
            var here = options with { Folder = $"{_folder}/{(options.Strict ? "strict" : "tolerant")}/log" };
            using (var log = Open(_disk, here).Log)
                Append(log, here, [.. Enumerable.Range(0, 20).Select(i => Payload(i, 900))]);

            var (again, frames) = Open(_disk, here);
            using (again)
            {
                Assert.True(again.Recovery.IsClean);
                Assert.Equal(20, frames.Count);
                Assert.Equal(frames, ReadAll(again));
            }
        }
    }

    [Fact]
    public void Files_and_folders_are_this_users_alone()
    {
        _disk.CreateFolder($"{_folder}/a/b");
        using (_disk.Create($"{_folder}/a/b/file", 0))
        {
        }
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode($"{_folder}/a"));
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode($"{_folder}/a/b"));
        Assert.Equal(Owner, File.GetUnixFileMode($"{_folder}/a/b/file"));
    }

    [Fact]
    public void A_second_name_shares_the_bytes_and_outlives_the_first()
    {
        _disk.CreateFolder($"{_folder}/copy");
        using (var file = _disk.Create($"{_folder}/file", 0))
            file.Write(0, "bytes"u8);
        _disk.Link($"{_folder}/file", $"{_folder}/copy/file");
        _disk.Delete($"{_folder}/file");
        Assert.Equal("bytes", Encoding.UTF8.GetString(AtomicFile.Read(_disk, $"{_folder}/copy/file")));

        Assert.Contains("copy/file exists", Assert.Throws<IOException>(() => _disk.Link($"{_folder}/copy/file", $"{_folder}/copy/file")).Message);
        Assert.Throws<FileNotFoundException>(() => _disk.Link($"{_folder}/file", $"{_folder}/copy/other"));
    }

    [Fact]
    public void A_new_file_has_its_room_and_is_zeros()
    {
        using var file = _disk.Create($"{_folder}/file", 10_000);
        var content = new byte[20_000];

        Assert.Equal(10_000, file.Length);
        Assert.Equal(10_000, file.Read(0, content));
        Assert.All(content, b => Assert.Equal(0, b));
        Assert.Throws<IOException>(() => _disk.Create($"{_folder}/file", 0));
    }

    [Fact]
    public void Bytes_names_and_lengths_are_as_asked()
    {
        using (var file = _disk.Create($"{_folder}/b", 0))
        {
            file.Write(5, "hello"u8);
            file.SetLength(8);
            file.Flush();
            Assert.Equal(8, file.Length);
        }
        _disk.Rename($"{_folder}/b", $"{_folder}/é");
        using (_disk.Create($"{_folder}/Z", 0))
        {
        }
        _disk.FlushFolder(_folder);

        Assert.Equal(["Z", "é"], _disk.List(_folder));
        Assert.Empty(_disk.List($"{_folder}/none"));
        Assert.Equal("\0\0\0\0\0hel"u8.ToArray(), AtomicFile.Read(_disk, $"{_folder}/é"));
        _disk.Delete($"{_folder}/Z");
        Assert.False(_disk.Exists($"{_folder}/Z"));
        Assert.True(_disk.FreeBytes(_folder) > 0);
        Assert.Throws<FileNotFoundException>(() => _disk.Open($"{_folder}/Z", writable: false));
    }

    [Theory]
    [InlineData("fdatasync", "flush", 5, "Input/output error")]
    [InlineData("fdatasync", "flush", 28, "No space left on device")]
    [InlineData("fsync", "flush-folder", 5, "Input/output error")]
    public void A_flush_the_kernel_refuses_is_heard(string function, string command, int errno, string reason)
    {
        var library = $"{_folder}/refuse.so";
        File.WriteAllText($"{_folder}/refuse.c", $"#include <errno.h>\nint {function}(int d) {{ (void)d; errno = {errno}; return -1; }}\n");
        Assert.Equal("", Run("gcc", ["-shared", "-fPIC", "-o", library, $"{_folder}/refuse.c"]));
        var subject = command == "flush" ? $"{_folder}/file" : _folder;

        var said = RunChild([command, subject], preload: library);
        Assert.Equal($"errno {errno}: Flushing {subject} failed: {reason} (errno {errno}). What was written since the last flush may be lost.", said);
    }

    [Fact]
    public void A_flush_the_kernel_did_succeeds() => Assert.Equal("done", RunChild(["flush", $"{_folder}/file"]));

    [Fact]
    public void A_second_process_is_refused_and_told_who_has_the_folder()
    {
        var data = $"{_folder}/data";
        using (FolderLock.Take(_disk, data, "hms-ops, pid 4711 on clerk-1, since 16:00, at http://127.0.0.1:7070"))
        {
            Assert.Equal(
                $"{data} is in use by hms-ops, pid 4711 on clerk-1, since 16:00, at http://127.0.0.1:7070. Stop that process, or give this one another folder.",
                RunChild(["take", data, "the second"]));
            Assert.Throws<FolderHeldException>(() => FolderLock.Take(_disk, data, "this process again"));
        }
        Assert.Equal("done", RunChild(["take", data, "the second"]));
    }

    [Fact]
    public void A_full_disk_is_said_with_what_to_do()
    {
        // /dev/full answers ENOSPC to every write. A reservation larger than any disk is refused as it is made, and leaves no file behind.
        using var full = _disk.Open("/dev/full", writable: true);
        var failure = Assert.Throws<DiskFullException>(() => full.Write(0, "x"u8));
        Assert.Equal("No room is left for /dev/full: free space on its file system, or move the data folder to a larger one.", failure.Message);
        Assert.Equal(28, failure.Errno);

        Assert.ThrowsAny<IOException>(() => _disk.Create($"{_folder}/huge", 1L << 60));
        Assert.False(File.Exists($"{_folder}/huge"));
    }

    private static string RunChild(string[] arguments, string? preload = null) =>
        Run(Environment.ProcessPath!, ["exec", typeof(Child).Assembly.Location, .. arguments], preload); // tests run under dotnet

    private static string Run(string program, string[] arguments, string? preload = null)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (preload is not null)
            start.Environment["LD_PRELOAD"] = preload;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var said = new StringBuilder();
        process.ErrorDataReceived += (_, line) => said.Append(line.Data);
        process.BeginErrorReadLine();
        var answer = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 ? answer : $"exit {process.ExitCode}: {answer}{said}";
    }
}
