using HmsOps.Observe.RemoteRead;
using HmsOps.Series;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>
/// <c>POST /api/v1/read</c>, Prometheus remote read: takes the question and hands the answer on as Observe makes it. Reads have places of their own, so that
/// somebody who fetches a month keeps no query waiting.
/// </summary>
internal sealed class ReadEndpoint(PresentSources sources) : IDisposable
{
    private readonly QueryGate _gate = new(sources.Time, sources.Limits.QueriesAtOnce);

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/v1/read", http => BulkDoor.TakeAsync(http, sources, async cancellationToken =>
    {
        if (BulkDoor.Header(http.Request, "Content-Encoding") is { } encoding && !encoding.Equals("snappy", StringComparison.OrdinalIgnoreCase))
            return new Refused(new ReadRefusal(415, "content_encoding", "this door reads bodies in snappy's block format alone"));
        var (request, refusal) = await sources.RemoteRead.ReadAsync(http.Request.BodyReader, cancellationToken);
        return request is null ? new Refused(refusal!) : new Answer(this, request); // one of the two is there
    }));

    public void Dispose() => _gate.Dispose();

    private async Task AnswerAsync(HttpContext http, ReadRequest request)
    {
        using var place = await _gate.EnterAsync(http.RequestAborted);
        if (place is null)
            await new Refused(new ReadRefusal(503, "unavailable", "too many reads wait already; ask again in a second") { RetryAfter = 1 }).ExecuteAsync(http);
        else if (request.IsStreamed)
            await StreamAsync(http, request);
        else
            await SendAsync(http, request);
    }

    private async Task SendAsync(HttpContext http, ReadRequest request)
    {
        using var late = new CancellationTokenSource(sources.Limits.QueryTime, sources.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        PackedAnswer? answer = null;
        ReadRefusal? refusal = null;
        try
        {
            await sources.RunQuery(() => answer = sources.RemoteRead.Answer(request, either.Token, out refusal));
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            (answer, refusal) = (null, new ReadRefusal(503, "timeout", "the read timed out (limits.query.time); ask for a shorter range or fewer series, or accept STREAMED_XOR_CHUNKS"));
        }
        if (answer is null)
        {
            await new Refused(refusal!).ExecuteAsync(http); // one of the two is there
            return;
        }
        using (answer)
        {
            http.Response.ContentType = RemoteReadOutlet.SampledType;
            http.Response.Headers.ContentEncoding = "snappy";
            http.Response.ContentLength = answer.Bytes.Length;
            await http.Response.Body.WriteAsync(answer.Bytes, http.RequestAborted);
        }
    }

    private async Task StreamAsync(HttpContext http, ReadRequest request)
    {
        var into = http.Response.BodyWriter;
        http.Response.ContentType = RemoteReadOutlet.StreamedType;
        try
        {
            await sources.RemoteRead.StreamAsync(request, into, http.RequestAborted);
        }
        catch (QueryBudgetException tooMuch) when (!http.Response.HasStarted && into.UnflushedBytes == 0)
        {
            await new Refused(new ReadRefusal(422, tooMuch.Limit, tooMuch.Message)).ExecuteAsync(http);
        }
        catch (QueryBudgetException)
        {
            // Counted where it was thrown. An answer that merely ends would be taken for a whole one.
            http.Abort();
        }
    }

    private sealed class Answer(ReadEndpoint endpoint, ReadRequest request) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => endpoint.AnswerAsync(httpContext, request);
    }

    private sealed class Refused(ReadRefusal refusal) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = refusal.Status;
            response.ContentType = "text/plain; charset=utf-8";
            if (refusal.RetryAfter is { } seconds)
                response.Headers.RetryAfter = $"{seconds}";
            return response.WriteAsync($"{refusal.Sentence}\n", httpContext.RequestAborted);
        }
    }
}
