using HmsOps.Disk;
using HmsOps.Present;
using HmsOps.Series;
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
        using var store = MetricStore.Open(disk, OptionsOf(folder), Ambient.Time);
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

    /// <summary>Opens the store, looks something up, and closes it. Nothing is sealed or written; but opening puts right what a crash left behind, as a hub's start does.</summary>
    /// <param name="folder">The metric store's folder.</param>
    /// <param name="time">The clock.</param>
    /// <param name="found">Is told what was not as it was written, a sentence each: the next start will not find it any more.</param>
    /// <param name="look">What is looked up.</param>
    public static T Look<T>(string folder, TimeProvider time, Action<string> found, Func<ISeriesSource, T> look)
    {
        using var store = MetricStore.Open(new RealDisk(), OptionsOf(folder), time);
        foreach (var finding in store.Recovery.Findings)
            found($"the metric log was put right while opening: {finding.Sentence}");
        return look(store);
    }

    private static MetricStoreOptions OptionsOf(string folder) =>
        new MetricStoreOptions { Folder = folder, Retention = Ever, LateWindow = Ever - TimeSpan.FromDays(1), DurabilityWindow = TimeSpan.FromSeconds(1) }.WithinMemory(HubMemory.ForStore);
}
