using System.Buffers;
using System.Text;
using System.Text.Json;
using HmsOps.Present.Api.Prometheus;
using HmsOps.PromQL;

namespace HmsOps.App.Verbs.Query;

/// <summary>Asks the engine of this process what a hub's address would answer: the answer, and the body that it would be sent as.</summary>
internal static class FolderQuery
{
    private static readonly AnswerForm Whole = new(int.MaxValue);

    /// <summary>Asks.</summary>
    /// <exception cref="PromEvaluationException">The data or the limits do not allow an answer.</exception>
    public static Answered Ask(PromEngine engine, PromExpression expression, QueryTimes when, CancellationToken cancellationToken)
    {
        if (when.IsRange)
            return Of(engine.Range(expression, when.From, when.To, when.Step, cancellationToken));
        switch (expression.Type)
        {
            case PromType.Text:
                return new Answered(EngineAnswer.Of(expression.LiteralText), () => Body(json =>
                {
                    PromAnswer.Write(json, expression.LiteralText, when.From);
                    return [];
                }));
            case PromType.Matrix:
                return Of(engine.Samples(expression, when.From, cancellationToken));
            default:
                var vector = engine.Instant(expression, when.From, cancellationToken);
                return new Answered(EngineAnswer.Of(vector), () => Body(json => PromAnswer.Write(json, vector, when.From, Whole)));
        }
    }

    private static Answered Of(PromMatrix matrix) => new(EngineAnswer.Of(matrix), () => Body(json => PromAnswer.Write(json, matrix, Whole)));

    // A hub sends piece by piece; here all pieces are one text.
    private static string Body(Func<Utf8JsonWriter, IEnumerable<bool>> write)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            foreach (var _ in write(json))
                json.Flush();
        }
        return Encoding.UTF8.GetString(body.WrittenSpan);
    }
}

/// <summary>An answer, and the body in Prometheus' shape that says the same.</summary>
internal sealed record Answered(Answer Answer, Func<string> Body);
