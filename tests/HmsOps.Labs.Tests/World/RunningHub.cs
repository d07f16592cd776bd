using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace HmsOps.Labs.Tests.World;

/// <summary>A hub of its own: the real program on a free port of this machine, seen only from outside.</summary>
internal sealed partial class RunningHub : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60); // a disk that others keep busy may take long to flush
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly Process _process;

    private RunningHub(Process process) => _process = process;

    public Lines Output { get; } = new();

    public Lines Log { get; } = new();

    public int Pid => _process.Id;

    public Uri Address { get; private set; } = new("http://127.0.0.1/");

    public HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>From the program's start to its ready line, on our clock.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>As people write it: without a slash at the end.</summary>
    public string Url => Address.ToString().TrimEnd('/');

    public static Task<RunningHub> StartAsync(LabFolder lab, params string[] more) => StartAsync(lab, environment: null, more);

    public static async Task<RunningHub> StartAsync(LabFolder lab, IReadOnlyDictionary<string, string?>? environment, params string[] more)
    {
        string[] arguments = ["serve", "--workspace", lab.Workspace, "--data", lab.Data, "--listen", "127.0.0.1:0", "--timezone", "UTC", .. more];
        var program = await Checkout.ProgramAsync();
        return await ReadyAsync(() => Ended.Start(program, arguments, lab.Root, environment));
    }

    /// <summary>A hub that somebody else's command starts, once it says that it is up.</summary>
    public static async Task<RunningHub> ReadyAsync(Func<Process> start)
    {
        var began = Stopwatch.GetTimestamp();
        var hub = new RunningHub(start());
        hub._process.OutputDataReceived += hub.Output.Take;
        hub._process.ErrorDataReceived += hub.Log.Take;
        hub._process.BeginOutputReadLine();
        hub._process.BeginErrorReadLine();
        try
        {
            var ready = await hub.Output.FirstAsync(line => ReadyLine().IsMatch(line), ReadyWithin, "HMS-OPS is up on");
            hub.ReadyAfter = Stopwatch.GetElapsedTime(began);
            hub.Address = new Uri(ReadyLine().Match(ready).Groups[1].Value);
            hub.Http.BaseAddress = hub.Address;
            return hub;
        }
        catch (TimeoutException e)
        {
            await hub.DisposeAsync();
            throw new TimeoutException($"{e.Message}\nIts log:\n{string.Join('\n', hub.Log.All)}", e);
        }
    }

    /// <summary>SIGTERM; answers the exit code and how long it took.</summary>
    public async Task<(int Code, TimeSpan Took)> StopAsync()
    {
        var began = Stopwatch.GetTimestamp();
        await SignalAsync("TERM");
        await EndAsync();
        return (_process.ExitCode, Stopwatch.GetElapsedTime(began));
    }

    /// <summary>Sends a signal, and waits for nothing.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits until it has ended by itself; answers the exit code.</summary>
    public async Task<int> CodeAsync()
    {
        await EndAsync();
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: this process only, as a crash would; a script it started goes on.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await EndAsync();
    }

    public async Task<(int Status, string Body)> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async Task<JsonElement> JsonAsync(string path)
    {
        var (status, body) = await GetAsync(path);
        Assert.True(status == 200, $"GET {path}: {status} {body}");
        using var json = JsonDocument.Parse(body);
        return json.RootElement.Clone();
    }

    public async Task<(int Status, string Body)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(path, UriKind.Relative), content);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Asks again every 100 ms until the answer's text is as wanted: an outside observer has no event to wait for.</summary>
    public async Task<string> UntilAsync(string path, Func<string, bool> wanted, TimeSpan within)
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(LookEvery);
        while (true)
        {
            var (_, body) = await GetAsync(path);
            if (wanted(body))
                return body;
            if (Stopwatch.GetElapsedTime(began) > within)
                throw new TimeoutException($"GET {path} did not become as wanted within {within.TotalSeconds:0} s. Last answer:\n{body}");
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
        Http.Dispose();
    }

    private async Task EndAsync()
    {
        using var deadline = new CancellationTokenSource(EndsWithin);
        await _process.WaitForExitAsync(deadline.Token);
    }

    [GeneratedRegex(@"^HMS-OPS is up on (http://[0-9.:]+) \([0-9.]+ s\)$")]
    private static partial Regex ReadyLine();
}
