using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using HmsOps.Processes.Scripts;
using HmsOps.Processes.Trees;

namespace HmsOps.Processes.Tests.Support;

/// <summary>A folder of scripts, a folder of runs, and signals between a test and a real script. At its end no process of its runs is left.</summary>
internal sealed class ScriptWorld
{
    /// <summary>A real process that does not get so far in this time never will.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hms-ops-processes-");

    public ScriptWorld()
    {
        Id = new RunId(_folder.Name); // suites run side by side, and find their processes by it
        Runs = NewHub();
    }

    public LeapTime Time { get; } = new();

    public ScriptRuns Runs { get; }

    public string Root => Path.Combine(_folder.FullName, "runs");

    public RunId Id { get; }

    public RunFolder Folder => new(Path.Combine(Root, Id.Value), Id);

    /// <summary>Another one on the same folder: what a hub is after its restart.</summary>
    public ScriptRuns NewHub() => new(Root, Time);

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public ScriptStart Script(string text, params string[] arguments) => Script("script.sh", text, arguments);

    public ScriptStart Script(string name, string text, string[] arguments)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return StartOf(path, arguments);
    }

    public static ScriptStart StartOf(string path, params string[] arguments) => new(
        path, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), arguments, new Dictionary<string, string>(StringComparer.Ordinal),
        TimeSpan.FromMinutes(5));

    public Task<RunOutcome> Run(ScriptStart start) => Runs.RunAsync(Id, start, CancellationToken.None).WaitAsync(Patience);

    public Task<RunOutcome> Find() => NewHub().FindAsync(Id, CancellationToken.None).WaitAsync(Patience);

    /// <summary>A named pipe: opening it waits for the other side, so it is an event between processes.</summary>
    public string Pipe(string name)
    {
        var path = PathOf(name);
        using var made = Process.Start("mkfifo", path);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
        return path;
    }

    /// <summary>What a script writes into a pipe, once it has.</summary>
    public static Task<string> Heard(string pipe) => Apart(() =>
    {
        using var stream = new FileStream(pipe, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().TrimEnd('\n');
    });

    /// <summary>Writes into a pipe a script reads.</summary>
    public static Task Say(string pipe, string text) => Apart(() =>
    {
        using var stream = new FileStream(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.Write(Encoding.UTF8.GetBytes(text + "\n"));
        return true;
    });

    /// <summary>Starts a run as a hub that dies at once after: nobody waits for it.</summary>
    public async Task Abandon(ScriptStart start, string begunPipe)
    {
        using var death = new CancellationTokenSource();
        var waiting = Runs.RunAsync(Id, start, death.Token);
        await Heard(begunPipe);
        death.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    /// <summary>Living processes that carry the run's mark, in whatever session.</summary>
    public IReadOnlyList<int> Processes =>
        [.. ProcessTable.All().Where(process => !process.IsDead && ProcessTable.Carries(process.Pid, Id.Mark)).Select(process => process.Pid)];

    /// <summary>Ends what is left of the run, and removes the folder.</summary>
    public async Task CloseAsync()
    {
        if (Folder.Exists && Folder.Claim is RunClaim.Started claim)
        {
            var ending = Folder.Tree(claim).EndAsync(Time);
            Time.Leap(SessionTree.Grace);
            Assert.Empty(await ending.WaitAsync(Patience));
        }
        _folder.Delete(recursive: true);
    }

    private static Task<T> Apart<T>(Func<T> wait) =>
        Task.Factory.StartNew(wait, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(Patience);
}
