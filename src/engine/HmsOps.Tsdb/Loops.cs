namespace HmsOps.Tsdb;

/// <summary>Loops that live and end together.</summary>
internal static class Loops
{
    /// <summary>Runs them until they are stopped. A bug in one ends them all, so that it is seen.</summary>
    public static async Task RunAsync(CancellationToken stopping, params Func<CancellationToken, Task>[] loops)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAll(loops.Select(loop => RunAsync(loop, ending)));
    }

    private static async Task RunAsync(Func<CancellationToken, Task> loop, CancellationTokenSource ending)
    {
        try
        {
            await loop(ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The orderly end of a loop.
        }
        catch
        {
            ending.Cancel();
            throw;
        }
    }
}
