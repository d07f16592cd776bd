using System.Text;
using System.Text.Json;
using HmsOps.Disk;

namespace HmsOps.App.Running;

/// <summary>The hub's data folder: one owner, one format. The lock lives as long as this does.</summary>
internal sealed class DataFolder : IDisposable
{
    // 1: the first release's. It would pass over what is in the metric log since, and lose it in silence, so it has to refuse the folder: 2.
    private const int Format = 2;
    private readonly FolderLock _lock;

    private DataFolder(FolderLock taken) => _lock = taken;

    /// <summary>Takes the folder, made if need be.</summary>
    /// <exception cref="FolderHeldException">Another hub has it; the message names it.</exception>
    /// <exception cref="HubCannotStartException">A newer program wrote here.</exception>
    public static DataFolder Take(IDisk disk, HubPlan plan, string holder)
    {
        disk.CreateFolder(plan.DataFolder);
        var taken = FolderLock.Take(disk, plan.DataFolder, holder);
        try
        {
            CheckFormat(disk, plan);
            return new DataFolder(taken);
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    private static void CheckFormat(IDisk disk, HubPlan plan)
    {
        var path = $"{plan.DataFolder}/VERSION";
        if (disk.Exists(path))
        {
            var written = Read(disk, plan, path);
            if (written.Format > Format)
            {
                throw new HubCannotStartException(
                    $"{plan.DataFolder} was written by hms-ops {written.Program} (format {written.Format}); this is {plan.Version} (format {Format}). "
                    + $"Start hms-ops {written.Program} or newer. Nothing was changed.");
            }
            if (written.Format == Format && written.Program == plan.Version)
                return;
        }
        AtomicFile.Replace(disk, path, Encoding.UTF8.GetBytes($"{{\"format\": {Format}, \"program\": \"{plan.Version}\"}}\n"));
    }

    private static (int Format, string Program) Read(IDisk disk, HubPlan plan, string path)
    {
        using var file = disk.Open(path, writable: false);
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        try
        {
            using var json = JsonDocument.Parse(bytes);
            return (json.RootElement.GetProperty("format").GetInt32(), json.RootElement.GetProperty("program").GetString() ?? "?");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new HubCannotStartException($"{path} cannot be read ({e.Message}). If this is a hub's data folder, write {{\"format\": {Format}, \"program\": \"{plan.Version}\"}} into it; else choose another folder with --data.");
        }
    }
}

/// <summary>The hub cannot start; the message says why and what to do.</summary>
public sealed class HubCannotStartException(string message) : Exception(message);
