using System.Net;
using Flip.Server.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Flip.Server.Security;

/// <summary>
/// What every request passes first: headers by which browsers keep an answer apart, the key, and without a key the name of this machine as the host, since a page of a stranger could
/// reach a server on loopback by a name of its own (DNS rebinding).
/// </summary>
/// <param name="next">The rest of the pipeline.</param>
/// <param name="key">The key; null without.</param>
/// <param name="hosts">Names that a request may have as its host; empty for any.</param>
/// <param name="open">Paths that need no key: files of the page, which asks for it.</param>
internal sealed class Gate(RequestDelegate next, ApiKey? key, IReadOnlyCollection<string> hosts, IReadOnlyCollection<string> open)
{
    private const string Scheme = "Bearer ";
    private static readonly PathString Health = "/health";

    /// <summary>Names of this machine.</summary>
    public static IReadOnlyCollection<string> Loopback { get; } = ["localhost", "127.0.0.1", "[::1]"];

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        if (hosts.Count > 0 && !IsHost(context.Request.Host.Host))
        {
            throw new RequestException(
                StatusCodes.Status421MisdirectedRequest, "The host is another", "Host", "Without a key this server answers to the names of this machine alone; flip serve --allow-host NAME adds one.");
        }

        var path = context.Request.Path;
        if (key is not null && !path.StartsWithSegments(Health, StringComparison.Ordinal) && !open.Contains(path.Value) && !IsShown(context.Request.Headers.Authorization))
        {
            headers.WWWAuthenticate = "Bearer";
            throw new RequestException(StatusCodes.Status401Unauthorized, "The key is missing or wrong", "Authorization", "Expected 'Authorization: Bearer KEY' with the server's key.");
        }

        return next(context);
    }

    private bool IsShown(StringValues authorization) =>
        authorization is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && key!.Matches(value[Scheme.Length..].Trim());

    private bool IsHost(string host) => hosts.Contains(host, StringComparer.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
