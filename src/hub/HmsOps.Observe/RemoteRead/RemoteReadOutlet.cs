using System.IO.Pipelines;
using HmsOps.Disk;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>
/// The door <c>POST /api/v1/read</c>: other stores ask for the samples of series and get them as they are stored. Streamed, an answer is written frame by frame while the
/// walk over the series goes on, and is never held; else it is made whole, within a limit. Safe for concurrent use.
/// </summary>
public sealed class RemoteReadOutlet(ISeriesSource source, Refusals refusals, ReadLimits limits)
{
    /// <summary>The door's name in <c>hms_refused_total</c>.</summary>
    public const string Door = "read";

    /// <summary>Of an answer that is streamed.</summary>
    public const string StreamedType = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

    /// <summary>Of an answer that is sent whole, which is packed with snappy.</summary>
    public const string SampledType = "application/x-protobuf";

    private const int BusySeconds = 1;

    // A chunk of the largest histograms there may be; a frame holds less unless it is that one chunk.
    private const int MessageBytesMax = 16 << 20;

    // What is handed to the connection at once.
    private const int FlushBytes = 128 << 10;

    private readonly ByteBudget _budget = new(limits.MemoryBytesMax);

    /// <summary>Bytes that requests hold now.</summary>
    public long BytesHeld => _budget.Taken;

    /// <summary>Reads a question; one of the two answers is null.</summary>
    public async Task<(ReadRequest? Request, ReadRefusal? Refusal)> ReadAsync(PipeReader body, CancellationToken cancellationToken)
    {
        using var packed = await PooledBody.ReadAsync(body, limits.PackedBytesMax, _budget, cancellationToken);
        ReadRefusal? refusal;
        var request = packed.End switch
        {
            BodyEnd.TooLarge => Refuse(ReadRefusal.TooMuch("packed_limit", $"the body has more than {limits.PackedBytesMax:n0} bytes; ask with fewer or shorter matchers"), out refusal),
            BodyEnd.Busy => Refuse(Busy(), out refusal),
            _ => Read(packed.Bytes.Span, out refusal),
        };
        if (refusal is not null)
            refusals.Count(Door, refusal.Reason);
        return (request, refusal);
    }

    /// <summary>The whole answer, packed, to be disposed by the caller; or why there is none.</summary>
    public PackedAnswer? Answer(ReadRequest request, CancellationToken cancellationToken, out ReadRefusal? refusal)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var message = new MessageWriter(limits.AnswerBytesMax, _budget);
        var budget = new QueryBudget(limits.SamplesMax);
        try
        {
            foreach (var query in request.Queries)
            {
                var begun = SampledAnswer.BeginQuery(message);
                using var cursor = source.Select(query, budget, cancellationToken);
                while (!message.IsFull && cursor.MoveNext())
                    SampledAnswer.Write(message, cursor.Current);
                SampledAnswer.EndQuery(message, begun);
                CountDamage(cursor);
            }
        }
        catch (QueryBudgetException tooMany)
        {
            return Fail(TooManySamples(tooMany), out refusal);
        }
        if (message.IsBusy)
            return Fail(Busy(), out refusal);
        if (message.IsFull)
        {
            return Fail(new ReadRefusal(
                422, "answer_limit", $"the answer has more than {limits.AnswerBytesMax:n0} bytes; ask for a shorter range or fewer series, or accept STREAMED_XOR_CHUNKS"), out refusal);
        }
        refusal = null;
        return PackedAnswer.Pack(message.Bytes.Span, _budget) ?? Fail(Busy(), out refusal);
    }

    /// <summary>
    /// Writes the answer in frames. What stops it midway is thrown: the connection has to break then, for frames that end look like an answer that ends.
    /// </summary>
    /// <exception cref="QueryBudgetException">More samples are asked for than may be, or a chunk is too large to be sent.</exception>
    public async Task StreamAsync(ReadRequest request, PipeWriter into, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(into);
        using var message = new MessageWriter(MessageBytesMax, _budget);
        var frames = new ChunkFrames(message);
        var budget = new QueryBudget(limits.SamplesMax);
        for (var query = 0; query < request.Queries.Count; query++)
        {
            using var cursor = Select(request.Queries[query], budget, cancellationToken);
            while (MoveNext(cursor))
            {
                for (var at = 0; at < cursor.Current.Times.Length;)
                {
                    at = frames.Write(into, cursor.Current, at, query);
                    if (message.IsFull)
                        throw Stop(message.IsBusy ? "busy" : "answer_limit", "a chunk of the answer is too large to be sent, or the door's memory is used up; ask again for fewer series");
                    if (into.UnflushedBytes >= FlushBytes && (await into.FlushAsync(cancellationToken)).IsCompleted)
                        return;
                }
            }
            CountDamage(cursor);
        }
        await into.FlushAsync(cancellationToken);
    }

    private SeriesCursor Select(Selection query, QueryBudget budget, CancellationToken cancellationToken)
    {
        try
        {
            return source.Select(query, budget, cancellationToken);
        }
        catch (QueryBudgetException tooMany)
        {
            refusals.Count(Door, TooManySamples(tooMany).Reason);
            throw;
        }
    }

    private bool MoveNext(SeriesCursor cursor)
    {
        try
        {
            return cursor.MoveNext();
        }
        catch (QueryBudgetException tooMany)
        {
            refusals.Count(Door, TooManySamples(tooMany).Reason);
            throw;
        }
    }

    private QueryBudgetException Stop(string reason, string sentence)
    {
        refusals.Count(Door, reason);
        return new QueryBudgetException(sentence);
    }

    // The protocol has no word for it: counted, and shown where counts are.
    private void CountDamage(SeriesCursor cursor)
    {
        if (cursor.Warnings.Count > 0)
            refusals.Count(Door, "damaged", cursor.Warnings.Count);
    }

    private ReadRequest? Read(ReadOnlySpan<byte> packed, out ReadRefusal? refusal)
    {
        if (!Snappy.TryReadLength(packed, out var length))
            return Refuse(NotSnappy(), out refusal);
        if (length > (uint)limits.DecodedBytesMax)
            return Refuse(ReadRefusal.TooMuch("decoded_limit", $"the body says it unpacks to {length:n0} bytes; at most {limits.DecodedBytesMax:n0} are taken"), out refusal);
        var buffer = LargeBuffers.Rent((int)length + Snappy.SlackBytes);
        try
        {
            return Snappy.TryUnpack(packed, buffer, out var unpacked)
                ? ReadRequest.Read(buffer.AsSpan(0, unpacked), limits, out refusal)
                : Refuse(NotSnappy(), out refusal);
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }
    }

    private static ReadRequest? Refuse(ReadRefusal said, out ReadRefusal? refusal)
    {
        refusal = said;
        return null;
    }

    private PackedAnswer? Fail(ReadRefusal said, out ReadRefusal? refusal)
    {
        refusals.Count(Door, said.Reason);
        refusal = said;
        return null;
    }

    private static ReadRefusal TooManySamples(QueryBudgetException tooMany) => new(422, tooMany.Limit, tooMany.Message);

    private ReadRefusal Busy() =>
        new(503, "busy", $"questions at this door hold {_budget.BytesMax:n0} bytes, which is all it has. Ask again in {BusySeconds} s") { RetryAfter = BusySeconds };

    private static ReadRefusal NotSnappy() => new(400, "not_snappy", "the body is not in snappy's block format, or damaged");
}

/// <summary>An answer in snappy's block format, in a pooled buffer. One owner, who disposes it.</summary>
public sealed class PackedAnswer : IDisposable
{
    private readonly ByteBudget _budget;
    private byte[] _buffer;
    private readonly int _length;

    private PackedAnswer(byte[] buffer, int length, ByteBudget budget) => (_buffer, _length, _budget) = (buffer, length, budget);

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Packs bytes; null when the budget does not suffice.</summary>
    internal static PackedAnswer? Pack(ReadOnlySpan<byte> bytes, ByteBudget budget)
    {
        var buffer = LargeBuffers.Rent(Snappy.PackedBytesMax(bytes.Length));
        if (budget.TryTake(buffer.Length))
            return new PackedAnswer(buffer, Snappy.Pack(bytes, buffer), budget);
        LargeBuffers.Return(buffer);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length == 0)
            return;
        LargeBuffers.Return(_buffer);
        _budget.Give(_buffer.Length);
        _buffer = [];
    }
}
