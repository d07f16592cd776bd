using System.Text;
using HmsOps.Observe.RemoteRead;

namespace HmsOps.Observe.Cluster;

/// <summary>What a cluster says beside what it was asked for.</summary>
internal static class ClusterReply
{
    private const int SaidBytesMax = 4_096;
    private const int SaidShownMax = 300;

    /// <summary>The words of an answer that is no success, in a line; empty when there are none.</summary>
    public static async Task<string> SaidAsync(HttpResponseMessage answer, AnswerPatience patience, CancellationToken cancellationToken)
    {
        var said = new byte[SaidBytesMax];
        using var body = await patience.WithinAsync(answer.Content.ReadAsStreamAsync, cancellationToken);
        var length = await patience.WithinAsync(token => body.ReadAtLeastAsync(said, SaidBytesMax, throwOnEndOfStream: false, token).AsTask(), cancellationToken);
        var text = Encoding.UTF8.GetString(said, 0, length).ReplaceLineEndings(" ").Trim().TrimEnd('.');
        return text.Length > SaidShownMax ? text[..SaidShownMax] + "…" : text;
    }
}
