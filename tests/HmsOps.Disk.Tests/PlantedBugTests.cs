using HmsOps.Simulation.Disk;
using static HmsOps.Disk.Tests.LogFixture;

namespace HmsOps.Disk.Tests;

/// <summary>Trusting the tester: each of these bugs, put between the log and its disk, is found by the crash runs within 200 seeds.</summary>
public sealed class PlantedBugTests
{
    private const int Seeds = 200;

    private static readonly DiskFaults Faulty = new() { FlushFails = 0.05 };

    [Theory]
    [InlineData(Bug.SkipsTheFlushOfFiles, true)]
    [InlineData(Bug.SkipsTheFlushOfFiles, false)]
    [InlineData(Bug.SkipsTheFlushOfFolders, true)]
    [InlineData(Bug.SkipsTheFlushOfFolders, false)]
    [InlineData(Bug.TriesAFailedFlushAgain, true)]
    [InlineData(Bug.TriesAFailedFlushAgain, false)]
    [InlineData(Bug.HidesAFailedFlush, true)]
    [InlineData(Bug.HidesAFailedFlush, false)]
    [InlineData(Bug.LeavesTheLastFrameAsItIs, true)]
    [InlineData(Bug.ForgetsToClearTheTail, true)]
    public void A_planted_bug_is_found(Bug bug, bool strict)
    {
        var found = Enumerable.Range(0, Seeds).Any(seed => Breaks(seed, bug, strict));

        Assert.True(found, $"{Seeds} seeds did not find that the log {bug}.");
    }

    private static bool Breaks(int seed, Bug bug, bool strict)
    {
        try
        {
            new CrashRun(seed, strict ? Strict : Tolerant, Faulty, disk => new BuggyDisk(disk, bug)).Run();
            return false;
        }
        catch (BrokenPromiseException)
        {
            return true;
        }
    }

    public enum Bug
    {
        SkipsTheFlushOfFiles,
        SkipsTheFlushOfFolders,
        TriesAFailedFlushAgain,
        HidesAFailedFlush,
        LeavesTheLastFrameAsItIs,
        ForgetsToClearTheTail,
    }

    private sealed class BuggyDisk(SimulatedDisk disk, Bug bug) : IDisk
    {
        public IDiskFile Create(string path, long reserve) => new BuggyFile(disk.Create(path, reserve), bug);

        public IDiskFile Open(string path, bool writable) => new BuggyFile(disk.Open(path, writable), bug);

        public bool Exists(string path) => disk.Exists(path);

        public void CreateFolder(string path) => disk.CreateFolder(path);

        public IReadOnlyList<string> List(string folder) => disk.List(folder);

        public void Rename(string from, string to) => disk.Rename(from, to);

        public void Link(string path, string second) => disk.Link(path, second);

        public void Delete(string path) => disk.Delete(path);

        public void FlushFolder(string folder)
        {
            if (bug != Bug.SkipsTheFlushOfFolders)
                disk.FlushFolder(folder);
        }

        public IDisposable? TryLock(string path) => disk.TryLock(path);

        public long FreeBytes(string folder) => disk.FreeBytes(folder);
    }

    private sealed class BuggyFile(IDiskFile file, Bug bug) : IDiskFile
    {
        private readonly SortedSet<long> _seen = []; // places read through this handle: only repair reads what it then writes

        public string Path => file.Path;

        public long Length => file.Length;

        public int Read(long offset, Span<byte> into)
        {
            _seen.Add(offset);
            return file.Read(offset, into);
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            var skipped = bug switch
            {
                Bug.LeavesTheLastFrameAsItIs => _seen.Contains(offset),
                Bug.ForgetsToClearTheTail => !bytes.ContainsAnyExcept((byte)0),
                _ => false,
            };
            if (!skipped)
                file.Write(offset, bytes);
        }

        public void SetLength(long length) => file.SetLength(length);

        public void Reserve(long offset, long bytes) => file.Reserve(offset, bytes);

        public void Flush()
        {
            if (bug == Bug.SkipsTheFlushOfFiles)
                return;
            try
            {
                file.Flush();
            }
            catch (DiskFlushException) when (bug is Bug.TriesAFailedFlushAgain or Bug.HidesAFailedFlush)
            {
                if (bug == Bug.TriesAFailedFlushAgain)
                    file.Flush();
            }
        }

        public void Dispose() => file.Dispose();
    }
}
