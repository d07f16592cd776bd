using HmsOps.Act.Targets;

namespace HmsOps.App.Tests.World;

/// <summary>
/// The machine that runs scripts, seen from outside the hub: it goes on when the hub dies. A run is claimed under its key before it starts, its effect on the
/// world happens half-way, and it leaves an exit code.
/// </summary>
internal sealed class SimulatedScripts(Action<string> effect)
{
    private readonly Action<string> _effect = effect;
    private readonly Dictionary<EffectKey, Run> _runs = [];

    /// <summary>Every script that was really run, in order.</summary>
    public List<string> Executed { get; } = [];

    public int ExitCode { get; set; }

    /// <summary>How long the next script runs.</summary>
    public TimeSpan Takes { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>When a hub had old runs forgotten.</summary>
    public List<DateTimeOffset> CleanUps { get; } = [];

    /// <summary>The runner a hub gets; it dies with the hub, the runs do not.</summary>
    public IScriptRunner ForHub(TimeProvider time) => new Runner(this, time);

    private sealed class Run(string path, DateTimeOffset endsAt)
    {
        public string Path => path;

        public DateTimeOffset EndsAt => endsAt;

        public bool TookEffect { get; set; }

        /// <summary>Completes when a hub that stopped ended it; its continuations stay on the one thread.</summary>
        public TaskCompletionSource Stopped { get; } = new();
    }

    private sealed class Runner(SimulatedScripts scripts, TimeProvider time) : IScriptRunner
    {
        public async Task<ScriptOutcome> RunAsync(ScriptCall call, EffectKey key, CancellationToken cancellationToken)
        {
            if (!scripts._runs.TryGetValue(key, out var run))
            {
                run = new Run(call.Path, time.GetUtcNow() + scripts.Takes);
                scripts._runs.Add(key, run);
            }
            return await EndOfAsync(run, cancellationToken);
        }

        public async Task<ScriptOutcome> FindAsync(EffectKey key, CancellationToken cancellationToken)
        {
            if (!scripts._runs.TryGetValue(key, out var run))
                return new ScriptOutcome.NeverStarted();
            return await EndOfAsync(run, cancellationToken);
        }

        public Task EndAllAsync(CancellationToken cancellationToken)
        {
            foreach (var run in scripts._runs.Values.Where(r => r.EndsAt > time.GetUtcNow()))
                run.Stopped.TrySetResult();
            return Task.CompletedTask;
        }

        public int CleanUp()
        {
            scripts.CleanUps.Add(time.GetUtcNow());
            return 0;
        }

        private async Task<ScriptOutcome> EndOfAsync(Run run, CancellationToken cancellationToken)
        {
            var wait = run.EndsAt - time.GetUtcNow();
            if (wait > TimeSpan.Zero)
                await Task.WhenAny(Task.Delay(wait, time, cancellationToken), run.Stopped.Task);
            cancellationToken.ThrowIfCancellationRequested();
            if (run.Stopped.Task.IsCompleted)
                return new ScriptOutcome.Unknown("the hub was stopped and ended it");
            if (!run.TookEffect)
            {
                run.TookEffect = true;
                scripts.Executed.Add(run.Path);
                scripts._effect(run.Path);
            }
            return new ScriptOutcome.Exited(scripts.ExitCode, $"ran {run.Path}\n", scripts.Takes);
        }
    }
}
