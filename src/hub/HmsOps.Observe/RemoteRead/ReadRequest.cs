using System.Globalization;
using System.Text;
using System.Text.Unicode;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>The message <c>prometheus.ReadRequest</c>: some selections, and in which forms their answer may come.</summary>
/// <param name="Queries">What is asked.</param>
/// <param name="IsStreamed">True when the asker takes chunks, frame by frame; else all samples at once.</param>
public sealed record ReadRequest(IReadOnlyList<Selection> Queries, bool IsStreamed)
{
    private const uint Query = (1 << 3) | WireType.Block;
    private const uint Accepted = (2 << 3) | WireType.Varint;
    private const uint AcceptedPacked = (2 << 3) | WireType.Block;
    private const int StreamedChunks = 1; // of the enumeration ResponseType; 0 is SAMPLES

    /// <summary>Reads a request; null, and why not, when it is none or asks for more than may be asked.</summary>
    internal static ReadRequest? Read(ReadOnlySpan<byte> body, ReadLimits limits, out ReadRefusal? refusal)
    {
        refusal = null;
        var queries = new List<Selection>();
        bool? streamed = null;
        var fields = new ProtoReader(body);
        while (!fields.IsAtEnd)
        {
            var at = fields.At;
            if (!fields.TryReadTag(out var tag))
                return Refuse(Malformed(at, "no field begins there"), out refusal);
            switch (tag)
            {
                case Query:
                    if (!fields.TryReadBlock(out int start, out var length))
                        return Refuse(Malformed(at, "a query reaches past the end"), out refusal);
                    if (queries.Count == limits.QueriesMax)
                        return Refuse(ReadRefusal.TooMuch("query_limit", $"it has more than {limits.QueriesMax} queries; send several requests"), out refusal);
                    if (ReadQuery(body, start, length, limits, out refusal) is not { } selection)
                        return null;
                    queries.Add(selection);
                    break;
                case Accepted:
                    if (!fields.TryReadVarint(out var one))
                        return Refuse(Malformed(at, "an accepted form is no number"), out refusal);
                    streamed ??= Preferred(one);
                    break;
                case AcceptedPacked:
                    if (!fields.TryReadBlock(out int listAt, out var listLength))
                        return Refuse(Malformed(at, "the accepted forms reach past the end"), out refusal);
                    var list = new ProtoReader(body, listAt, listLength);
                    while (!list.IsAtEnd)
                    {
                        if (!list.TryReadVarint(out var form))
                            return Refuse(Malformed(list.At, "an accepted form is no number"), out refusal);
                        streamed ??= Preferred(form);
                    }
                    break;
                default:
                    if (!fields.TrySkip(tag))
                        return Refuse(Malformed(at, "a field reaches past the end"), out refusal);
                    break;
            }
        }
        return new ReadRequest(queries, streamed ?? false);
    }

    // The first form in the asker's list that we know; null for one that came after us.
    private static bool? Preferred(ulong form) => form switch { 0 => false, StreamedChunks => true, _ => null };

    private static Selection? ReadQuery(ReadOnlySpan<byte> body, int start, int length, ReadLimits limits, out ReadRefusal? refusal)
    {
        refusal = null;
        ulong from = 0, to = 0;
        var matchers = new List<Matcher>();
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            var at = fields.At;
            if (!fields.TryReadTag(out var tag))
                return Refuse<Selection>(Malformed(at, "no field of a query begins there"), out refusal);
            var read = true;
            switch (tag)
            {
                case (1 << 3) | WireType.Varint:
                    read = fields.TryReadVarint(out from);
                    break;
                case (2 << 3) | WireType.Varint:
                    read = fields.TryReadVarint(out to);
                    break;
                case (3 << 3) | WireType.Block:
                    read = fields.TryReadBlock(out int matcherAt, out var matcherLength);
                    if (matchers.Count == limits.MatchersMax)
                        return Refuse<Selection>(ReadRefusal.TooMuch("matcher_limit", $"a query has more than {limits.MatchersMax} matchers"), out refusal);
                    if (read && ReadMatcher(body, matcherAt, matcherLength, out refusal) is { } matcher)
                        matchers.Add(matcher);
                    else if (refusal is not null)
                        return null;
                    break;
                case (4 << 3) | WireType.Block:
                    // What the asker will do with the samples. It gets them all: hints may be ignored, and their bytes only have to be a message.
                    read = fields.TryReadBlock(out int hintsAt, out var hintsLength) && IsMessage(body, hintsAt, hintsLength);
                    break;
                default:
                    read = fields.TrySkip(tag);
                    break;
            }
            if (!read)
                return Refuse<Selection>(Malformed(at, "a field of a query cannot be read"), out refusal);
        }
        return new Selection(matchers, (long)from, (long)to);
    }

    private static Matcher? ReadMatcher(ReadOnlySpan<byte> body, int start, int length, out ReadRefusal? refusal)
    {
        refusal = null;
        ulong op = 0;
        ReadOnlySpan<byte> name = default, value = default;
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            var at = fields.At;
            var read = fields.TryReadTag(out var tag);
            read = read && tag switch
            {
                (1 << 3) | WireType.Varint => fields.TryReadVarint(out op),
                (2 << 3) | WireType.Block => fields.TryReadBlock(out name),
                (3 << 3) | WireType.Block => fields.TryReadBlock(out value),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                return Refuse<Matcher>(Malformed(at, "a field of a matcher cannot be read"), out refusal);
        }
        if (op > (ulong)MatchOp.NotRegex)
            return Refuse<Matcher>(Malformed(start, $"a matcher is of kind {op}; known are 0 to 3 (=, !=, =~, !~)"), out refusal);
        if (name.IsEmpty || !Utf8.IsValid(name) || !Utf8.IsValid(value))
            return Refuse<Matcher>(Malformed(start, "a matcher names no label, or is not UTF-8"), out refusal);
        try
        {
            return new Matcher(Encoding.UTF8.GetString(name), (MatchOp)op, Encoding.UTF8.GetString(value)); // numbered alike
        }
        catch (ArgumentException wrong)
        {
            return Refuse<Matcher>(new ReadRefusal(400, "pattern", $"the pattern of label {RefusalTally.Shown(name)} cannot be used: {wrong.Message}"), out refusal);
        }
    }

    private static bool IsMessage(ReadOnlySpan<byte> body, int start, int length)
    {
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            if (!fields.TryReadTag(out var tag) || !fields.TrySkip(tag))
                return false;
        }
        return true;
    }

    private static ReadRefusal Malformed(int at, string what) =>
        new(400, "malformed", string.Create(CultureInfo.InvariantCulture, $"the message cannot be read at byte {at}: {what}"));

    private static ReadRequest? Refuse(ReadRefusal said, out ReadRefusal? refusal) => Refuse<ReadRequest>(said, out refusal);

    private static T? Refuse<T>(ReadRefusal said, out ReadRefusal? refusal)
        where T : class
    {
        refusal = said;
        return null;
    }
}

/// <summary>Why a question has no answer.</summary>
/// <param name="Status">The HTTP status that says it.</param>
/// <param name="Reason">A word for counters.</param>
/// <param name="Sentence">For people, with the remedy.</param>
public sealed record ReadRefusal(int Status, string Reason, string Sentence)
{
    /// <summary>After how many seconds the same question may have one; null when it will not.</summary>
    public int? RetryAfter { get; init; }

    internal static ReadRefusal TooMuch(string reason, string sentence) => new(413, reason, sentence);
}
