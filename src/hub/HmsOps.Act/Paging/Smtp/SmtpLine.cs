using System.Text;

namespace HmsOps.Act.Paging.Smtp;

/// <summary>The line to a mail server: commands out, replies in, each bounded. Knows nothing of what they mean.</summary>
internal sealed class SmtpLine(Stream stream)
{
    // RFC 5321 §4.5.3.1.5 allows 512 octets a line; be generous, but not endlessly.
    private const int LineMax = 2_048;
    private const int LinesMax = 128;

    private readonly byte[] _buffer = new byte[LineMax];
    private int _start;
    private int _end;

    /// <summary>True when nothing was received that has not been read. What came before TLS must not be read after it.</summary>
    public bool IsDrained => _start == _end;

    public Task SendAsync(string command, CancellationToken cancellationToken) =>
        SendAsync(Encoding.ASCII.GetBytes(command + "\r\n"), cancellationToken);

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(bytes, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    /// <summary>The next reply, with all its lines.</summary>
    /// <exception cref="SmtpProtocolException">What came is not a reply.</exception>
    /// <exception cref="EndOfStreamException">The server hung up.</exception>
    public async Task<SmtpReply> ReceiveAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        while (lines.Count < LinesMax)
        {
            var line = await ReadLineAsync(cancellationToken);
            if (line.Length < 3 || !IsCode(line) || (line.Length > 3 && line[3] is not (' ' or '-')))
                throw new SmtpProtocolException("answered something that is not SMTP: is this the port of a mail server?");
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] == ' ')
                return new SmtpReply(int.Parse(line.AsSpan(0, 3)), lines);
        }
        throw new SmtpProtocolException($"answered with more than {LinesMax} lines");
    }

    private static bool IsCode(string line) => line[0] is >= '2' and <= '5' && char.IsAsciiDigit(line[1]) && char.IsAsciiDigit(line[2]);

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var feed = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, _start, feed).TrimEnd('\r');
                _start += feed + 1;
                return line;
            }
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            if (_end == LineMax)
                throw new SmtpProtocolException($"answered with a line of more than {LineMax} bytes");
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
                throw new EndOfStreamException();
            _end += read;
        }
    }
}

/// <summary>The other side does not speak SMTP as it should. The message completes "the mail server …".</summary>
internal sealed class SmtpProtocolException(string message) : IOException(message);
