using System.ComponentModel;
using System.Diagnostics;

namespace HmsOps.Processes.Scripts;

/// <summary>Starts the shim (<c>shim.sh</c>) of a prepared run in a session of its own, with the script's environment and nothing else.</summary>
internal static class Shim
{
    private static readonly byte[] Text = ReadText();

    public static void WriteTo(string path) => File.WriteAllBytes(path, Text);

    /// <summary>Starts it. It outlives us; the answer only tells whether it still runs.</summary>
    /// <exception cref="Win32Exception">It could not be started.</exception>
    public static Process Start(RunFolder run, RunCall call, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(SetSid())
        {
            UseShellExecute = false,
            WorkingDirectory = Path.GetDirectoryName(call.Path),
            ArgumentList = { "/bin/sh", run.ShimFile, run.Path },
        };
        foreach (var argument in (IEnumerable<string>)[.. call.Interpreter, run.ScriptFile, .. call.Arguments])
            start.ArgumentList.Add(argument);
        ScriptEnvironment.Fill(start.Environment, run.Id, call.Path, environment);
        return Process.Start(start) ?? throw new UnreachableException("A new process is always started without a shell.");
    }

    private static string SetSid() =>
        Array.Find(["/usr/bin/setsid", "/bin/setsid"], File.Exists)
        ?? throw new Win32Exception("the program setsid is not on this machine (Debian has it in util-linux)");

    private static byte[] ReadText()
    {
        using var stream = typeof(Shim).Assembly.GetManifestResourceStream("shim.sh")
            ?? throw new UnreachableException("The shim is part of the assembly.");
        var text = new byte[stream.Length];
        stream.ReadExactly(text);
        return text;
    }
}
