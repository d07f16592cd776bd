using System.ComponentModel;
using System.Diagnostics;

namespace HmsOps.App.Settings;

/// <summary>
/// Fetches secrets by name, each time anew, so that a changed one is used without a restart. A name the settings do not list is looked for in
/// <c>&lt;data&gt;/secrets/&lt;name&gt;</c>, then in <c>HMS_SECRET_&lt;NAME&gt;</c>.
/// </summary>
public sealed class SecretReader(HubSettings settings, IReadOnlyDictionary<string, string> environment, TimeProvider time)
{
    private const int BytesMax = 64 << 10; // a key and its chain of certificates fit; a log does not
    private static readonly TimeSpan ProgramMax = TimeSpan.FromSeconds(10);

    /// <summary>The secret of a name, or why there is none. The reason never holds what was read.</summary>
    public async Task<SecretOutcome> ReadAsync(string name, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!HmsOps.Workspace.Binding.Credentials.IsName(name))
            return new SecretOutcome.Missing("that is no name of a secret");
        return settings.Secrets.GetValueOrDefault(name) switch
        {
            SecretSource.FromEnvironment source => OfVariable(source.Variable),
            SecretSource.FromFile source => OfFile(source.Path),
            SecretSource.FromProgram source => await OfProgramAsync(source, stopping),
            _ => Unlisted(name),
        };
    }

    private SecretOutcome Unlisted(string name)
    {
        var file = Path.Combine(settings.Data, "secrets", name);
        return File.Exists(file) ? OfFile(file) : OfVariable($"HMS_SECRET_{name.Replace('-', '_').ToUpperInvariant()}");
    }

    private SecretOutcome OfVariable(string variable) => environment.GetValueOrDefault(variable) is { Length: > 0 } value
        ? new SecretOutcome.Found(new Secret(value))
        : new SecretOutcome.Missing($"the variable {variable} is not set");

    private static SecretOutcome OfFile(string path)
    {
        try
        {
            if (new FileInfo(path).Length > BytesMax)
                return new SecretOutcome.Missing($"{path} is larger than {BytesMax} bytes");
            return Found(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SecretOutcome.Missing($"{path} cannot be read: {e.Message}");
        }
    }

    private async Task<SecretOutcome> OfProgramAsync(SecretSource.FromProgram source, CancellationToken stopping)
    {
        var start = new ProcessStartInfo(source.Program, source.Arguments) { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false };
        using var timeout = new CancellationTokenSource(ProgramMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        try
        {
            using var process = Process.Start(start) ?? throw new InvalidOperationException($"{source.Program} reused a process");
            try
            {
                process.StandardInput.Close();
                var printed = await process.StandardOutput.ReadToEndAsync(either.Token);
                await process.WaitForExitAsync(either.Token);
                return process.ExitCode == 0 ? Found(printed, source.Program) : new SecretOutcome.Missing($"{source.Program} ended with {process.ExitCode}");
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
            }
        }
        catch (Win32Exception e)
        {
            return new SecretOutcome.Missing($"{source.Program} cannot be started: {e.Message}");
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return new SecretOutcome.Missing($"{source.Program} took longer than {ProgramMax.TotalSeconds} s");
        }
    }

    private static SecretOutcome Found(string text, string place) => text.TrimEnd('\r', '\n') is { Length: > 0 } value
        ? new SecretOutcome.Found(new Secret(value))
        : new SecretOutcome.Missing($"{place} is empty");
}

/// <summary>What became of fetching a secret.</summary>
public abstract record SecretOutcome
{
    private SecretOutcome()
    {
    }

    /// <summary>Here it is.</summary>
    public sealed record Found(Secret Secret) : SecretOutcome;

    /// <summary>There is none.</summary>
    public sealed record Missing(string Why) : SecretOutcome;
}
