using System.ComponentModel;
using System.Diagnostics;

namespace HmsOps.App.Demo;

/// <summary>The desktop's browser, where there is one and a person is looking.</summary>
internal static class Browser
{
    /// <summary>Opens an address. Without a desktop or without xdg-open nothing happens: the address stands on the terminal too.</summary>
    public static void Open(Uri address)
    {
        if (Console.IsOutputRedirected || !HasDesktop())
            return;
        try
        {
            using var opening = Process.Start(new ProcessStartInfo("xdg-open", [address.ToString()])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
        }
        catch (Win32Exception)
        {
            // There is no xdg-open.
        }
    }

    private static bool HasDesktop() =>
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DISPLAY")) || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("WAYLAND_DISPLAY"));
}
