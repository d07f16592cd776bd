using System.Text.Json;
using HmsOps.Processes.Text;
using HmsOps.Processes.Trees;

namespace HmsOps.Processes.Scripts;

/// <summary>
/// One run's folder, read and written without memory: what it says is the truth, whoever asks. The two facts that must be settled once,
/// who may start the script (<c>claim</c>) and how it ended (<c>end</c>), are symbolic links: the kernel makes one in a single step, content
/// included, and only if there is none. Drawn in docs/formats/script-run.md.
/// </summary>
internal sealed class RunFolder(string path, RunId id)
{
    /// <summary>Kept of what a script writes; the shim's limit is the same.</summary>
    public const int OutputKept = 1 << 20;

    private const int OutputAnswered = 4096;

    public string Path { get; } = path;

    public RunId Id { get; } = id;

    public bool Exists => Directory.Exists(Path);

    public string ScriptFile => In("script");

    public string ShimFile => In("shim");

    public RunClaim? Claim => Read("claim", RunClaim.Parse);

    public RunEnd? End => Read("end", RunEnd.Parse);

    /// <summary>True when all that was written has reached the file; what comes later, from processes left behind, is not awaited.</summary>
    public bool IsDrained => LinkTarget("drained") is not null;

    /// <summary>What was to be run; null for a run that never was to.</summary>
    public RunCall? Call
    {
        get
        {
            if (!File.Exists(In("call")))
                return null;
            try
            {
                var call = JsonSerializer.Deserialize(File.ReadAllBytes(In("call")), RunJson.Default.RunCall);
                return call is { Format: RunCall.CurrentFormat, Interpreter.Count: > 0 } ? call : throw NotOurs("call", call?.Format ?? "null");
            }
            catch (JsonException e)
            {
                throw NotOurs("call", e.Message);
            }
        }
    }

    /// <summary>Takes the run so that nobody starts it any more; false when it was claimed before.</summary>
    public bool TryWithdraw() => TryLink("claim", new RunClaim.Withdrawn().ToString());

    /// <summary>Writes down that we end it; false when it has an end already.</summary>
    public bool TryEnd(RunEndKind kind) => TryLink("end", new RunEnd(kind, 0, ProcessTable.Uptime()).ToString());

    /// <summary>The tree of processes a claim started.</summary>
    public SessionTree Tree(RunClaim.Started claim) => new(claim.Shim, Id.Mark);

    /// <summary>The first part of what the script wrote, for people.</summary>
    public string Output()
    {
        var (bytes, length) = Beginning("output", OutputAnswered);
        var isCut = length > OutputAnswered || LinkTarget("drained") == "cut" || length >= OutputKept;
        return VisibleText.Of(bytes, OutputAnswered, $"\n[… more was written: {(length < OutputKept ? "all" : "the first 1 MiB")} of it is in {In("output")}]", isCut);
    }

    /// <summary>What the shim itself complained about, in one line; empty when it did not.</summary>
    public string ShimLog() => VisibleText.Of(Beginning("shim.log", 512).Bytes, 512, "…").Trim().ReplaceLineEndings("; ");

    /// <summary>The last time something was settled here.</summary>
    public DateTime TouchedUtc()
    {
        var at = Directory.GetLastWriteTimeUtc(Path);
        foreach (var name in (ReadOnlySpan<string>)["claim", "end", "drained"])
        {
            var link = new FileInfo(In(name));
            if (link.LinkTarget is not null && link.LastWriteTimeUtc > at)
                at = link.LastWriteTimeUtc;
        }
        return at;
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private string? LinkTarget(string name) => new FileInfo(In(name)).LinkTarget;

    private T? Read<T>(string name, Func<string, T?> parse)
        where T : class
    {
        if (LinkTarget(name) is { } text)
            return parse(text) ?? throw NotOurs(name, text);
        return File.Exists(In(name)) ? throw NotOurs(name, "a file, not a symbolic link") : null;
    }

    private bool TryLink(string name, string text)
    {
        try
        {
            File.CreateSymbolicLink(In(name), text);
            return true;
        }
        catch (IOException) when (Read(name, text => text) is not null)
        {
            return false;
        }
    }

    private (byte[] Bytes, long Length) Beginning(string name, int bytesMax)
    {
        if (!File.Exists(In(name)))
            return ([], 0);
        // Shared for writing too: what a script left behind may still write here.
        using var file = new FileStream(In(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[Math.Min(file.Length, bytesMax)];
        var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return (bytes[..read], file.Length);
    }

    private InvalidDataException NotOurs(string name, string found) => new(
        $"{In(name)} says '{VisibleText.Of(found)}', which this version did not write: a newer hub wrote this folder, or someone changed it. "
        + "Look at what the run did, then move the folder away.");
}
