using Polly;
using Polly.Retry;

namespace Flip.Conversion.Download;

/// <summary>When and how often what failed is tried again.</summary>
internal static class Retries
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Exponential waits, spread by chance so that many clients do not come back at once; a server's own wish goes first.</summary>
    public static ResiliencePipeline Of(DownloadOptions options) => new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<TransientException>(),
            MaxRetryAttempts = options.Retries,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.RetryDelay,
            MaxDelay = LongestWait,
            DelayGenerator = args => ValueTask.FromResult(args.Outcome.Exception is TransientException { RetryAfter: { } wait }
                ? TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, LongestWait.Ticks))
                : (TimeSpan?)null),
            OnRetry = args =>
            {
                options.Notice?.Invoke(
                    $"{args.Outcome.Exception!.Message}; trying again in {args.RetryDelay.TotalSeconds:0.#} s ({args.AttemptNumber + 1} of {options.Retries})");
                return default;
            },
        })
        .Build();

    /// <summary>Runs the work; what fails to the end is the user's error.</summary>
    /// <exception cref="DownloadException">It failed in every try.</exception>
    public static async Task<T> RunAsync<T>(this ResiliencePipeline pipeline, Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            return await pipeline.ExecuteAsync(async token => await work(token), cancellation);
        }
        catch (TransientException e)
        {
            throw new DownloadException($"{e.Message}. Tried several times; what has arrived is kept, and the same command goes on from there.", e);
        }
    }
}
