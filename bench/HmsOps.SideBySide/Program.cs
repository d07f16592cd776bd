using System.Runtime.InteropServices;
using HmsOps.SideBySide;
using HmsOps.SideBySide.Parts;
using HmsOps.SideBySide.Table;

// HmsOps.SideBySide PROGRAM ROOT FOLDER [OPTIONS]: bench/side-by-side calls it and knows the first three.
if (args is not [var program, var root, var folder, .. var asked])
{
    Console.Error.WriteLine("side-by-side: call bench/side-by-side, which knows what belongs here");
    return 2;
}
if (asked is ["--help" or "-h"])
{
    Console.WriteLine(Options.Usage);
    return 0;
}
if (Options.Read(asked, program, folder, out var wrong) is not { } options)
{
    Console.Error.WriteLine($"side-by-side: {wrong}\n\n{Options.Usage}");
    return 2;
}
var raw = new RawLines(options.Raw);
if (options.IsReport)
{
    // The small scale proves the program and nothing else, so it is no result.
    var text = new Report(raw.Newest).Write([.. options.Scales.Select(s => s.Name).Where(name => options.Print || name != "small")]);
    if (options.Print)
        Console.Write(text);
    else
        Results.Put(Path.Combine(root, "bench", "RESULTS.md"), text);
    return 0;
}

using var ending = new CancellationTokenSource();
void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ending.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    await Trials.RunAsync(options, raw, Path.Combine(folder, "servers"), ending.Token);
}
catch (OperationCanceledException) when (ending.IsCancellationRequested)
{
    Console.Error.WriteLine("side-by-side: ended; what was measured is kept, and the same command goes on from there");
    return 130;
}
Console.WriteLine($"raw lines: {options.Raw}\n");
Console.Write(new Report(raw.Newest).Write([.. options.Scales.Select(s => s.Name)]));
return 0;
