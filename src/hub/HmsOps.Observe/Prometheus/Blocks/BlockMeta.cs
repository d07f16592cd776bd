using System.Text.Json;
using HmsOps.Disk;
using HmsOps.Observe.History;

namespace HmsOps.Observe.Prometheus.Blocks;

/// <summary>What a block says of itself in <c>meta.json</c>.</summary>
/// <param name="Ulid">Its name.</param>
/// <param name="MinTime">The first millisecond it may hold.</param>
/// <param name="MaxTime">The millisecond after the last it may hold.</param>
/// <param name="Series">Series in it, for progress.</param>
/// <param name="Samples">Samples in it, for progress.</param>
public sealed record BlockMeta(string Ulid, long MinTime, long MaxTime, long Series, long Samples)
{
    private const int BytesMax = 1 << 20;
    private const int Version = 1;

    internal static BlockMeta Read(IDisk disk, string path)
    {
        using var file = disk.Open(path, writable: false);
        if (file.Length > BytesMax)
            throw new HistoryDamagedException(path, 0, $"it has {file.Length} bytes, and a description of a block less than {BytesMax}");
        var bytes = new byte[file.Length];
        var length = file.Read(0, bytes);
        try
        {
            using var json = JsonDocument.Parse(bytes.AsMemory(0, length));
            var root = json.RootElement;
            var version = root.GetProperty("version").GetInt32();
            if (version != Version)
                throw new HistoryDamagedException(path, 0, $"its version is {version}, and {Version} is known");
            var hasStats = root.TryGetProperty("stats", out var stats);
            return new BlockMeta(
                root.GetProperty("ulid").GetString() ?? "", root.GetProperty("minTime").GetInt64(), root.GetProperty("maxTime").GetInt64(),
                hasStats ? NumberOf(stats, "numSeries") : 0, hasStats ? NumberOf(stats, "numSamples") : 0);
        }
        catch (JsonException e)
        {
            throw new HistoryDamagedException(path, e.BytePositionInLine ?? 0, $"it is no JSON: {e.Message}");
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new HistoryDamagedException(path, 0, $"ulid, version, minTime and maxTime are expected in it: {e.Message}");
        }
    }

    private static long NumberOf(JsonElement stats, string name) => stats.TryGetProperty(name, out var number) && number.TryGetInt64(out var value) ? Math.Max(0, value) : 0;
}
