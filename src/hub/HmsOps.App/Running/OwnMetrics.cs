using System.Globalization;
using System.Text;
using HmsOps.Present.Api.Queries;
using HmsOps.PromQL;
using HmsOps.PromQL.Caching;
using HmsOps.Record.Projections;

namespace HmsOps.App.Running;

/// <summary>The hub's own metrics as Prometheus text: few, bounded labels, never a name a user chose.</summary>
internal static class OwnMetrics
{
    private static readonly string[] Generations = ["0", "1", "2", "large", "pinned"];

    /// <summary>The text of <c>/metrics</c>.</summary>
    public static string TextOf(Hub hub, QueryState queries, DateTimeOffset now)
    {
        var text = new StringBuilder();
        var state = hub.Journal.State;
        Gauge("hms_app_up_seconds", "Time since the hub started.", (now - hub.StartedAt).TotalSeconds);
        Gauge("hms_ledger_size", "Entries in the ledger.", state.Size);
        Gauge("hms_ledger_writable", "1 while the ledger takes entries.", hub.Journal.Log.State == Ledger.LedgerState.Writable ? 1 : 0);
        Gauge("hms_workspace_errors", "Errors in the workspace's files.", hub.Workspace.Diagnostics.Count(d => d.Severity == HmsOps.Workspace.Severity.Error));
        Gauge("hms_decide_alerts_firing", "Alerts that fire now.", state.Alerts.Values.Count(a => a.IsFiring));
        Gauge("hms_act_intents_open", "Intents that are not settled.", state.Acts.Values.Count(a => a.IsOpen));
        Gauge("hms_act_pages_open", "Pages nobody has taken yet.", state.Pages.Values.Count(p => p.IsOpen));
        Gauge("hms_act_pages_undeliverable", "Pages no channel takes.", state.Pages.Values.Count(p => p.Stage == PageStage.Undeliverable));
        if (hub.Scheduler.LastTurn is { } turn)
            Gauge("hms_decide_last_turn_timestamp_seconds", "When rules were last evaluated.", turn.ToUnixTimeMilliseconds() / 1000.0);
        if (hub.Store?.Counts is { } store)
        {
            Gauge("hms_tsdb_series", "Series in the metric store.", store.Series);
            Gauge("hms_tsdb_samples", "Samples in the metric store.", store.Samples);
            Gauge("hms_tsdb_log_bytes", "Bytes of the metric log.", store.LogBytes);
            Gauge("hms_tsdb_memory_bytes", "Bytes of memory that series and samples take.", store.MemoryBytes);
            Counter("hms_tsdb_head_renewals_total", "Times the memory was rid of series that left.", store.Renewals);
            Gauge("hms_tsdb_late_samples", "Samples that came late and wait for a block.", store.LateSamples);
            Gauge("hms_tsdb_blocks", "Blocks on the disk.", store.Blocks);
            Gauge("hms_tsdb_block_bytes", "Bytes of blocks.", store.BlockBytes);
            Gauge("hms_tsdb_recovery_findings", "What was not as it was written when the hub started, or was put right then: each is in its log.", hub.Store.Recovery.Findings.Count);
            Gauge("hms_tsdb_lost_items", "Samples and observations of the metric log that damage took at the start.", store.MissingAtReplay + store.LostAtReplay);
        }
        if (hub.Cluster is { Queue: { } queue, Sending: { } sending } cluster)
        {
            Gauge("hms_remote_waiting_items", "Samples, exemplars and descriptions that wait for the cluster.", queue.Waiting);
            Gauge("hms_remote_waiting_seconds", "How long the oldest of them has waited.", queue.Since is { } since ? Math.Max(0, (now - since).TotalSeconds) : 0);
            Gauge("hms_remote_queue_bytes", "Bytes of disk the queue takes.", queue.Bytes);
            Gauge("hms_remote_queue_bytes_max", "Bytes of disk it may take.", queue.BytesMax);
            Counter("hms_remote_sent_items_total", "Items the cluster has taken.", sending.Sent);
            Counter("hms_remote_refused_items_total", "Items the cluster refused for good.", sending.Refused);
            Counter("hms_remote_dropped_items_total", "Items that went unsent because the queue was full.", queue.Dropped);
            Counter("hms_remote_lost_items_total", "Items that damage to the queue took.", queue.Lost);
            Counter("hms_remote_retries_total", "Requests that had to be sent again.", sending.Retries);
            Gauge("hms_remote_up", "1 while the cluster takes what is sent.", sending.Failure is null ? 1 : 0);
            Counter("hms_remote_read_failures_total", "Questions the cluster did not answer.", cluster.Outage.Failures);
            Counter("hms_remote_pushed_queries_total", "Expressions the cluster worked out.", cluster.Whole.Pushed);
        }
        WriteQueries();
        WriteProcess();
        Help("hms_refused_total", "counter", "Items refused, by door and reason.");
        foreach (var (door, reason, count) in hub.Refusals.All)
            Line($"hms_refused_total{{door=\"{door}\",reason=\"{reason}\"}}", count);
        return text.ToString();

        void WriteQueries()
        {
            Gauge("hms_query_running", "Queries that are worked out now.", queries.Running.Count(QueryStage.Runs));
            Gauge("hms_query_waiting", "Queries that wait for a place.", queries.Running.Count(QueryStage.Waits));
            Gauge("hms_query_answering", "Queries whose answer is sent now.", queries.Running.Count(QueryStage.Answers));
            Gauge("hms_query_pool_bytes", "Memory that all queries hold, and their answers that are not sent yet.", queries.Pool.Bytes);
            Gauge("hms_query_pool_limit_bytes", "Memory that all queries may hold.", queries.Pool.BytesMax);
            Gauge("hms_query_cache_bytes", "Bytes of answers to range queries that are kept.", queries.Cache.Bytes);
            Help("hms_query_cache_hits_total", "counter", "Range queries of which some steps were kept.");
            Line("hms_query_cache_hits_total", queries.Cache.Hits);
            Help("hms_query_cache_misses_total", "counter", "Range queries of which none were, though they may be.");
            Line("hms_query_cache_misses_total", queries.Cache.Misses);
            var figures = queries.Running.Figures;
            Help("hms_query_cancelled_total", "counter", "Queries that were stopped: their asker hung up, they took too long, somebody ended them.");
            Line("hms_query_cancelled_total{why=\"gone\"}", figures.AskersGone);
            Line("hms_query_cancelled_total{why=\"late\"}", figures.Late);
            Line("hms_query_cancelled_total{why=\"ended\"}", figures.Ended);
            Help("hms_query_cancel_seconds_total", "counter", "Time from when they were to stop to when they had.");
            Line("hms_query_cancel_seconds_total", figures.CancelTime.TotalSeconds);
            Gauge("hms_query_cancel_seconds_max", "The longest of these times.", figures.CancelTimeMax.TotalSeconds);
        }

        // By the names that client libraries gave them.
        void WriteProcess()
        {
            Gauge("process_resident_memory_bytes", "Memory the system gave the process.", Environment.WorkingSet);
            Help("process_cpu_seconds_total", "counter", "Processor time the process took.");
            Line("process_cpu_seconds_total", Environment.CpuUsage.TotalTime.TotalSeconds);
            var heap = GC.GetGCMemoryInfo(GCKind.Any);
            Gauge("hms_gc_committed_bytes", "Memory that the heap holds, after the last collection.", heap.TotalCommittedBytes);
            Help("hms_gc_heap_bytes", "gauge", "Bytes in the heap after the last collection.");
            for (var i = 0; i < heap.GenerationInfo.Length; i++)
                Line($"hms_gc_heap_bytes{{generation=\"{Generations[i]}\"}}", heap.GenerationInfo[i].SizeAfterBytes);
            Help("hms_gc_fragmented_bytes", "gauge", "Bytes of them that are free.");
            for (var i = 0; i < heap.GenerationInfo.Length; i++)
                Line($"hms_gc_fragmented_bytes{{generation=\"{Generations[i]}\"}}", heap.GenerationInfo[i].FragmentationAfterBytes);
            Help("hms_gc_collections_total", "counter", "Collections, of a generation and the younger ones.");
            for (var i = 0; i <= GC.MaxGeneration; i++)
                Line($"hms_gc_collections_total{{generation=\"{Generations[i]}\"}}", GC.CollectionCount(i));
            Help("hms_gc_pause_seconds_total", "counter", "Time for which everything stood still.");
            Line("hms_gc_pause_seconds_total", GC.GetTotalPauseDuration().TotalSeconds);
            Help("hms_gc_allocated_bytes_total", "counter", "Bytes allocated.");
            Line("hms_gc_allocated_bytes_total", GC.GetTotalAllocatedBytes());
        }

        void Gauge(string name, string help, double value)
        {
            Help(name, "gauge", help);
            Line(name, value);
        }

        void Counter(string name, string help, double value)
        {
            Help(name, "counter", help);
            Line(name, value);
        }

        void Help(string name, string type, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

        void Line(string series, double value) => text.Append(series).Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}

/// <summary>What there is to be told about queries.</summary>
internal sealed record QueryState(RunningQueries Running, PromPool Pool, RangeCache Cache);
