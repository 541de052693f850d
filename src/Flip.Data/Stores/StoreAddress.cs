namespace Flip.Data.Stores;

/// <summary>Addresses of files in the network: <c>https://host/path</c>, <c>http://host/path</c>, <c>s3://bucket/key</c>.</summary>
public static class StoreAddress
{
    internal const string S3 = "s3://";
    private static readonly string[] Schemes = ["https://", "http://", S3];

    /// <summary>Whether a text is one.</summary>
    public static bool Is(string text) => Schemes.Any(scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether it is of an S3-compatible store.</summary>
    internal static bool IsS3(string address) => address.StartsWith(S3, StringComparison.OrdinalIgnoreCase);

    /// <summary>The part before the last slash, with it; of an address with a query that of the path.</summary>
    internal static string FolderOf(string address) => Path(address)[..(Path(address).LastIndexOf('/') + 1)];

    /// <summary>The name behind the last slash, without a query.</summary>
    internal static string NameOf(string address) => Path(address)[(Path(address).LastIndexOf('/') + 1)..];

    /// <summary>The address of a file beside another; a query, which may be a signature, goes with it.</summary>
    internal static string Beside(string address, string name) => FolderOf(address) + name + Query(address);

    /// <summary>An address for people: without what may be secret, a password before the host or a signature behind the path, and escaped, so in one line.</summary>
    internal static string Show(string address) => Uri.TryCreate(address, UriKind.Absolute, out var url)
        ? url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
        : Uri.EscapeDataString(address);

    /// <summary>Bucket and key.</summary>
    /// <exception cref="StoreException">The address has no bucket.</exception>
    internal static (string Bucket, string Key) Divide(string address)
    {
        var rest = address[S3.Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            ? (rest[..slash], rest[(slash + 1)..])
            : throw new StoreException($"'{Show(address)}' names no file: an address is s3://bucket/key.");
    }

    private static string Path(string address) => IsS3(address) ? address : address.Split('?', 2)[0];

    private static string Query(string address) => address[Path(address).Length..];
}
