namespace Flip.Ingest.Fetching;

/// <summary>
/// What <c>X-Robots-Tag</c> forbids. A header has directives with commas between them; those behind a name and a colon are for that agent alone
/// (<c>flip: noai, noindex</c>), those before any name are for all.
/// </summary>
/// <param name="agents">What this downloader is called.</param>
/// <param name="disallowed">Directives that forbid a file.</param>
internal sealed class RobotsDirectives(IEnumerable<string> agents, IEnumerable<string> disallowed)
{
    /// <summary>Directives that have a value behind a colon of their own.</summary>
    private static readonly HashSet<string> Valued =
        new(["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"], StringComparer.OrdinalIgnoreCase);

    private readonly HashSet<string> _agents = new(agents, StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _disallowed = new(disallowed, StringComparer.OrdinalIgnoreCase);

    /// <summary>The first directive that forbids the file; null for none.</summary>
    /// <param name="headers">Values of the header's lines.</param>
    public string? Forbidding(IEnumerable<string> headers) => _disallowed.Count == 0 ? null : headers.Select(Forbidding).FirstOrDefault(found => found is not null);

    private string? Forbidding(string header)
    {
        var isForUs = true;
        foreach (var part in header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var directive = part;
            if (part.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon && !Valued.Contains(part[..colon].Trim()))
            {
                isForUs = _agents.Contains(part[..colon].Trim()) || part[..colon].Trim() == "*";
                directive = part[(colon + 1)..].Trim();
            }

            if (isForUs && _disallowed.Contains(directive))
            {
                return directive.ToLowerInvariant();
            }
        }

        return null;
    }
}
