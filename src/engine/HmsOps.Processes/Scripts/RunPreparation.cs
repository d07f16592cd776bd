using System.Security.Cryptography;
using System.Text.Json;

namespace HmsOps.Processes.Scripts;

/// <summary>
/// Makes runs' folders and takes them away. A folder is filled under a name of its own (<c>.new-…</c>) and then renamed, so that a folder
/// with a run's name is always complete; it is renamed away (<c>.old-…</c>) before it is deleted, so that it never loses its claim first.
/// </summary>
internal sealed class RunPreparation(string root, TimeProvider time)
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // A script is text that people read before they let it act.
    private const int ScriptBytesMax = 1 << 20;

    private int _made;

    /// <summary>Gives the run its folder, ready to be started; why not, when the script cannot be.</summary>
    public string? Prepare(RunFolder run, ScriptStart start)
    {
        if (ScriptEnvironment.Objection(start.Environment) is { } objection)
            return objection;
        if (start.Arguments.Any(argument => argument.Contains('\0')))
            return "An argument holds a NUL character, which no program can be given.";
        if (ReadScript(start, out var content) is { } unreadable)
            return unreadable;
        var (interpreter, noInterpreter) = Interpreter.Find(start.Path, content);
        if (noInterpreter is not null)
            return noInterpreter;

        var call = new RunCall(
            RunCall.CurrentFormat, start.Path, Convert.ToHexStringLower(SHA256.HashData(content)), interpreter, [.. start.Arguments], start.Timeout,
            time.GetUtcNow() + start.Timeout);
        Publish(run, aside =>
        {
            File.WriteAllBytes(aside.ScriptFile, content);
            Shim.WriteTo(aside.ShimFile);
            File.WriteAllBytes(Path.Combine(aside.Path, "call"), JsonSerializer.SerializeToUtf8Bytes(call, RunJson.Default.RunCall));
        });
        return null;
    }

    /// <summary>Gives a run that has none a folder that says it never starts.</summary>
    public void Withdraw(RunFolder run) => Publish(run, aside => aside.TryWithdraw());

    /// <summary>Takes a folder away; what is left of it is deleted by <see cref="RemoveLeftovers"/>.</summary>
    public void Discard(RunFolder run) => Directory.Move(run.Path, Aside("old", run.Id));

    /// <summary>Deletes what was taken away, and what was begun and never finished before an instant. Answers how many folders were taken away.</summary>
    public int RemoveLeftovers(DateTime before)
    {
        var discarded = 0;
        foreach (var folder in new DirectoryInfo(root).EnumerateDirectories(".*"))
        {
            var isOld = folder.Name.StartsWith(".old-", StringComparison.Ordinal);
            if (!isOld && folder.LastWriteTimeUtc >= before)
                continue;
            folder.Delete(recursive: true);
            discarded += isOld ? 1 : 0;
        }
        return discarded;
    }

    private static string? ReadScript(ScriptStart start, out byte[] content)
    {
        content = [];
        var file = new FileInfo(start.Path);
        if (!file.Exists)
            return $"{start.Path} is not there: put the script back, or name another.";
        if (file.Length > ScriptBytesMax)
            return $"{start.Path} has {file.Length} bytes; a script has at most {ScriptBytesMax}.";
        try
        {
            content = File.ReadAllBytes(start.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{start.Path} cannot be read: {e.Message}";
        }
        var found = Convert.ToHexStringLower(SHA256.HashData(content));
        return found.Equals(start.Sha256, StringComparison.OrdinalIgnoreCase)
            ? null
            : $"{start.Path} was changed since it was decided to run it (sha256 {start.Sha256} then, {found} now): look at it, and decide anew.";
    }

    private void Publish(RunFolder run, Action<RunFolder> fill)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException();
        var aside = new RunFolder(Aside("new", run.Id), run.Id);
        Directory.CreateDirectory(aside.Path, OwnerOnly);
        fill(aside);
        try
        {
            Directory.Move(aside.Path, run.Path);
        }
        catch (IOException) when (run.Exists)
        {
            Directory.Delete(aside.Path, recursive: true); // another call was faster: its folder is the run's
        }
    }

    // Unique among the calls of this process; what a process of the same number left behind is in nobody's hands any more.
    private string Aside(string kind, RunId id)
    {
        var path = Path.Combine(root, $".{kind}-{id}-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}");
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        return path;
    }
}
