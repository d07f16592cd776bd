using HmsOps.Disk;
using HmsOps.Present;
using HmsOps.Tsdb;

namespace HmsOps.App.Running;

/// <summary>The metric store of a stopped hub, opened for one order. The caller holds the data folder's lock.</summary>
internal static class StoppedStore
{
    // Nothing goes because this process does not know how long the hub keeps things, and nothing is refused for its age.
    private static readonly TimeSpan Ever = TimeSpan.FromDays(36_525);

    /// <summary>Opens the store, lets it run while an order is carried out, and closes it in order.</summary>
    public static async Task<T> RunAsync<T>(string folder, Func<IStoreOrders, Task<T>> order)
    {
        var disk = new RealDisk();
        var options = new MetricStoreOptions { Folder = folder, Retention = Ever, LateWindow = Ever - TimeSpan.FromDays(1), DurabilityWindow = TimeSpan.FromSeconds(1) }.WithinMemory(HubMemory.ForStore);
        using var store = MetricStore.Open(disk, options, Ambient.Time);
        using var stopping = new CancellationTokenSource();
        var running = Ambient.OnPool(() => store.RunAsync(stopping.Token, Ambient.OnPool));
        try
        {
            return await order(new StoreOrders(store, Path.GetDirectoryName(folder) ?? folder, disk, Ambient.Time, static _ => false));
        }
        finally
        {
            stopping.Cancel();
            await running;
        }
    }
}
