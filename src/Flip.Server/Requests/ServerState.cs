using Flip.Ingest.Fetching;
using Flip.Serving;
using Microsoft.AspNetCore.Http;

namespace Flip.Server.Requests;

/// <summary>What all endpoints of a server share.</summary>
/// <param name="Engine">Computes.</param>
/// <param name="Limits">What requests may ask for.</param>
/// <param name="Memory">Memory of bodies.</param>
/// <param name="Fetcher">Fetches images from addresses; null where that is not allowed.</param>
internal sealed record ServerState(FlipEngine Engine, ServerLimits Limits, BodyMemory Memory, GuardedFetcher? Fetcher)
{
    /// <summary>Whether images may be addresses.</summary>
    public bool AllowUrls => Fetcher is not null;

    /// <summary>Answers that the model cannot do something before anything of a request is read.</summary>
    /// <exception cref="MissingAbilityException">It cannot.</exception>
    public void Require(string ability)
    {
        if (!Engine.Model.Abilities.Contains(ability))
        {
            throw new MissingAbilityException(ability, Engine.Model.Name, Engine.Model.Abilities);
        }
    }

    /// <summary>Checks the name of the model in a request.</summary>
    public void CheckModel(RequestFields fields, bool isRequired)
    {
        if (fields.Text("model", Limits.TextLength) is { } name)
        {
            if (name != Engine.Model.Name)
            {
                throw new RequestException(StatusCodes.Status404NotFound, "There is no such model", "#/model", $"This server has '{Engine.Model.Name}' alone.");
            }
        }
        else if (isRequired && fields.Problems.Count == 0)
        {
            fields.Add("#/model", $"Expected the name of the model, '{Engine.Model.Name}'.");
        }
    }

    /// <summary>The bytes of all images; those that are addresses are fetched, all of a request into no more memory than a body may have.</summary>
    /// <exception cref="RequestException">One cannot be fetched, or there is no memory for it now.</exception>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> BytesAsync(IReadOnlyList<ImageInput> images, HttpContext context)
    {
        if (images.All(image => image.Url is null))
        {
            return [.. images.Select(image => image.Bytes)];
        }

        if (!Memory.TryTake(Limits.BodyBytes))
        {
            throw new RequestException(StatusCodes.Status429TooManyRequests, "Too many large requests", [], "Other requests hold the memory for images. Try again in a second.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }

        context.Response.OnCompleted(() =>
        {
            Memory.Give(Limits.BodyBytes);
            return Task.CompletedTask;
        });
        var fetched = new Counter();
        return await Task.WhenAll(images.Select(async image => image.Url is null ? image.Bytes : await FetchAsync(image, fetched, context.RequestAborted)));
    }

    /// <summary>Computes with the bytes of images: <see cref="BytesAsync"/> and <see cref="WithImagesAsync"/> in one.</summary>
    public async Task<T> OfImagesAsync<T>(IReadOnlyList<ImageInput> images, HttpContext context, Func<IReadOnlyList<ReadOnlyMemory<byte>>, Task<T>> compute)
    {
        var bytes = await BytesAsync(images, context);
        return await WithImagesAsync(images, () => compute(bytes));
    }

    /// <summary>Computes with images; one that cannot be used is told by its place in the request.</summary>
    public static async Task<T> WithImagesAsync<T>(IReadOnlyList<ImageInput> images, Func<Task<T>> compute)
    {
        try
        {
            return await compute();
        }
        catch (UnusableImageException e)
        {
            throw new RequestException(StatusCodes.Status400BadRequest, "An image cannot be used", images[e.Place].Pointer, $"{e.InnerException!.Message}.");
        }
    }

    private async Task<ReadOnlyMemory<byte>> FetchAsync(ImageInput image, Counter fetched, CancellationToken cancellation)
    {
        try
        {
            using var body = await Fetcher!.FetchAsync(image.Url!, cancellation);
            return fetched.Add(body.Length) <= Limits.BodyBytes ? body.Content.ToArray() : throw new RequestException(
                StatusCodes.Status413PayloadTooLarge, "The images are too large", image.Pointer, FormattableString.Invariant($"The images of a request have at most {Limits.BodyBytes:N0} bytes together."));
        }
        catch (FetchException e)
        {
            throw new RequestException(StatusCodes.Status400BadRequest, "An image cannot be fetched", image.Pointer, $"{e.Message}.");
        }
    }

    private sealed class Counter
    {
        private long _bytes;

        public long Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
    }
}
