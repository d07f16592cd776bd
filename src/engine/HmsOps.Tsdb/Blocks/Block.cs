using System.Text;
using HmsOps.Disk;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// One block, open for reading. What it holds never changes but for deletions, which are added whole. Safe for concurrent use; whoever reads
/// holds a pin (<see cref="BlockSet.Pin"/>), so that the file stays open as long as a cursor walks it.
/// </summary>
internal sealed class Block : IDisposable
{
    private const int RowsBetweenChecks = 4_096;

    private readonly IDisk _disk;
    private readonly IDiskFile _file;
    private readonly BlockIndex _index;
    private volatile RowDeletion[] _deletions;

    private Block(IDisk disk, IDiskFile file, BlockIndex index, RowDeletion[] deletions) =>
        (_disk, _file, _index, _deletions) = (disk, file, index, deletions);

    /// <summary>Opens a block and what was deleted of it. Reads header and footer alone.</summary>
    /// <exception cref="BlockDamagedException">They are not as they were written.</exception>
    public static Block Open(IDisk disk, string path, BlockCache cache)
    {
        var file = disk.Open(path, writable: false);
        try
        {
            var footer = BlockFooter.Read(file);
            var index = new BlockIndex(file, footer, cache);
            var id = footer.Info.Identity.Id;
            var deletions = TombstoneFile.Read(disk, TombstonesOf(path, id), id);
            return new Block(disk, file, index, [.. deletions.Select(deletion => new RowDeletion(deletion, index))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public BlockInfo Info => _index.Footer.Info;

    /// <summary>What was ordered to be deleted of it, in the order in which it was ordered.</summary>
    public IReadOnlyList<Deletion> Deletions => [.. _deletions.Select(deletion => deletion.Order)];

    /// <summary>The name of a block in sentences.</summary>
    public string Name => BlockIdentity.NameOf(Info.Identity.Id);

    internal BlockIndex Index => _index;

    internal IDiskFile File => _file;

    /// <summary>Whether a sample of a row was ordered deleted.</summary>
    public bool IsDeleted(int row, long time) => _deletions.Any(deletion => time >= deletion.From && time <= deletion.To && deletion.Covers(row));

    /// <summary>Opens a walk over the series that match, in the order of rows.</summary>
    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken) => Select(selection, [], budget, cancellationToken)[0];

    /// <summary>Opens a walk over the series that match before a bound, one from there to before the next, and so on, each in the order of rows.</summary>
    public IReadOnlyList<SeriesCursor> Select(Selection selection, IReadOnlyList<Labels> bounds, QueryBudget budget, CancellationToken cancellationToken)
    {
        var warnings = new BlockWarnings(Name);
        int[] rows = [];
        var deletions = _deletions;
        var ends = new int[bounds.Count + 1];
        try
        {
            if (Info.Overlaps(selection.From, selection.To))
                rows = new RowSelection(_index, cancellationToken).Rows(selection.Matchers).ToArray();
            Resolve(deletions);
            var labels = new RowLabels(_index);
            for (var i = 0; i < bounds.Count; i++)
                ends[i] = FirstFrom(bounds[i], rows, labels);
            ends[^1] = rows.Length;
        }
        catch (BlockDamagedException damage)
        {
            rows = [];
            Array.Clear(ends);
            warnings.LeftOut(damage.Fault, "nothing of the block can be looked up");
        }
        return [.. ends.Select((end, i) => new BlockCursor(
            _index, _file, rows[(i == 0 ? 0 : ends[i - 1])..end], deletions, i == 0 ? warnings : new BlockWarnings(Name), selection, budget, cancellationToken))];
    }

    private static int FirstFrom(Labels bound, int[] rows, RowLabels labels)
    {
        var (low, high) = (0, rows.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Labels.CompareRows(labels.Of(rows[middle]), bound) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    /// <summary>Label sets of series that have samples in the range, in the order of rows, found as they are taken.</summary>
    /// <exception cref="BlockDamagedException">The index is damaged where it has to be read.</exception>
    public IEnumerable<Labels> Series(Selection selection, CancellationToken cancellationToken)
    {
        using var presence = new RowPresence(_index, _file, _deletions, selection);
        var labels = new RowLabels(_index);
        foreach (var row in RowsOf(selection, cancellationToken))
        {
            if (presence.IsThere(row))
                yield return labels.Of(row);
        }
    }

    /// <summary>Names of labels of series that have samples in the range, in the order of their bytes.</summary>
    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken)
    {
        using var presence = new RowPresence(_index, _file, _deletions, selection);
        var (labels, keysets, met) = (new RowLabels(_index), _index.Keysets, new HashSet<int>());
        if (IsWhole(selection))
            met.UnionWith(Enumerable.Range(0, keysets.Count));
        foreach (var row in IsWhole(selection) ? [] : RowsOf(selection, cancellationToken))
        {
            var keyset = labels.KeysetOf(row);
            if (!met.Contains(keyset) && presence.IsThere(row))
                met.Add(keyset);
            if (met.Count == keysets.Count)
                break;
        }
        var names = new SortedSet<int>(); // symbols are ranks
        foreach (var keyset in met)
            names.UnionWith(keysets.NamesOf(keyset).ToArray());
        return [.. names.Select(name => Encoding.UTF8.GetString(labels.Symbol(name)))];
    }

    /// <summary>Values of one label of series that have samples in the range, in the order of their bytes.</summary>
    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken)
    {
        var buffer = Array.Empty<byte>();
        var label = _index.Symbols.Find(Encoding.UTF8.GetBytes(name), ref buffer);
        if (label < 0)
            return [];
        using var presence = new RowPresence(_index, _file, _deletions, selection);
        var (labels, values) = (new RowLabels(_index), new SortedSet<int>());
        if (IsWhole(selection))
            values.UnionWith(ValuesOf(label));
        foreach (var row in IsWhole(selection) ? [] : RowsOf(selection, cancellationToken))
        {
            var value = labels.ValueOf(row, label);
            if (value >= 0 && !values.Contains(value) && presence.IsThere(row))
                values.Add(value);
        }
        return [.. values.Select(value => Encoding.UTF8.GetString(labels.Symbol(value)))];
    }

    /// <summary>Reads everything, and says of everything that is not as it was written what it is.</summary>
    public IEnumerable<BlockFault> Verify(CancellationToken cancellationToken) => new BlockVerification(_index, _file).Run(cancellationToken);

    public void Dispose()
    {
        _index.Forget();
        _file.Dispose();
    }

    /// <summary>Adds an order to delete; durable when it returns. One caller at a time: <see cref="BlockSet.Delete"/>. Answers how many series it meets.</summary>
    internal int Delete(Deletion deletion)
    {
        if (!Info.Overlaps(deletion.From, deletion.To))
            return 0;
        var added = new RowDeletion(deletion, _index);
        var met = added.Rows.Count;
        if (met == 0)
            return 0;
        var id = Info.Identity.Id;
        TombstoneFile.Write(_disk, TombstonesOf(Info.Path, id), id, [.. Deletions, deletion]);
        _deletions = [.. _deletions, added];
        return met;
    }

    private IEnumerable<int> RowsOf(Selection selection, CancellationToken cancellationToken)
    {
        if (!Info.Overlaps(selection.From, selection.To))
            yield break;
        var rows = selection.Matchers.Count == 0 ? Enumerable.Range(0, Info.Series) : new RowSelection(_index, cancellationToken).Rows(selection.Matchers).ToArray();
        var walked = 0;
        foreach (var row in rows)
        {
            if (walked++ % RowsBetweenChecks == 0)
                cancellationToken.ThrowIfCancellationRequested();
            yield return row;
        }
    }

    // All there is, so that the index alone answers.
    private bool IsWhole(Selection selection) =>
        selection.Matchers.Count == 0 && _deletions.Length == 0 && selection.From <= Info.From && selection.To >= Info.To;

    private int[] ValuesOf(int label)
    {
        var isMetricName = new RowLabels(_index).Symbol(label).SequenceEqual(HmsOps.Series.Labels.MetricName);
        return isMetricName ? [.. _index.Names.Symbols.ToArray().Where(symbol => symbol >= 0)] : _index.Postings(label)?.Values.ToArray() ?? [];
    }

    // Before the walk: an order that cannot be looked up must not let through what it deletes.
    private static void Resolve(RowDeletion[] deletions)
    {
        foreach (var deletion in deletions)
            _ = deletion.Rows;
    }

    private static string TombstonesOf(string path, UInt128 id) => TombstoneFile.PathOf(path[..path.LastIndexOf('/')], id);
}

/// <summary>Tells of rows whether they have samples in a range, from the bounds of chunks alone where these decide.</summary>
internal sealed class RowPresence(BlockIndex index, IDiskFile file, IReadOnlyList<RowDeletion> deletions, Selection selection) : IDisposable
{
    private readonly TimeColumnReader _times = new(index, file);

    public bool IsThere(int row)
    {
        var deleting = deletions.Where(deletion => deletion.Covers(row)).ToArray();
        foreach (var chunk in index.ChunksOf(row))
        {
            var place = _times.PlaceOf(chunk.TimeColumn);
            if (!place.Overlaps(selection.From, selection.To))
                continue;
            var isBound = (place.First >= selection.From && place.First <= selection.To) || (place.Last >= selection.From && place.Last <= selection.To);
            if (isBound && !deleting.Any(deletion => place.Overlaps(deletion.From, deletion.To)))
                return true;
            // A column that cannot be read leaves the bounds: better a name too many than one that is missing.
            if (_times.Read(chunk.TimeColumn).Times is not { } times || times.Any(time => IsIn(time, deleting)))
                return true;
        }
        return false;
    }

    public void Dispose() => _times.Dispose();

    private bool IsIn(long time, RowDeletion[] deleting) => time >= selection.From && time <= selection.To
        && !deleting.Any(deletion => time >= deletion.From && time <= deletion.To);
}
