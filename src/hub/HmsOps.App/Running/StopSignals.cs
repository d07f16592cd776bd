using System.Runtime.InteropServices;

namespace HmsOps.App.Running;

/// <summary>SIGTERM and Ctrl+C as a token, from the first moment on: a start that is interrupted ends in order as well. Lives as long as what it stops.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _told;
    private readonly PosixSignalRegistration _term;
    private readonly PosixSignalRegistration _interrupt;

    /// <summary>Listens; the caller's own token stops as well.</summary>
    public StopSignals(CancellationToken caller)
    {
        _told = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Tell);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Tell);
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stopping => _told.Token;

    public void Dispose()
    {
        _term.Dispose();
        _interrupt.Dispose();
        _told.Dispose();
    }

    private void Tell(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _told.Cancel();
    }
}
