using System.IO.Compression;

namespace Flip.Ingest.Fetching;

/// <summary>Unpacks bodies that come packed though they were asked for as they are.</summary>
internal static class BodyCoding
{
    /// <summary>The unpacked bytes, as they come: whoever reads bounds them.</summary>
    /// <param name="stream">The body.</param>
    /// <param name="codings">What <c>Content-Encoding</c> names.</param>
    /// <exception cref="FetchException">It is packed twice or in a way that is not known.</exception>
    public static Stream Unpacked(Stream stream, IEnumerable<string> codings)
    {
        var named = codings.Where(coding => !coding.Equals("identity", StringComparison.OrdinalIgnoreCase) && coding.Length > 0).ToList();
        return named switch
        {
            [] => stream,
            [var one] => one.ToLowerInvariant() switch
            {
                "gzip" or "x-gzip" => new GZipStream(stream, CompressionMode.Decompress),
                "deflate" => new ZLibStream(stream, CompressionMode.Decompress),
                "br" => new BrotliStream(stream, CompressionMode.Decompress),
                _ => throw new FetchException(FetchCause.BadEncoding, "the body is packed in a way that is not known"),
            },
            _ => throw new FetchException(FetchCause.BadEncoding, "the body is packed twice"),
        };
    }
}
