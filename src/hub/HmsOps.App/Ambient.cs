using System.Collections;
using System.Security.Cryptography;
using HmsOps.PromQL;
using HmsOps.Record;

namespace HmsOps.App;

/// <summary>
/// The one place where the program takes time, chance, identifiers, variables and threads from its surroundings; everything else is handed them. A simulation hands
/// others, and the rest of the program cannot tell.
/// </summary>
internal static class Ambient
{
    public static TimeProvider Time => TimeProvider.System;

    public static Random Random { get; } = new();

    public static IIds Ids { get; } = new SystemIds();

    /// <summary>The variables of the environment, as they are now.</summary>
    public static Dictionary<string, string> Variables()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            variables[(string)variable.Key] = (string?)variable.Value ?? "";
        return variables;
    }

    /// <summary>Starts a loop on the pool.</summary>
    public static Task OnPool(Func<Task> loop) => Task.Run(loop);

    /// <summary>Workers on the pool, one a core; the caller is one of them.</summary>
    public static PromWorkers Workers { get; } = new(Environment.ProcessorCount, RunAll);

    private static void RunAll(IReadOnlyList<Action> all)
    {
        var others = new Task[all.Count - 1];
        for (var i = 0; i < others.Length; i++)
            others[i] = Task.Run(all[i + 1]);
        try
        {
            all[0]();
        }
        finally
        {
            Task.WhenAll(others).ContinueWith(static _ => { }, TaskScheduler.Default).Wait(); // all end, whatever one of them throws
        }
        foreach (var other in others)
            other.GetAwaiter().GetResult();
    }

    private sealed class SystemIds : IIds
    {
        public Guid NewId(DateTimeOffset at) => Guid.CreateVersion7(at);

        public void Fill(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);
    }
}
