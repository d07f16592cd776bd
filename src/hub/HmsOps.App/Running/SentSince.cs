using System.Globalization;
using System.Text;
using HmsOps.Disk;

namespace HmsOps.App.Running;

/// <summary>
/// Since when a cluster has all that the hub took: from the beginning, from when it was named, or from behind the newest of what it did not get. A small file beside the queue.
/// </summary>
internal sealed class SentSince
{
    private const string Kind = "hms-ops sent-since 1";

    private readonly IDisk _disk;
    private readonly string _path;
    private readonly TimeProvider _time;
    private long _ms;

    private SentSince(IDisk disk, string path, TimeProvider time) => (_disk, _path, _time) = (disk, path, time);

    /// <summary>Milliseconds since 1970; the smallest number there is where nothing was ever left out. Safe for concurrent use.</summary>
    public long Ms => Volatile.Read(ref _ms);

    /// <summary>Reads it; a hub that begins with its cluster has sent all there is, any other what comes from now on.</summary>
    public static SentSince Open(IDisk disk, string folder, bool isNewHub, TimeProvider time)
    {
        var since = new SentSince(disk, $"{folder}/since", time);
        if (since.Read() is { } ms)
            since._ms = ms;
        else
            since.Write(isNewHub ? long.MinValue : time.GetUtcNow().ToUnixTimeMilliseconds());
        return since;
    }

    /// <summary>Something was left out just now.</summary>
    public void BeginAnew()
    {
        try
        {
            Write(_time.GetUtcNow().ToUnixTimeMilliseconds());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It holds as long as the hub runs. The disk's trouble is the queue's too, which says so.
        }
    }

    // What cannot be read says nothing: then it begins now.
    private long? Read() =>
        _disk.Exists(_path) && Encoding.ASCII.GetString(AtomicFile.Read(_disk, _path)).Split('\n') is [Kind, var number, ""] && long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ms)
            ? ms
            : null;

    private void Write(long ms)
    {
        Volatile.Write(ref _ms, ms);
        AtomicFile.Replace(_disk, _path, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Kind}\n{ms}\n")));
    }
}
