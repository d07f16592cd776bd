namespace HmsOps.Disk.Tests;

/// <summary>What this assembly does when a test starts it as a process of its own: one call of the real disk, and what came of it on a line.</summary>
public static class Child
{
    public static int Main(string[] arguments)
    {
        var disk = new RealDisk();
        switch (arguments)
        {
            case ["flush", var path]:
                using (var file = disk.Create(path, 4096))
                {
                    file.Write(0, "durable?"u8);
                    Say(file.Flush);
                }
                return 0;
            case ["flush-folder", var folder]:
                Say(() => disk.FlushFolder(folder));
                return 0;
            case ["take", var folder, var holder]:
                Say(() => FolderLock.Take(disk, folder, holder).Dispose());
                return 0;
            default:
                Console.Error.WriteLine("flush <path> | flush-folder <folder> | take <folder> <holder>");
                return 2;
        }
    }

    private static void Say(Action call)
    {
        try
        {
            call();
            Console.WriteLine("done");
        }
        catch (DiskFlushException failure)
        {
            Console.WriteLine($"errno {failure.Errno}: {failure.Message}");
        }
        catch (FolderHeldException held)
        {
            Console.WriteLine(held.Message);
        }
    }
}
