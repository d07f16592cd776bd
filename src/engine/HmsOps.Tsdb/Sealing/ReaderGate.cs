namespace HmsOps.Tsdb.Sealing;

/// <summary>
/// Knows which readers began before something became invisible to new ones, so that it is given back when the last of them has left. Safe for
/// concurrent use; a reader pays for two short locks.
/// </summary>
internal sealed class ReaderGate
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, int> _inside = []; // readers, by the generation they entered in
    private readonly List<(long Generation, TaskCompletionSource Passed)> _waiting = [];
    private long _generation;

    /// <summary>Enters; what is answered is given to <see cref="Leave"/>.</summary>
    public long Enter()
    {
        lock (_lock)
        {
            _inside[_generation] = _inside.GetValueOrDefault(_generation) + 1;
            return _generation;
        }
    }

    public void Leave(long generation)
    {
        List<TaskCompletionSource> passed = [];
        lock (_lock)
        {
            if (--_inside[generation] == 0)
                _inside.Remove(generation);
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (!IsPast(_waiting[i].Generation))
                    continue;
                passed.Add(_waiting[i].Passed);
                _waiting.RemoveAt(i);
            }
        }
        foreach (var one in passed)
            one.TrySetResult();
    }

    /// <summary>Completes when every reader that is inside now has left. Readers that come later are not waited for.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource passed;
        lock (_lock)
        {
            var generation = _generation++;
            if (IsPast(generation))
                return;
            passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((generation, passed));
        }
        using var leaving = cancellationToken.UnsafeRegister(_ => passed.TrySetCanceled(cancellationToken), null);
        await passed.Task;
    }

    private bool IsPast(long generation)
    {
        foreach (var (oldest, _) in _inside)
            return oldest > generation;
        return true;
    }
}
