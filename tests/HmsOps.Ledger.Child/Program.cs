using System.Globalization;
using System.Text;
using HmsOps.Disk;
using HmsOps.Ledger;
using HmsOps.Ledger.Child;

// FOLDER WRITERS ROUND: enters all it can, and says which place each entry has once it was acknowledged, until it is killed.
var (folder, writers, round) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture));
using var log = MerkleLog.Open(new RealDisk(), folder, "kills.example.gov/ledger", TimeProvider.System, static _ => { });
if (log.State != LedgerState.Writable)
{
    Console.Error.WriteLine(log.StateReason);
    return 1;
}
using var output = Console.OpenStandardOutput(); // unbuffered: what was said is the kernel's, whatever becomes of this process
var saying = new Lock();
Say("ready\n");
var running = log.RunAsync(CancellationToken.None);
await Task.WhenAny([running, .. Enumerable.Range(0, writers).Select(EnterAsync)]);
return 2; // nobody killed it

async Task EnterAsync(int writer)
{
    for (var nth = 0; ; nth++)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{round}/{writer}/{nth}");
        var receipt = await log.AppendAsync(new Line(text + new string('.', nth * 37 % 400)), CancellationToken.None);
        Say(string.Create(CultureInfo.InvariantCulture, $"{receipt.Sequence} {text}\n"));
    }
}

void Say(string line)
{
    var bytes = Encoding.UTF8.GetBytes(line);
    lock (saying)
        output.Write(bytes);
}
