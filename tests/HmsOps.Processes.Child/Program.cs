using HmsOps.Processes.Scripts;

// ROOT RUN-ID SCRIPT SHA256 ARGUMENTS...: a hub's one call, in a process of its own that can be killed at any instant.
var runs = new ScriptRuns(args[0], TimeProvider.System);
var start = new ScriptStart(args[2], args[3], args[4..], new Dictionary<string, string>(StringComparer.Ordinal), TimeSpan.FromMinutes(1));
Console.WriteLine(await runs.RunAsync(new RunId(args[1]), start, CancellationToken.None));
