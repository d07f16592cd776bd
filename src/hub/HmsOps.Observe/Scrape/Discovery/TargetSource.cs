namespace HmsOps.Observe.Scrape.Discovery;

/// <summary>Targets with the labels they share, as discovery finds them.</summary>
/// <param name="Addresses">Of each the label <c>__address__</c>.</param>
/// <param name="Labels">Labels of all of them.</param>
public sealed record TargetGroup(IReadOnlyList<string> Addresses, IReadOnlyList<KeyValuePair<string, string>> Labels);

/// <summary>
/// A place where targets are found, looked at again and again. What was found last stays when a look fails: a file half written or an inventory that is away does not end what
/// is being scraped.
/// </summary>
internal abstract class TargetSource(TimeSpan every, TimeProvider time)
{
    private IReadOnlyList<TargetGroup>? _found;
    private string? _problem;

    /// <summary>What was found; null until the first look succeeded.</summary>
    public IReadOnlyList<TargetGroup>? Found => Volatile.Read(ref _found);

    /// <summary>Why the last look failed; null when it did not.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Looks until stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await LookAsync(stopping);
                await Task.Delay(every, time, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // It is no longer wanted.
        }
    }

    /// <summary>Looks once. Null: nothing has changed.</summary>
    /// <exception cref="DiscoveryException">The look failed, and the message says why.</exception>
    protected abstract Task<IReadOnlyList<TargetGroup>?> FindAsync(CancellationToken cancellationToken);

    private async Task LookAsync(CancellationToken stopping)
    {
        try
        {
            if (await FindAsync(stopping) is { } found)
                Volatile.Write(ref _found, found);
            Volatile.Write(ref _problem, null);
        }
        catch (DiscoveryException e)
        {
            Volatile.Write(ref _problem, e.Message);
        }
    }
}

/// <summary>A look for targets failed.</summary>
internal sealed class DiscoveryException(string message) : Exception(message);
