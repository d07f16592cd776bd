namespace HmsOps.Record.Events;

/// <summary>
/// What was decided to be done, durable before the world is touched. Its entry's id is the intent's id; begin, done, fail and settle name it.
/// </summary>
/// <param name="Verb"><c>script</c>; more come with more targets.</param>
/// <param name="Lane">One mutating intent a lane at a time: the service, else the script.</param>
/// <param name="Episode">The alert's episode this answers (its fire entry's key); null for a person's order.</param>
/// <param name="Generation">Rises when an intent of the same episode was superseded.</param>
/// <param name="Guards">Every guard that was asked, with its numbers.</param>
/// <param name="ValidFor">A restart later than this does not begin it any more.</param>
public sealed record ActIntended(
    string Verb, string Lane, string Title, string? Script, string? ScriptSha256, string? Episode, int Generation, string Reason,
    IReadOnlyList<GuardAnswer> Guards, string PlanHash, TimeSpan ValidFor, TimeSpan Deadline, DateTimeOffset At) : OpsEvent;

/// <summary>What one guard said, with its numbers.</summary>
public sealed record GuardAnswer(string Guard, bool Allows, string Detail);

/// <summary>Nothing was done, and why: which guard, its number, when it would be allowed.</summary>
public sealed record ActRefused(
    string Verb, string Lane, string Title, string? Episode, int Generation, string Guard, string Detail, DateTimeOffset? AllowedAt, DateTimeOffset At) : OpsEvent;

/// <summary>An effect is about to be tried: durable before the call.</summary>
public sealed record ActBegun(Guid Intent, int Effect, int Attempt, string EffectKey, DateTimeOffset At) : OpsEvent;

/// <summary>The world took the effect.</summary>
public sealed record ActDone(Guid Intent, int Effect, int Attempt, string Detail, string Output, TimeSpan Took, DateTimeOffset At) : OpsEvent;

/// <summary>The effect failed, or (with <paramref name="Unknown"/>) nobody can say: it is then not repeated, and a person is called.</summary>
public sealed record ActFailed(Guid Intent, int Effect, int Attempt, string Detail, string Output, bool Unknown, DateTimeOffset At) : OpsEvent;

/// <summary>The intent's end: <c>succeeded</c>, <c>failed</c>, <c>superseded</c>, <c>unknown</c>. Exactly one for each intent.</summary>
public sealed record ActSettled(Guid Intent, string Outcome, string Detail, DateTimeOffset At) : OpsEvent;
