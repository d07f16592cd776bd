namespace HmsOps.Processes.Trees;

/// <summary>One process of this machine, for ever: no other one has all three.</summary>
/// <param name="BootId">The start of the machine it belongs to.</param>
/// <param name="Pid">Its number.</param>
/// <param name="StartTicks">When it started, in clock ticks since the machine did.</param>
internal sealed record ProcessIdentity(string BootId, int Pid, long StartTicks);
