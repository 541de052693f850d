using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>Paths that take images.</summary>
internal static class ImageRoutes
{
    /// <summary>Maps a path whose images are in JSON, in a form, or the body itself.</summary>
    /// <typeparam name="TRequest">Describes what it takes.</typeparam>
    /// <typeparam name="TAnswer">What it gives.</typeparam>
    /// <param name="routes">The server's routes.</param>
    /// <param name="path">The path.</param>
    /// <param name="answer">Answers a request.</param>
    /// <param name="summary">What it is for, a sentence.</param>
    public static void MapImages<TRequest, TAnswer>(this IEndpointRouteBuilder routes, string path, Func<HttpContext, Task<IResult>> answer, string summary)
        where TRequest : notnull =>
        routes.MapPost(path, (Delegate)answer)
            .Accepts<TRequest>("application/json", "multipart/form-data", "image/*", "application/octet-stream").Produces<TAnswer>().WithSummary(summary);
}
