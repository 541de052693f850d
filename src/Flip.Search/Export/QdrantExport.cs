using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Qdrant.Client;
using Qdrant.Client.Grpc;

namespace Flip.Search.Export;

/// <summary>
/// An index as points of a collection of Qdrant. A point's number is made of its key, so the same images again replace themselves; its payload has <c>key</c> and
/// <c>path</c>. Points of images that left the index stay until somebody deletes them.
/// </summary>
/// <param name="client">A client of the server.</param>
/// <param name="collection">The collection; it is made where it is not there.</param>
public sealed class QdrantExport(QdrantClient client, string collection)
{
    /// <summary>The variable of the environment that holds the server's key, where it wants one.</summary>
    public const string KeyVariable = "QDRANT_API_KEY";

    private const int PointsAtOnce = 256;

    /// <summary>A client of a server.</summary>
    /// <param name="address">Where its gRPC port is, such as <c>http://localhost:6334</c>.</param>
    /// <exception cref="ConfigException">It is no such address.</exception>
    public static QdrantClient Connect(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0
        ? new QdrantClient(uri, Environment.GetEnvironmentVariable(KeyVariable))
        : throw new ConfigException($"'{address}' is no address of a server: expected http://host:6334, the port of gRPC.");

    /// <summary>Sends all images.</summary>
    /// <param name="index">The index.</param>
    /// <param name="report">Receives how many are done.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Images that were sent.</returns>
    /// <exception cref="ConfigException">The collection is for other vectors.</exception>
    /// <exception cref="IOException">The server does not answer, or refuses.</exception>
    public async Task<long> SendAsync(ImageIndex index, Action<long>? report = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        try
        {
            await PrepareAsync((ulong)index.Description.Settings.EmbedDim, cancellation);
            var done = 0L;
            foreach (var images in index.Read().Chunk(PointsAtOnce))
            {
                await client.UpsertAsync(collection, [.. images.Select(Point)], wait: true, cancellationToken: cancellation);
                done += images.Length;
                report?.Invoke(done);
            }

            return done;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellation);
        }
        catch (RpcException e)
        {
            throw new IOException($"Qdrant, collection '{collection}': {e.Status.StatusCode}, {e.Status.Detail.TrimEnd('.')}.", e);
        }
    }

    /// <summary>The number of a key's point.</summary>
    internal static Guid NumberOf(string key)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 16);
        (bytes[6], bytes[8]) = ((byte)((bytes[6] & 0x0F) | 0x80), (byte)((bytes[8] & 0x3F) | 0x80)); // RFC 9562, version 8: a number of our own making
        return new Guid(bytes, bigEndian: true);
    }

    private static PointStruct Point(StoredImage image) => new()
    {
        Id = NumberOf(image.Key),
        Vectors = image.Vector,
        Payload = { ["key"] = image.Key, ["path"] = image.Path },
    };

    private async Task PrepareAsync(ulong dim, CancellationToken cancellation)
    {
        if (!await client.CollectionExistsAsync(collection, cancellation))
        {
            await client.CreateCollectionAsync(collection, new VectorParams { Size = dim, Distance = Distance.Cosine }, cancellationToken: cancellation);
            return;
        }

        var info = await client.GetCollectionInfoAsync(collection, cancellation);
        if (info.Config?.Params?.VectorsConfig?.Params is not { } vectors || vectors.Size != dim || vectors.Distance != Distance.Cosine)
        {
            throw new ConfigException($"The collection '{collection}' is not for vectors of {dim} numbers compared by cosine: name another one.");
        }
    }
}
