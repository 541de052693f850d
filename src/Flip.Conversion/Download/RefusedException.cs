using System.Net;

namespace Flip.Conversion.Download;

/// <summary>A server's answer that trying again will not change.</summary>
/// <param name="url">The address, without its query.</param>
/// <param name="status">The status.</param>
/// <param name="text">The server's own words on one line; empty if it has none.</param>
internal sealed class RefusedException(string url, HttpStatusCode status, string text)
    : Exception($"{url}: {(int)status} {status}{(text.Length > 0 ? $" ({text})" : string.Empty)}")
{
    public HttpStatusCode Status { get; } = status;
}
