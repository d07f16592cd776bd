namespace HmsOps.Processes.Trees;

/// <summary>
/// All processes of one session, found and ended by looking at the process table, not at parents: a child whose parent died stays in its
/// session. Whoever makes a session of its own (<c>setsid</c>, a daemon started on purpose) has left the tree and is not touched.
/// </summary>
/// <remarks>
/// <para>
/// The session's number is the leader's. While the leader can be recognised (boot, number, start), the session is proven ours. After
/// its death the number stays reserved as long as members live, but that cannot be seen from outside; so each member has to carry the
/// variable the session was started with.
/// </para>
/// <para>
/// Ending: TERM to all and <see cref="Grace"/>; then STOP to all, again and again until a look brings nobody new (a stopped process cannot
/// fork), then KILL, until none is left. KILL alone does not end a fork bomb. The leader goes last: it is the proof.
/// </para>
/// </remarks>
/// <param name="leader">The process that made the session.</param>
/// <param name="mark">The <c>NAME=value</c> in the environment of everything started in it.</param>
internal sealed class SessionTree(ProcessIdentity leader, string mark)
{
    /// <summary>What a script gets to end in an orderly way.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    // A killed process that is still there waits in the kernel for a device or a network disk, or belongs to another user.
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>True while the leader or any other member runs.</summary>
    public bool IsAlive => leader.BootId == ProcessTable.BootId() && (LeaderNow is { IsDead: false } || Members().Count > 0);

    /// <summary>Ends the whole tree. Answers the numbers of those that could not be ended; empty when none is left.</summary>
    public async Task<IReadOnlyList<int>> EndAsync(TimeProvider time)
    {
        foreach (var member in Members())
            ProcessTable.Send(member.Pid, Signal.Term);
        if (await IsEmptyWithinAsync(Grace, () => { }, time) || await IsEmptyWithinAsync(KillLimit, StopAndKill, time))
            return [];
        return [.. Members().Select(member => member.Pid)];
    }

    private ProcessStat? LeaderNow =>
        ProcessTable.Find(leader.Pid) is { } found && found.StartTicks == leader.StartTicks ? found : null;

    private List<ProcessStat> Members()
    {
        if (leader.BootId != ProcessTable.BootId())
            return [];
        var isProven = LeaderNow is not null;
        return
        [
            .. ProcessTable.All().Where(process =>
                process.Session == leader.Pid && !process.IsDead && (isProven || ProcessTable.Carries(process.Pid, mark))),
        ];
    }

    private async Task<bool> IsEmptyWithinAsync(TimeSpan limit, Action beforeEachLook, TimeProvider time)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            beforeEachLook();
            if (Members().Count == 0)
                return true;
            if (time.GetElapsedTime(since) >= limit)
                return false;
            await Task.Delay(LookEvery, time, CancellationToken.None); // an ending once begun is not given up half-way
        }
    }

    private void StopAndKill()
    {
        var stopped = new HashSet<(int Pid, long StartTicks)>();
        bool anyNew;
        do
        {
            anyNew = false;
            foreach (var member in Members())
            {
                if (!stopped.Add((member.Pid, member.StartTicks)))
                    continue;
                ProcessTable.Send(member.Pid, Signal.Stop);
                anyNew = true;
            }
        }
        while (anyNew);

        var members = Members();
        foreach (var member in members)
        {
            if (member.Pid != leader.Pid || members.Count == 1)
                ProcessTable.Send(member.Pid, Signal.Kill);
        }
    }
}
