using System.Diagnostics;

namespace HmsOps.Labs.Tests.World;

/// <summary>What a program writes, line by line: kept whole, and waited for.</summary>
internal sealed class Lines
{
    private readonly Lock _gate = new();
    private readonly List<string> _all = [];
    private readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Found)> _waiting = [];

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
                return [.. _all];
        }
    }

    public void Take(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
            return;
        lock (_gate)
        {
            _all.Add(line.Data);
            foreach (var one in _waiting.Where(w => w.Wanted(line.Data)).ToList())
            {
                _waiting.Remove(one);
                one.Found.SetResult(line.Data);
            }
        }
    }

    /// <summary>The first line that is wanted, now or within the deadline.</summary>
    public async Task<string> FirstAsync(Func<string, bool> wanted, TimeSpan within, string what)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_all.Find(line => wanted(line)) is { } there)
                return there;
            _waiting.Add((wanted, found));
        }
        try
        {
            return await found.Task.WaitAsync(within);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"No line with {what} within {within.TotalSeconds:0} s. There were:\n{string.Join('\n', All)}", e);
        }
    }
}
