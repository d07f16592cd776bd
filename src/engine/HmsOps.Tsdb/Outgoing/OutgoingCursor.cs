using System.Globalization;
using System.Text;
using HmsOps.Disk;

namespace HmsOps.Tsdb.Outgoing;

/// <summary>How far the queue was passed on: a small file that is replaced whole.</summary>
internal sealed class OutgoingCursor(IDisk disk, string folder)
{
    private const string Kind = "hms-ops sample-queue 1";

    private readonly string _path = $"{folder}/cursor";

    /// <summary>Where reading begins, and what was passed on; null when there is none, or none that can be read.</summary>
    public (long EpochFirst, long Next)? Read(List<LogFinding> findings)
    {
        if (!disk.Exists(_path))
            return null;
        var text = Encoding.ASCII.GetString(AtomicFile.Read(disk, _path));
        var lines = text.Split('\n');
        if (lines is [Kind, var numbers, var sum, ""] && sum == SumOf(numbers) && numbers.Split(' ') is [var first, var next]
            && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var epochFirst)
            && long.TryParse(next, NumberStyles.None, CultureInfo.InvariantCulture, out var done))
        {
            return (epochFirst, done);
        }
        findings.Add(new LogFinding(
            LogFindingKind.Skipped, "cursor", 0, 0, 0, null, null,
            $"{_path} cannot be read: all that is in the queue is sent again. A cluster that has it already refuses it, or keeps it twice."));
        return null;
    }

    public void Write(long epochFirst, long next)
    {
        var numbers = string.Create(CultureInfo.InvariantCulture, $"{epochFirst} {next}");
        AtomicFile.Replace(disk, _path, Encoding.ASCII.GetBytes($"{Kind}\n{numbers}\n{SumOf(numbers)}\n"));
    }

    private static string SumOf(string numbers) => Crc32C.Of(Encoding.ASCII.GetBytes(numbers)).ToString("x8", CultureInfo.InvariantCulture);
}
