using Flip.Data.Images;
using Flip.Devices;

namespace Flip.Serving;

/// <summary>Images of requests as pixels of the model's size. As many are decoded at a time as there are processors, so that their memory is bounded: what is above
/// <paramref name="maxPixels"/> by its header is refused before that.</summary>
/// <param name="transform">The model's transform.</param>
/// <param name="maxPixels">Width times height above which an image is refused.</param>
internal sealed class ImagePreparation(EvaluationTransform transform, long maxPixels) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(Processors.Available);

    /// <summary>Decodes and resizes.</summary>
    /// <param name="images">The files' bytes.</param>
    /// <param name="cancellation">Stops before the next image.</param>
    /// <returns>RGB 0..255, <c>[S, S, 3]</c> each.</returns>
    /// <exception cref="UnusableImageException">One of them cannot be used: the first of those.</exception>
    public async Task<IReadOnlyList<byte[]>> PrepareAsync(IReadOnlyList<ReadOnlyMemory<byte>> images, CancellationToken cancellation)
    {
        var prepared = new byte[images.Count][];
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var tasks = images.Select((_, place) => PrepareAsync(images[place], place, prepared, failed)).ToList();
        try
        {
            await Task.WhenAll(tasks).ConfigureAwait(false);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // Those behind the first one that cannot be used may have been stopped by it.
            throw tasks.Select(task => task.Exception?.InnerException).FirstOrDefault(e => e is not null)!;
        }

        return prepared;
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private async Task PrepareAsync(ReadOnlyMemory<byte> encoded, int place, byte[][] prepared, CancellationTokenSource failed)
    {
        await _turns.WaitAsync(failed.Token).ConfigureAwait(false);
        try
        {
            prepared[place] = await Task.Run(() => Prepare(encoded), failed.Token).ConfigureAwait(false);
        }
        catch (BadImageException e)
        {
            await failed.CancelAsync().ConfigureAwait(false);
            throw new UnusableImageException(place, e);
        }
        finally
        {
            _turns.Release();
        }
    }

    private byte[] Prepare(ReadOnlyMemory<byte> encoded)
    {
        var pixels = GC.AllocateUninitializedArray<byte>(transform.Size * transform.Size * 3);
        transform.Apply(encoded.Span, pixels, maxPixels);
        return pixels;
    }
}
