using System.Buffers;
using System.Net;
using Flip.Network;
using Polly;

namespace Flip.Conversion.Download;

/// <summary>Brings one file: into a part that is continued after any stop, checked as a whole, then renamed.</summary>
/// <param name="transport">Makes the requests.</param>
/// <param name="retries">Tries again what failed for the moment.</param>
internal sealed class FileTransfer(HttpTransport transport, ResiliencePipeline retries)
{
    private const int BufferSize = 1 << 18;

    /// <summary>Whether the file is in its place already.</summary>
    public static async Task<bool> IsPresentAsync(RemoteFile file, string target, CancellationToken cancellation) =>
        File.Exists(target)
        && (file.Size is null || new FileInfo(target).Length == file.Size)
        && await file.Digest.OfAsync(target, cancellation) == file.Digest;

    /// <summary>Brings the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="makeRoom">Is told how many bytes are still to come, before they do, and refuses where the disk has no room.</param>
    /// <param name="arrived">Takes the bytes here so far, and whether they are being checked.</param>
    /// <param name="cancellation">Stops; the part stays.</param>
    /// <returns>The file's length.</returns>
    /// <exception cref="DownloadException">The file cannot be had, or is not what it should be.</exception>
    public async Task<long> BringAsync(
        RemoteFile file, string target, Action<long> makeRoom, Action<long, bool> arrived, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var part = new PartFile(target, file.Digest);
        if (part.Length > file.Size)
        {
            part.Remove();
        }

        var size = await retries.RunAsync(token => ReceiveAsync(file, part, makeRoom, arrived, token), DownloadException.Of, cancellation);
        arrived(size, true);
        var actual = await file.Digest.OfAsync(part.Path, cancellation);
        if (actual != file.Digest)
        {
            part.Remove();
            throw new DownloadException(
                $"{file.Name}: what arrived is not the file: expected {file.Digest}, got {actual}. It is removed; if the same comes again, the server's copy is broken.");
        }

        part.Finish();
        return size;
    }

    private async Task<long> ReceiveAsync(
        RemoteFile file, PartFile part, Action<long> makeRoom, Action<long, bool> arrived, CancellationToken cancellation)
    {
        if (file.Size is { } known && known > 0 && part.Length == known)
        {
            return known;
        }

        using var response = await transport.GetAsync(file.Url, part.Length, part.Version, cancellation);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && response.Content.Headers.ContentRange?.Length == part.Length)
        {
            return part.Length; // all is here: the last call was stopped while it checked
        }

        var size = Begin(file, part, response);
        makeRoom(size - part.Length);
        await using var body = await transport.BodyAsync(response, cancellation);
        await using var output = part.Append();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var length = output.Length;
            arrived(length, false);
            while (await body.ReadAsync(buffer, cancellation) is > 0 and var count)
            {
                if (count > size - length)
                {
                    await output.DisposeAsync();
                    part.Remove();
                    throw new DownloadException($"{file.Name}: the server sends more than the {size} bytes that it announced.");
                }

                await output.WriteAsync(buffer.AsMemory(0, count), cancellation);
                length += count;
                arrived(length, false);
            }

            return length == size ? size : throw new TransientException($"{file.Name}: ended after {length} of {size} bytes");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Checks what an answer announces, and begins the part anew where the answer does not continue it.</summary>
    /// <returns>The file's length.</returns>
    private static long Begin(RemoteFile file, PartFile part, HttpResponseMessage response)
    {
        var content = response.Content.Headers;
        long? size;
        if (response.StatusCode == HttpStatusCode.PartialContent && part.Length > 0)
        {
            if (content.ContentRange?.From != part.Length)
            {
                part.Remove();
                throw new TransientException($"{file.Name}: the server sends another range than it was asked for; starting over");
            }

            size = content.ContentRange.Length ?? part.Length + content.ContentLength;
        }
        else if (response.StatusCode == HttpStatusCode.OK)
        {
            part.Begin(response.Headers.ETag);
            size = content.ContentLength;
        }
        else
        {
            part.Remove();
            throw new TransientException($"{file.Name}: the server does not continue it ({(int)response.StatusCode}); starting over");
        }

        if (size is not null && file.Size is not null && size != file.Size)
        {
            part.Remove();
            throw new DownloadException($"{file.Name}: the server announces {size} bytes, expected are {file.Size}.");
        }

        return file.Size ?? size ?? throw new DownloadException($"{file.Name}: the server does not say how long the file is, so nothing bounds what it sends.");
    }
}
