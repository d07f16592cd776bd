using System.Globalization;
using HmsOps.Disk;
using HmsOps.Tsdb.Pages;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Checkpoints;

/// <summary>The checkpoints of a store, each named by the first frame of the log that is not in it. Two are kept, for the newest may turn out to be unreadable.</summary>
internal sealed class CheckpointFolder(IDisk disk, string folder)
{
    private const string BesideSuffix = ".tmp";
    private const string DamagedSuffix = ".damaged";
    private const int Kept = 2;

    private readonly string _folder = $"{folder}/checkpoints";

    /// <summary>Bytes of the newest; 0 when there is none.</summary>
    public long Bytes { get; private set; }

    /// <summary>
    /// Reads the newest checkpoint that can be read; null when there is none. Of those that cannot it is said why, and they are kept aside. What was not finished is removed.
    /// </summary>
    public (CheckpointHead Head, Holdings Holdings)? Read(MetricStoreOptions options, List<LogFinding> findings)
    {
        foreach (var name in disk.List(_folder).Where(name => name.EndsWith(BesideSuffix, StringComparison.Ordinal)))
            disk.Delete($"{_folder}/{name}"); // of a writer that was killed: the next one has another name, and it would stay for ever
        foreach (var sequence in Sequences())
        {
            try
            {
                using var file = disk.Open(PathOf(sequence), writable: false);
                var read = Checkpoint.Read(new FileSource(file), options);
                Bytes = file.Length;
                return read;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                findings.Add(new LogFinding(
                    LogFindingKind.Skipped, NameOf(sequence), 0, 0, 0, sequence, KeepAside(sequence),
                    $"Checkpoint {PathOf(sequence)} was passed over: {failure.Message} An older one is read, or the log from its beginning."));
            }
        }
        return null;
    }

    /// <summary>Writes a checkpoint; when it returns, it is durable. The holder of the turn's.</summary>
    public void Write(CheckpointHead head, Holdings holdings)
    {
        disk.CreateFolder(_folder);
        var beside = PathOf(head.Sequence) + BesideSuffix;
        if (disk.Exists(beside))
            disk.Delete(beside); // of a writer that did not come to its end
        using (var file = disk.Create(beside, reserve: 0))
        {
            var sink = new FileSink(file);
            Checkpoint.Write(sink, head, holdings);
            file.Flush();
            Bytes = sink.Length;
        }
        disk.Rename(beside, PathOf(head.Sequence));
        disk.FlushFolder(_folder);
    }

    /// <summary>Deletes what is older than the newest two; answers the sequence below which the log is not needed any more: that of the older of the two.</summary>
    public long? Prune()
    {
        var sequences = Sequences();
        foreach (var old in sequences.Skip(Kept))
            disk.Delete(PathOf(old));
        if (sequences.Count > Kept)
            disk.FlushFolder(_folder);
        return sequences.Count >= Kept ? sequences[Kept - 1] : null;
    }

    /// <summary>The file of the newest checkpoint; null when there is none.</summary>
    public string? Newest() => Sequences() is [var newest, ..] ? PathOf(newest) : null;

    /// <summary>Reads every checkpoint to its end; answers how many there are, and of those that are damaged in a sentence what it is.</summary>
    public (int Count, IReadOnlyList<string> Faults) Verify(CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        var sequences = Sequences();
        foreach (var sequence in sequences)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                using var file = disk.Open(PathOf(sequence), writable: false);
                Checkpoint.Verify(new FileSource(file));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                faults.Add($"{PathOf(sequence)}: {failure.Message} A start reads an older checkpoint, or the log from its beginning.");
            }
        }
        return (sequences.Count, faults);
    }

    // Newest first.
    private List<long> Sequences() => [.. disk.List(_folder)
        .Where(name => name.Length == 20 && long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        .Select(name => long.Parse(name, CultureInfo.InvariantCulture))
        .OrderDescending()];

    private string? KeepAside(long sequence)
    {
        try
        {
            disk.Rename(PathOf(sequence), PathOf(sequence) + DamagedSuffix);
            disk.FlushFolder(_folder);
            return NameOf(sequence) + DamagedSuffix;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null; // it stays where it is, and is passed over again
        }
    }

    private string PathOf(long sequence) => $"{_folder}/{NameOf(sequence)}";

    private static string NameOf(long sequence) => sequence.ToString("D20", CultureInfo.InvariantCulture);

    private sealed class FileSink(IDiskFile file) : IPageSink
    {
        public long Length { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            file.Write(Length, bytes);
            Length += bytes.Length;
        }
    }

    private sealed class FileSource(IDiskFile file) : IPageSource
    {
        private long _at;

        public long Left => file.Length - _at;

        public int Read(Span<byte> into)
        {
            var read = file.Read(_at, into);
            _at += read;
            return read;
        }
    }
}
