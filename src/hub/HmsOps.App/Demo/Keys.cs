using System.Threading.Channels;

namespace HmsOps.App.Demo;

/// <summary>What a person presses. Without a terminal nobody can.</summary>
internal sealed class Keys(TimeProvider time)
{
    // .NET has no way to wait for a key that can be called off; a person does not notice a tenth of a second.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    // A key pressed while another waits to be seen is left out: nobody means to break it twice at once.
    private readonly Channel<char> _pressed = Channel.CreateBounded<char>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public static bool ArePossible => !Console.IsInputRedirected;

    /// <summary>The next key.</summary>
    public ValueTask<char> NextAsync(CancellationToken cancellationToken) => _pressed.Reader.ReadAsync(cancellationToken);

    /// <summary>Forgets what was pressed while nobody asked.</summary>
    public void Forget() => _pressed.Reader.TryRead(out _);

    /// <summary>Reads keys until it is told to stop; q tells everybody.</summary>
    public async Task RunAsync(Action quit, CancellationToken stopping)
    {
        if (!ArePossible)
            return;
        try
        {
            while (true)
            {
                await Task.Delay(LookEvery, time, stopping);
                while (Console.KeyAvailable)
                {
                    var key = Console.ReadKey(intercept: true).KeyChar;
                    if (key is 'q' or 'Q')
                        quit();
                    else
                        _pressed.Writer.TryWrite(key);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop.
        }
    }
}
