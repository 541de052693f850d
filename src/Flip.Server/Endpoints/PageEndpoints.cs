using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>The page: search, classes and masking in a browser. Its files are in the program, hold no secret, and ask nobody but the server they came from.</summary>
internal sealed class PageEndpoints : IServerFeature
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly (string Path, string File, string Type)[] Files =
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/page.css", "page.css", "text/css; charset=utf-8"),
        ("/page.js", "page.js", "text/javascript; charset=utf-8"),
    ];

    /// <summary>The paths of its files.</summary>
    public static IReadOnlyList<string> Paths { get; } = [.. Files.Select(file => file.Path)];

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (path, file, type) in Files)
        {
            var content = Read(file);
            routes.MapGet(path, (HttpContext context) =>
            {
                context.Response.Headers.ContentSecurityPolicy = Policy;
                return Results.Bytes(content, type);
            }).ExcludeFromDescription();
        }
    }

    private static byte[] Read(string file)
    {
        using var stream = typeof(PageEndpoints).Assembly.GetManifestResourceStream($"page.{file}")!;
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
