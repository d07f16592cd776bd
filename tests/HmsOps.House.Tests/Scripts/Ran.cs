using System.Diagnostics;

namespace HmsOps.House.Tests.Scripts;

/// <summary>What a program answered.</summary>
sealed record Ran(int Code, string Output, string Errors)
{
    /// <summary>Starts a program and waits for its end. The environment is added to the test's own.</summary>
    public static Ran Of(string folder, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        using var process = Start(folder, environment, program, arguments);
        return Of(process);
    }

    public static Process Start(string folder, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        process.StandardInput.Close();
        return process;
    }

    public static Ran Of(Process process)
    {
        var errors = process.StandardError.ReadToEndAsync(); // both at once, or a full pipe would stop it
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, errors.GetAwaiter().GetResult());
    }
}
