using System.Runtime.CompilerServices;
using HmsOps.Disk;
using HmsOps.Observe.History;
using HmsOps.Observe.Prometheus.Chunks;
using HmsOps.Series;

namespace HmsOps.Observe.Prometheus.Blocks;

/// <summary>
/// A block of Prometheus' own store: a folder with <c>meta.json</c>, <c>index</c>, <c>chunks/</c> and perhaps <c>tombstones</c>. Walked series by series; every checksum is
/// checked, and what was deleted stays deleted. A damaged chunk costs its samples and is named; damage in the index ends the walk. One owner.
/// </summary>
public sealed class PrometheusBlock : IHistorySource
{
    /// <summary>A batch is handed out when it has as many, or with the chunk that brings it there.</summary>
    private const int BatchSamples = 4_000;

    private readonly BlockIndex _index;
    private readonly ChunkSegments _segments;
    private readonly Tombstones _tombstones;
    private readonly ChunkColumns _columns = new();
    private readonly SampleBatch _batch = new();
    private long _samples;
    private long _series;
    private bool _hasSeries;
    private bool _isOver;
    private int _chunk;

    private PrometheusBlock(string folder, BlockMeta meta, BlockIndex index, ChunkSegments segments, Tombstones tombstones) =>
        (Name, Meta, _index, _segments, _tombstones) = (folder, meta, index, segments, tombstones);

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>What the block says of itself.</summary>
    public BlockMeta Meta { get; }

    /// <inheritdoc/>
    public HistoryProgress Progress => new(_samples, _series, _isOver ? 1 : Meta.Series == 0 ? 0 : Math.Min(1, (double)_series / Meta.Series));

    /// <inheritdoc/>
    public HistoryDamage Damage { get; } = new();

    /// <summary>Opens the block in a folder. Nothing in it is changed.</summary>
    /// <exception cref="HistoryDamagedException">It is no block, or its description, index or tombstones are damaged.</exception>
    public static PrometheusBlock Open(IDisk disk, string folder)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(folder);
        foreach (var file in (ReadOnlySpan<string>)["meta.json", "index"])
        {
            if (!disk.Exists($"{folder}/{file}"))
                throw new HistoryDamagedException($"{folder}/{file}", 0, "it is not there: a block of Prometheus is a folder with meta.json, index and chunks/");
        }
        var meta = BlockMeta.Read(disk, $"{folder}/meta.json");
        var tombstones = Tombstones.Read(disk, $"{folder}/tombstones");
        return new PrometheusBlock(folder, meta, BlockIndex.Open(disk, $"{folder}/index"), new ChunkSegments(disk, $"{folder}/chunks"), tombstones);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<SampleBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (!_isOver)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _batch.Clear();
            while (_batch.Count < BatchSamples && !_isOver)
                Step();
            if (_batch.Count == 0)
                continue;
            _samples += _batch.Count;
            yield return _batch;
            await Task.Yield(); // files are read without waiting: whoever else runs here has a turn between batches
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _index.Dispose();
        _segments.Dispose();
    }

    /// <summary>Takes the next chunk, or goes to the next series.</summary>
    private void Step()
    {
        if (_hasSeries && _chunk < _index.Chunks.Count)
        {
            Take(_index.Chunks[_chunk++]);
            return;
        }
        _series += _hasSeries ? 1 : 0;
        (_hasSeries, _chunk) = (_index.MoveNext(), 0);
        _isOver = !_hasSeries;
    }

    private void Take(ChunkPlace place)
    {
        try
        {
            _segments.Read(place, _columns);
        }
        catch (HistoryDamagedException e)
        {
            Damage.Add(e.Message);
            return;
        }
        var series = -1;
        for (var i = 0; i < _columns.Count; i++)
        {
            var time = _columns.Times[i];
            // Times of the chunk that are not the block's belong to a neighbour, which has them too.
            if (time < Meta.MinTime || time >= Meta.MaxTime || _tombstones.Cover(_index.Reference, time))
                continue;
            if (series < 0)
                series = _batch.AddSeries(_index.LabelsKey);
            if (_columns.Histograms.IsEmpty)
                _batch.Add(series, time, _columns.Values[i]);
            else
                _batch.Add(series, time, _columns.Histograms[i]!); // a decoded one is never null
        }
    }
}
