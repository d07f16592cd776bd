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

    private readonly MerkleLog _log;
    private readonly IIds _ids;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, EntryOfKey> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TaskCompletionSource<Envelope>> _pending = new(StringComparer.Ordinal);
    private readonly Queue<Envelope> _recent = new();
    private RecordState _state = RecordState.Empty;
    private TaskCompletionSource _grown = NewSignal();

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
            {
                answers[i] = IsKnown(drafts[i], out var known) ? known : Begin(drafts[i], fresh);
            }
        }
        // The token ends the waiting, not the write: what was begun is entered, and found again under its key.
        await AppendAsync(fresh).WaitAsync(cancellationToken);
        return await Task.WhenAll(answers).WaitAsync(cancellationToken);
    }

    /// <summary>One entry, by its sequence; null when there is none.</summary>
    public Envelope? Read(long sequence) => _log.Read(sequence) is { } entry ? Decode(entry) : null;

    /// <summary>Up to <paramref name="countMax"/> entries from a sequence on, in order.</summary>
    public IReadOnlyList<Envelope> ReadRange(long from, int countMax) => [.. _log.ReadRange(from, countMax).Select(Decode)];

    /// <summary>Completes when there are more entries than a reader has seen.</summary>
    public async Task GrownAsync(long seen, CancellationToken cancellationToken)
    {
        Task grown;
        lock (_gate)
        {
            if (_state.Size > seen)
                return;
            grown = _grown.Task;
        }
        await grown.WaitAsync(cancellationToken);
    }

    /// <summary>Every entry from a sequence on, in order, for as long as the caller listens.</summary>
    public async IAsyncEnumerable<Envelope> FollowAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = from;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task grown;
            Envelope[] batch;
            lock (_gate)
            {
                grown = _grown.Task;
                batch = _recent.Count > 0 && _recent.Peek().Sequence <= next ? [.. _recent.Where(e => e.Sequence >= next)] : [];
            }
            IReadOnlyList<Envelope> ready = batch.Length > 0 || next >= State.Size ? batch : ReadRange(next, 1_024);
            foreach (var envelope in ready)
            {
                yield return envelope;
                next = envelope.Sequence + 1;
            }
            if (ready.Count == 0)
                await grown.WaitAsync(cancellationToken);
        }
    }

    private bool IsKnown(EventDraft draft, out Task<Envelope> answer)
    {
        answer = Task.FromCanceled<Envelope>(new CancellationToken(canceled: true)); // never awaited: the caller asks only when this says true
        if (draft.Key is not { } key)
            return false;
        if (_pending.TryGetValue(key, out var pending))
        {
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
        return entry.Entered.Task;
    }

    /// <summary>Never fails itself: what goes wrong is what each entry's own waiters are told.</summary>
    private async Task AppendAsync(List<EntryDraft> fresh)
    {
        if (fresh.Count == 0)
            return;
        try
        {
            await _log.AppendAllAsync(fresh, CancellationToken.None);
            foreach (var entry in fresh)
                entry.Complete();
        }
        catch (Exception failure) when (failure is LedgerUnavailableException or ArgumentException)
        {
            foreach (var entry in fresh)
                Forget(entry, failure);
        }
    }

    private void Forget(EntryDraft entry, Exception failure)
    {
        lock (_gate)
        {
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
        TaskCompletionSource grown;
        lock (_gate)
        {
            Volatile.Write(ref _state, _state.Fold(envelope));
            _recent.Enqueue(envelope);
            if (_recent.Count > RecentMax)
                _recent.Dequeue();
            if (envelope.Key is { } key)
            {
                _keys.TryAdd(key, new EntryOfKey(entry.Sequence, ContentOf(envelope.Event)));
                _pending.Remove(key);
            }
            grown = _grown;
            _grown = NewSignal();
        }
        grown.TrySetResult();
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

    // Continuations run on the follower's own context, never inline on the ledger's writer.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly record struct EntryOfKey(long Sequence, string Content);

    private sealed class EntryDraft(EventDraft draft, IIds ids) : IEntryDraft
    {
        private Envelope? _envelope;

        public EventDraft Draft => draft;

        public TaskCompletionSource<Envelope> Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Encode(long sequence, DateTimeOffset time, IBufferWriter<byte> into)
        {
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
            _envelope = envelope;
        }

        /// <summary>The batch is durable and folded: the writers under this key may go on.</summary>
        public void Complete() =>
            Entered.TrySetResult(_envelope ?? throw new InvalidOperationException("The ledger answered for an entry it never encoded."));
    }
}

/// <summary>An idempotency key was used before, for something else.</summary>
public sealed class KeyTakenException(string key, long sequence)
    : InvalidOperationException($"The key '{key}' stands for entry {sequence}, which says something else. Take a new key for a new order.")
{
    /// <summary>The entry that has the key.</summary>
    public long Sequence { get; } = sequence;
}
