namespace HmsOps.Observe.RemoteWrite;

/// <summary>Why nothing of a request is taken.</summary>
/// <param name="Status">The HTTP status that says it.</param>
/// <param name="Reason">A word for counters.</param>
/// <param name="Sentence">For people, with the remedy.</param>
internal sealed record WriteFault(int Status, string Reason, string Sentence)
{
    public static WriteFault Malformed(string what, int at) =>
        new(400, "malformed", $"the message cannot be read at byte {at}: {what}. Nothing of it was taken");

    public static WriteFault TooLarge(string reason, string sentence) => new(413, reason, $"{sentence}. Nothing of it was taken");
}
