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

    /// <summary>Asks for the answer.</summary>
    /// <exception cref="PromEvaluationException">The data or the limits do not allow an answer.</exception>
    public static Answered Ask(PromEngine engine, PromExpression expression, QueryTimes when, CancellationToken cancellationToken)
    {
        switch (expression.Type)
        {
            case PromType.Text:
                return new Answered(EngineAnswer.Of(expression.LiteralText), () => Body(json =>
                {
                    PromAnswer.Write(json, expression.LiteralText, when.From, Whole);
                    return [];
                }));
            case PromType.Matrix:
                return Of(engine.Samples(expression, when.From, cancellationToken), plan: null);
            default:
                return Ask(engine, expression, when, explanation: null, cancellationToken);
        }
    }

    /// <summary>Asks for the answer, and what each part of it cost.</summary>
    /// <exception cref="PromEvaluationException">The data or the limits do not allow an answer.</exception>
    public static Answered Explain(PromEngine engine, PromExpression expression, QueryTimes when, TimeProvider time, CancellationToken cancellationToken) =>
        Ask(engine, expression, when, new PromExplanation(time), cancellationToken);

    /// <summary>Asks how the expression would be worked out.</summary>
    /// <exception cref="PromEvaluationException">The limits do not allow an answer.</exception>
    public static Answered Plan(PromEngine engine, PromExpression expression, QueryTimes when)
    {
        var plan = engine.Plan(expression, when.From, when.To, Math.Max(when.Step, 1)); // a moment has no step, and one time whatever it is
        return new Answered(null, () => Body(json =>
        {
            PromAnswer.WritePlan(json, plan);
            return [];
        }), plan);
    }

    private static Answered Ask(PromEngine engine, PromExpression expression, QueryTimes when, PromExplanation? explanation, CancellationToken cancellationToken)
    {
        if (when.IsRange)
            return Of(engine.Range(expression, when.From, when.To, when.Step, cancellationToken, explanation), explanation?.Plan);
        var vector = engine.Instant(expression, when.From, cancellationToken, explanation);
        return new Answered(EngineAnswer.Of(vector), () => Body(json => PromAnswer.Write(json, vector, when.From, Whole with { Plan = explanation?.Plan })), explanation?.Plan);
    }

    private static Answered Of(PromMatrix matrix, PromPlan? plan) =>
        new(EngineAnswer.Of(matrix), () => Body(json => PromAnswer.Write(json, matrix, Whole with { Plan = plan })), plan);

    // A hub sends piece by piece; here all pieces are one text.
    private static string Body(Func<Utf8JsonWriter, IEnumerable<bool>> write)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = PromAnswer.Writer(body))
        {
            foreach (var _ in write(json))
                json.Flush();
        }
        return Encoding.UTF8.GetString(body.WrittenSpan);
    }
}

/// <summary>What was answered, and the body in Prometheus' shape that says the same.</summary>
/// <param name="Answer">The answer; null where only the plan was asked for.</param>
/// <param name="Body">The body.</param>
/// <param name="Plan">How it was, or would be, worked out; null where that was not asked for.</param>
internal sealed record Answered(Answer? Answer, Func<string> Body, PromPlan? Plan = null);
