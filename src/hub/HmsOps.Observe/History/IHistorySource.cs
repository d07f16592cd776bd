using HmsOps.Series;

namespace HmsOps.Observe.History;

/// <summary>
/// What another store has kept, walked once from its beginning to its end. The batches are handed on to an <see cref="ISeriesSink"/>; each holds some thousand samples and
/// is the source's own: it is filled again when the next is asked for. One owner.
/// </summary>
public interface IHistorySource : IDisposable
{
    /// <summary>What is read, for messages: a block's folder, a store's address.</summary>
    string Name { get; }

    /// <summary>How far the walk has come.</summary>
    HistoryProgress Progress { get; }

    /// <summary>What had to be left out because its bytes are damaged.</summary>
    HistoryDamage Damage { get; }

    /// <summary>Walks. Samples of a series come in the order of their times, where the other store keeps them so.</summary>
    /// <exception cref="HistoryDamagedException">So much is damaged that the walk cannot go on.</exception>
    /// <exception cref="HistoryUnavailableException">The other store does not answer, or refuses.</exception>
    IAsyncEnumerable<SampleBatch> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>How far a walk has come.</summary>
/// <param name="Samples">Samples handed out.</param>
/// <param name="Series">Series walked over; one that comes again in a later slice of time counts again.</param>
/// <param name="Done">The part that is done, 0 to 1.</param>
public readonly record struct HistoryProgress(long Samples, long Series, double Done);

/// <summary>Damage that cost some samples but not the walk.</summary>
public sealed class HistoryDamage
{
    private const int NamedMax = 100;

    private readonly List<string> _named = [];

    /// <summary>How often something was left out.</summary>
    public long Count { get; private set; }

    /// <summary>The first hundred, each with file and place.</summary>
    public IReadOnlyList<string> Named => _named;

    internal void Add(string what)
    {
        Count++;
        if (_named.Count < NamedMax)
            _named.Add(what);
    }
}

/// <summary>Bytes that do not verify, and without which there is no going on.</summary>
public sealed class HistoryDamagedException(string file, long offset, string what) : Exception($"{file} is damaged at byte {offset}: {what}")
{
    /// <summary>Which file, or which answer.</summary>
    public string File { get; } = file;

    /// <summary>Where in it.</summary>
    public long Offset { get; } = offset;

    /// <summary>What is wrong there.</summary>
    public string What { get; } = what;
}

/// <summary>The other store does not answer, or not with what was asked for. The message says what to do.</summary>
public sealed class HistoryUnavailableException : IOException
{
    public HistoryUnavailableException(string message)
        : base(message)
    {
    }

    public HistoryUnavailableException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
