using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Serving;
using Flip.Serving.Batching;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Flip.Server.Requests;

/// <summary>
/// Turns everything that goes wrong into problem details (RFC 9457), which name the fields. Of paths that OpenAI's clients ask, the answer has their <c>error</c> too. No status of
/// a server's fault is given but 503.
/// </summary>
/// <param name="next">The rest of the pipeline.</param>
/// <param name="say">Receives what should not happen, without anything of the request's contents.</param>
internal sealed class Problems(RequestDelegate next, Action<string> say)
{
    /// <summary>The media type of problem details.</summary>
    public const string MediaType = "application/problem+json";

    private const int ClientLeft = 499; // nobody reads it
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(1);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
            {
                await WriteAsync(context, Of(context.Response.StatusCode));
            }
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            if (e is OperationCanceledException && context.RequestAborted.IsCancellationRequested)
            {
                context.Response.StatusCode = ClientLeft;
                return;
            }

            await WriteAsync(context, Of(e, context));
        }
    }

    /// <summary>Writes an answer that a request took too long.</summary>
    public static Task WriteTimeoutAsync(HttpContext context) => WriteAsync(
        context, new RequestException(StatusCodes.Status503ServiceUnavailable, "The request took too long", [], "The request was not done within its time.") { RetryAfter = Busy });

    private RequestException Of(Exception e, HttpContext context) => e switch
    {
        RequestException problem => problem,
        BadHttpRequestException bad => Of(bad.StatusCode, bad.Message),
        QueueFullException full => new RequestException(StatusCodes.Status429TooManyRequests, "The queue is full", [], full.Message) { RetryAfter = full.RetryAfter },
        EngineStoppedException => new RequestException(StatusCodes.Status503ServiceUnavailable, "The server is ending", [], e.Message) { RetryAfter = Busy },
        MissingAbilityException missing => new RequestException(StatusCodes.Status404NotFound, "The model cannot do this", [], missing.Message),
        _ => Unexpected(e, context),
    };

    private RequestException Unexpected(Exception e, HttpContext context)
    {
        say($"{context.Request.Method} {(context.GetEndpoint() as Microsoft.AspNetCore.Routing.RouteEndpoint)?.RoutePattern.RawText ?? "?"} failed: {e.GetType().Name} at {Place(e)}");
        return new RequestException(StatusCodes.Status503ServiceUnavailable, "The request could not be computed", [], "The server could not compute this request.");
    }

    private static string Place(Exception e) => e.StackTrace?.Split('\n', 2)[0].Trim() ?? "?";

    private static RequestException Of(int status, string? detail = null) => new(status, ReasonPhrases.GetReasonPhrase(status), status switch
    {
        StatusCodes.Status415UnsupportedMediaType => [new FieldProblem("Content-Type", "Expected a type of body that this path takes, such as application/json; /openapi/v1.json names them.")],
        _ => [],
    }, detail ?? status switch
    {
        StatusCodes.Status404NotFound => "There is nothing at this path; /openapi/v1.json describes what there is.",
        StatusCodes.Status405MethodNotAllowed => "This path takes another method; the header Allow names it.",
        _ => ReasonPhrases.GetReasonPhrase(status) + ".",
    });

    private static async Task WriteAsync(HttpContext context, RequestException problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.ContentType = MediaType;
        if (problem.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        var isOfOpenAi = context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                Type = "about:blank",
                problem.Title,
                problem.Status,
                Detail = problem.Message,
                Errors = problem.Problems.Count > 0 ? problem.Problems : null,
                Error = isOfOpenAi ? new { problem.Message, Type = "invalid_request_error", Param = problem.Problems is [var first, ..] ? first.Place : null, Code = (string?)null } : null,
            },
            Json);
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body);
        }
    }
}
