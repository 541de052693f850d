using Polly;
using Polly.Retry;

namespace Flip.Network;

/// <summary>When and how often what failed is tried again.</summary>
internal static class Retries
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Exponential waits, spread by chance so that many clients do not come back at once; a server's own wish goes first. No wait is above half a minute.</summary>
    /// <param name="times">How often a work is tried again; below 1 for never.</param>
    /// <param name="first">The wait before the first retry.</param>
    /// <param name="notice">Takes a line that says why something is tried again; null for no one.</param>
    public static ResiliencePipeline Of(int times, TimeSpan first, Action<string>? notice = null) => times < 1 ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<TransientException>(),
            MaxRetryAttempts = times,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = first,
            MaxDelay = LongestWait,
            DelayGenerator = args => ValueTask.FromResult(args.Outcome.Exception is TransientException { RetryAfter: { } wait }
                ? TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, LongestWait.Ticks))
                : (TimeSpan?)null),
            OnRetry = args =>
            {
                notice?.Invoke($"{args.Outcome.Exception!.Message}; trying again in {args.RetryDelay.TotalSeconds:0.#} s ({args.AttemptNumber + 1} of {times})");
                return default;
            },
        })
        .Build();

    /// <summary>Runs the work.</summary>
    /// <param name="pipeline">Tries it again.</param>
    /// <param name="work">The work.</param>
    /// <param name="failed">What is thrown where it failed in every try.</param>
    /// <param name="cancellation">Stops it.</param>
    public static async Task<T> RunAsync<T>(
        this ResiliencePipeline pipeline, Func<CancellationToken, Task<T>> work, Func<TransientException, Exception> failed, CancellationToken cancellation)
    {
        try
        {
            return await pipeline.ExecuteAsync(async token => await work(token), cancellation);
        }
        catch (TransientException e)
        {
            throw failed(e);
        }
    }
}
