using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using HmsOps.App.Settings;

namespace HmsOps.App.Running;

/// <summary>
/// The hub's own log: one line an event on standard error, <c>2026-11-21T02:57:00.123Z warn scrape: permit-svc answered 503 (service=permit-svc)</c>, or the same as
/// a JSON object. No files and no rotation: the service manager has them. The last lines are kept for the hub's page.
/// </summary>
public sealed class HubLog(TimeProvider time, LogLevel least, LogFormat format, Action<string> write) : ILoggerProvider
{
    private const int LinesKept = 10_000;

    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>The newest lines, oldest first.</summary>
    public IReadOnlyList<string> Last(int count) => [.. _lines.ToArray().TakeLast(count)];

    public ILogger CreateLogger(string categoryName) => new Lines(this, RoomOf(categoryName));

    public void Dispose()
    {
        // Nothing is held.
    }

    /// <summary><c>HmsOps.Decide.Rules.RuleScheduler</c> is <c>decide</c>; foreign categories keep their last word.</summary>
    private static string RoomOf(string category)
    {
        var parts = category.Split('.');
        return (parts is ["HmsOps", var room, ..] ? room : parts[^1]).ToLowerInvariant();
    }

    private void Write(string room, LogLevel level, string text, IEnumerable<KeyValuePair<string, object?>>? fields, Exception? exception)
    {
        var at = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
        var line = format == LogFormat.Json ? AsJson(at, room, level, text, fields, exception) : AsText(at, room, level, text, exception);
        _lines.Enqueue(line);
        if (_lines.Count > LinesKept)
            _lines.TryDequeue(out _);
        write(line);
    }

    private static string AsText(string at, string room, LogLevel level, string text, Exception? exception)
    {
        var line = new StringBuilder($"{at} {Word(level)} {room}: ");
        // What came from outside may hold line ends and escape sequences; a log line is one line.
        foreach (var c in text)
            line.Append(char.IsControl(c) ? $"\\u{(int)c:x4}" : c);
        if (exception is not null)
            line.Append('\n').Append(exception);
        return line.ToString();
    }

    private static string AsJson(string at, string room, LogLevel level, string text, IEnumerable<KeyValuePair<string, object?>>? fields, Exception? exception)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("time", at);
            writer.WriteString("level", Word(level));
            writer.WriteString("room", room);
            writer.WriteString("text", text);
            foreach (var (key, value) in fields ?? [])
            {
                if (key != "{OriginalFormat}")
                    writer.WriteString(JsonNamingPolicy.SnakeCaseLower.ConvertName(key), value?.ToString());
            }
            if (exception is not null)
                writer.WriteString("exception", exception.ToString());
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        _ => "error",
    };

    private sealed class Lines(HubLog log, string room) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log.Least(room) && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                log.Write(room, logLevel, formatter(state, exception), state as IEnumerable<KeyValuePair<string, object?>>, exception);
        }
    }

    // The web server speaks of every request; what a person needs from it begins at a warning.
    private LogLevel Least(string room) => room is "hub" or "record" or "decide" or "act" or "observe" or "workspace" or "present" or "app"
        ? least
        : (LogLevel)Math.Max((int)least, (int)LogLevel.Warning);
}
