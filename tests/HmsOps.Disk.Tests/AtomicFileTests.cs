using System.Text;
using HmsOps.Simulation.Disk;

namespace HmsOps.Disk.Tests;

public sealed class AtomicFileTests
{
    [Fact]
    public void After_a_crash_at_any_operation_there_is_the_old_content_or_the_new()
    {
        var outcomes = new HashSet<string>();
        for (var seed = 0; seed < 200; seed++)
        {
            var disk = new SimulatedDisk(new Random(seed));
            disk.Put("data/checkpoint", "old"u8);
            disk.CutPowerAt = 1 + (seed % 6);
            var returned = false;
            try
            {
                AtomicFile.Replace(disk, "data/checkpoint", "the new content"u8);
                returned = true;
            }
            catch (PowerCutException)
            {
                // as arranged
            }
            disk.Crash();

            var content = Encoding.ASCII.GetString(disk.Content("data/checkpoint"));
            Assert.True(content is "the new content" || (content == "old" && !returned), $"seed {seed} left '{content}'");
            outcomes.Add(content);
            AtomicFile.Replace(disk, "data/checkpoint", "and on"u8);
            Assert.Equal("and on"u8.ToArray(), AtomicFile.Read(disk, "data/checkpoint"));
        }
        Assert.Equal(2, outcomes.Count);
    }

    [Fact]
    public void A_lock_in_the_simulated_world_is_free_after_a_crash()
    {
        var disk = new SimulatedDisk(new Random(1));
        var held = FolderLock.Take(disk, "data", "the first life");
        var refused = Assert.Throws<FolderHeldException>(() => FolderLock.Take(disk, "data", "another"));
        Assert.Equal(("data", "the first life"), (refused.Folder, refused.Holder));

        disk.Crash();
        disk.CreateFolder("data");
        using var again = FolderLock.Take(disk, "data", "the second life");
        held.Dispose(); // of a process that is no more: it must not free the lock of the living
        Assert.Throws<FolderHeldException>(() => FolderLock.Take(disk, "data", "another"));
    }
}
