using System.Buffers;
using System.Runtime.CompilerServices;
using HmsOps.Ledger;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;

namespace HmsOps.Record;

/// <summary>
/// The only way to write what was decided or done, and the place everybody reads it from. An entry is folded into <see cref="State"/> and shown to
/// followers after it is durable, never before. Safe for concurrent use.
/// </summary>
public sealed class Journal
{
    // Followers are rarely more than a batch behind; one that is reads the ledger itself.
    private const int RecentMax = 8_192;
    private const int BehindMax = 1_024;

    private readonly MerkleLog _log;
    private readonly IIds _ids;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, EntryOfKey> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TaskCompletionSource<Envelope>> _pending = new(StringComparer.Ordinal);
    private readonly Queue<Envelope> _recent = new();
    private readonly List<EntryDraft> _begun = []; // handed to the ledger and not yet seen back
    private readonly List<Waiter> _waiters = [];
    private RecordState _state = RecordState.Empty;

    private Journal(Func<Action<LedgerEntry>, MerkleLog> open, IIds ids)
    {
        _ids = ids;
        _log = open(Take);
        _log.Published = Take;
    }

    /// <summary>Opens the journal over a ledger: <paramref name="open"/> is given the fold and replays every entry into it.</summary>
    public static Journal Open(Func<Action<LedgerEntry>, MerkleLog> open, IIds ids) => new(open, ids);

    /// <summary>What the entries so far add up to. Immutable.</summary>
    public RecordState State => Volatile.Read(ref _state);

    /// <summary>The ledger beneath, for proofs and its state.</summary>
    public MerkleLog Log => _log;

    /// <summary>
    /// Enters one event and answers its envelope when it is durable. With a key that was entered before, that first entry is the answer when the
    /// event is the same.
    /// </summary>
    /// <exception cref="KeyTakenException">The key stands for another event.</exception>
    /// <exception cref="LedgerUnavailableException">The ledger cannot be written.</exception>
    public async Task<Envelope> WriteAsync(EventDraft draft, CancellationToken cancellationToken) =>
        (await WriteAllAsync([draft], cancellationToken))[0];

    /// <summary>Enters several events as one batch, together or not at all; each key is honoured by itself.</summary>
    public async Task<IReadOnlyList<Envelope>> WriteAllAsync(IReadOnlyList<EventDraft> drafts, CancellationToken cancellationToken)
    {
        var answers = new Task<Envelope>[drafts.Count];
        var fresh = new List<EntryDraft>();
        lock (_gate)
        {
            for (var i = 0; i < drafts.Count; i++)
                answers[i] = IsKnown(drafts[i], out var known) ? known : Begin(drafts[i], fresh);
        }
        if (fresh.Count > 0)
            await AppendAsync(fresh, cancellationToken);
        var envelopes = new Envelope[answers.Length];
        for (var i = 0; i < answers.Length; i++)
            envelopes[i] = await answers[i];
        return envelopes;
    }

    /// <summary>One entry, by its sequence; null when there is none.</summary>
    public Envelope? Read(long sequence) => _log.Read(sequence) is { } entry ? Decode(entry) : null;

    /// <summary>Up to <paramref name="countMax"/> entries from a sequence on, in order.</summary>
    public IReadOnlyList<Envelope> ReadRange(long from, int countMax) => [.. _log.ReadRange(from, countMax).Select(Decode)];

    /// <summary>Completes when there are more entries than a reader has seen.</summary>
    public Task GrownAsync(long seen, CancellationToken cancellationToken) => GrownAsync(seen, Timeout.InfiniteTimeSpan, time: null, cancellationToken);

    /// <summary>Completes when there are more entries than a reader has seen, or the time is up.</summary>
    public async Task GrownAsync(long seen, TimeSpan within, TimeProvider? time, CancellationToken cancellationToken)
    {
        var waiter = new Waiter();
        lock (_gate)
        {
            if (_state.Size > seen)
                return;
            _waiters.Add(waiter);
        }
        // One source, awaited directly: WaitAsync and WhenAny answer on the pool when a source of theirs does, and would leave the one thread of a simulation.
        await using var timer = time?.CreateTimer(static w => ((Waiter)w!).TrySetResult(), waiter, within, Timeout.InfiniteTimeSpan); // given as the state
        await using var registered = cancellationToken.UnsafeRegister(static w => ((Waiter)w!).TrySetCanceled(), waiter);
        try
        {
            await waiter.Task;
        }
        finally
        {
            lock (_gate)
                _waiters.Remove(waiter);
        }
    }

    /// <summary>Every entry from a sequence on, in order, for as long as the caller listens.</summary>
    public async IAsyncEnumerable<Envelope> FollowAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = from;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var envelope in ReadyFrom(next))
            {
                yield return envelope;
                next = envelope.Sequence + 1;
            }
            await GrownAsync(next, cancellationToken);
        }
    }

    private IReadOnlyList<Envelope> ReadyFrom(long next)
    {
        lock (_gate)
        {
            if (_recent.Count > 0 && _recent.Peek().Sequence <= next)
                return [.. _recent.Where(e => e.Sequence >= next)];
        }
        return ReadRange(next, BehindMax);
    }

    private bool IsKnown(EventDraft draft, out Task<Envelope> answer)
    {
        answer = Task.FromCanceled<Envelope>(new CancellationToken(canceled: true)); // never awaited: the caller asks only when this says true
        if (draft.Key is not { } key)
            return false;
        if (_pending.TryGetValue(key, out var pending))
        {
            // Its writer may have gone before the ledger failed, and then nothing will ever be said of it.
            if (_log.State != LedgerState.Writable)
                throw new LedgerUnavailableException(_log.State, _log.StateReason ?? "The ledger cannot be written.", cause: null);
            answer = pending.Task;
            return true;
        }
        if (!_keys.TryGetValue(key, out var entry))
            return false;
        if (entry.Content != ContentOf(draft.Event))
            throw new KeyTakenException(key, entry.Sequence);
        answer = Task.FromResult(Read(entry.Sequence) ?? throw new InvalidOperationException($"Entry {entry.Sequence} was folded and cannot be read."));
        return true;
    }

    private Task<Envelope> Begin(EventDraft draft, List<EntryDraft> fresh)
    {
        var entry = new EntryDraft(draft, _ids);
        if (draft.Key is { } key)
            _pending.Add(key, entry.Entered);
        fresh.Add(entry);
        _begun.Add(entry);
        return entry.Entered.Task;
    }

    /// <summary>The token ends the waiting, not the write: what was begun is entered, and found again under its key.</summary>
    private async Task AppendAsync(List<EntryDraft> fresh, CancellationToken cancellationToken)
    {
        try
        {
            await _log.AppendAllAsync(fresh, cancellationToken);
        }
        catch (Exception failure) when (failure is LedgerUnavailableException or ArgumentException)
        {
            foreach (var entry in fresh)
                Forget(entry, failure);
            throw;
        }
    }

    private void Forget(EntryDraft entry, Exception failure)
    {
        lock (_gate)
        {
            _begun.Remove(entry);
            if (entry.Draft.Key is { } key)
                _pending.Remove(key);
        }
        entry.Entered.TrySetException(failure);
        _ = entry.Entered.Task.Exception; // seen: its only reader may be the caller that is being told right now
    }

    /// <summary>On the ledger's writer, in order, after the flush; and during replay.</summary>
    private void Take(LedgerEntry entry)
    {
        var envelope = Decode(entry);
        Waiter[] waiters;
        TaskCompletionSource<Envelope>? entered;
        lock (_gate)
        {
            entered = Begun(entry.Sequence);
            Volatile.Write(ref _state, _state.Fold(envelope));
            _recent.Enqueue(envelope);
            if (_recent.Count > RecentMax)
                _recent.Dequeue();
            if (envelope.Key is { } key)
            {
                _keys.TryAdd(key, new EntryOfKey(entry.Sequence, ContentOf(envelope.Event)));
                _pending.Remove(key);
            }
            waiters = [.. _waiters];
            _waiters.Clear();
        }
        entered?.TrySetResult(envelope);
        foreach (var waiter in waiters)
            waiter.TrySetResult();
    }

    /// <summary>Who wrote the entry of a sequence, if it was this process; entries come back in the order they were encoded.</summary>
    private TaskCompletionSource<Envelope>? Begun(long sequence)
    {
        var at = _begun.FindIndex(e => e.Sequence == sequence);
        if (at < 0)
            return null;
        var entered = _begun[at].Entered;
        _begun.RemoveAt(at);
        return entered;
    }

    /// <summary>An entry another program wrote is kept in its place and shown raw: folding must not stop at it.</summary>
    private static Envelope Decode(LedgerEntry entry)
    {
        try
        {
            return EnvelopeCodec.Read(entry.Bytes, entry.Sequence) with { Sequence = entry.Sequence };
        }
        catch (FormatException)
        {
            return new Envelope
            {
                Id = Guid.Empty,
                Sequence = entry.Sequence,
                Time = entry.Time,
                Actor = "",
                Event = new UnknownEvent("?", 0, default),
            };
        }
    }

    private static string ContentOf(OpsEvent happened)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new System.Text.Json.Utf8JsonWriter(bytes))
            EventCatalogue.Write(json, happened);
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes.WrittenSpan));
    }

    private readonly record struct EntryOfKey(long Sequence, string Content);

    /// <summary>Continuations run on the waiter's own context, never inline on the ledger's writer.</summary>
    private sealed class Waiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class EntryDraft(EventDraft draft, IIds ids) : IEntryDraft
    {
        public EventDraft Draft => draft;

        public TaskCompletionSource<Envelope> Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Set when the entry is encoded: where it stands in the ledger.</summary>
        public long Sequence { get; private set; } = -1;

        public void Encode(long sequence, DateTimeOffset time, IBufferWriter<byte> into)
        {
            Sequence = sequence;
            var envelope = new Envelope
            {
                Id = draft.Id ?? ids.NewId(time),
                Sequence = sequence,
                Time = time,
                Actor = draft.Actor,
                Event = draft.Event,
                Cause = draft.Cause,
                Incident = draft.Incident,
                Key = draft.Key,
            };
            Span<byte> salt = stackalloc byte[16];
            ids.Fill(salt);
            EnvelopeCodec.Write(into, envelope, salt);
        }
    }
}

/// <summary>An idempotency key was used before, for something else.</summary>
public sealed class KeyTakenException(string key, long sequence)
    : InvalidOperationException($"The key '{key}' stands for entry {sequence}, which says something else. Take a new key for a new order.")
{
    /// <summary>The entry that has the key.</summary>
    public long Sequence { get; } = sequence;
}
