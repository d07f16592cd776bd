using System.Text.Json;
using HmsOps.Disk;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>Takes the tokens of a JSON text as it arrives.</summary>
internal interface ITokenTaker
{
    /// <summary>Takes the token that the reader stands on; false when that is enough for now.</summary>
    bool Take(ref Utf8JsonReader token);
}

/// <summary>
/// Reads a JSON text token by token while it arrives, in a pooled buffer that is as long as its longest token, or one part of the network's. Of the text nothing is kept. One owner.
/// </summary>
/// <param name="body">The text.</param>
/// <param name="bytesMax">A longer text is not read on.</param>
internal sealed class JsonTokens(Stream body, long bytesMax) : IDisposable
{
    private const int ReadBytes = 64 * 1024;
    private const int TokenBytesMax = 4 << 20; // a label's value may be long, but not so

    private byte[] _buffer = LargeBuffers.Rent(ReadBytes);
    private JsonReaderState _state;
    private int _begin; // of what has arrived and is not taken yet
    private int _end;
    private long _received;
    private bool _isOver;

    /// <summary>Hands tokens on until the taker has enough (true), or there are no more (false).</summary>
    /// <exception cref="JsonDamagedException">The text is no JSON, is cut off, or too long.</exception>
    public async Task<bool> FeedAsync(ITokenTaker taker, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (HandOn(taker))
                return true;
            if (_isOver)
                return false;
            await ReceiveAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
            LargeBuffers.Return(_buffer);
        _buffer = [];
        body.Dispose();
    }

    private bool HandOn(ITokenTaker taker)
    {
        var reader = new Utf8JsonReader(_buffer.AsSpan(_begin, _end - _begin), _isOver, _state);
        var isEnough = false;
        try
        {
            while (!isEnough && reader.Read())
                isEnough = !taker.Take(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException) // the latter two: a text that is no UTF-8, or a number that is none
        {
            throw new JsonDamagedException(_received - (_end - _begin) + reader.BytesConsumed, _isOver && e is JsonException ? $"it is cut off, or no JSON: {e.Message}" : e.Message, e);
        }
        _state = reader.CurrentState;
        _begin += (int)reader.BytesConsumed;
        return isEnough;
    }

    /// <summary>Receives some more; what is there is moved to the front, and the buffer grows only when one token fills it.</summary>
    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        if (_begin > 0)
        {
            _buffer.AsSpan(_begin, _end - _begin).CopyTo(_buffer);
            (_begin, _end) = (0, _end - _begin);
        }
        if (_end == _buffer.Length)
            Grow();
        var read = await body.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _isOver = read == 0;
        _end += read;
        _received += read;
        if (_received > bytesMax)
            throw new JsonDamagedException(_received, $"it has more than {bytesMax:n0} bytes") { IsTooLong = true };
    }

    private void Grow()
    {
        if (_buffer.Length >= TokenBytesMax)
            throw new JsonDamagedException(_received, $"one text in it has more than {TokenBytesMax:n0} bytes");
        var larger = LargeBuffers.Rent(2 * _buffer.Length);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        LargeBuffers.Return(_buffer);
        _buffer = larger;
    }
}

/// <summary>A JSON text that cannot be read on.</summary>
/// <param name="at">The byte.</param>
/// <param name="what">What is wrong there.</param>
/// <param name="cause">What the reader said.</param>
internal sealed class JsonDamagedException(long at, string what, Exception? cause = null) : Exception(what, cause)
{
    public long At { get; } = at;

    /// <summary>Nothing is wrong with it but its length.</summary>
    public bool IsTooLong { get; init; }
}
