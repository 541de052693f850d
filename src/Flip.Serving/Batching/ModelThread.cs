using System.Diagnostics;

namespace Flip.Serving.Batching;

/// <summary>
/// The one thread that computes with the model: dispose scopes and modes of libtorch belong to a thread, and its own threads divide a batch. It takes batch after batch from
/// the queue until that has ended.
/// </summary>
internal sealed class ModelThread : IDisposable
{
    private readonly BatchQueue _queue;
    private readonly EngineMetrics _metrics;
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ModelThread(BatchQueue queue, EngineMetrics metrics)
    {
        (_queue, _metrics) = (queue, metrics);
        new Thread(Work) { IsBackground = true, Name = "flip model" }.Start();
    }

    /// <summary>Stops what can be stopped within a batch, such as the writing of captions.</summary>
    public void Abort() => _abort.Cancel();

    /// <summary>Ends when the thread has.</summary>
    public Task Ended => _ended.Task;

    /// <inheritdoc/>
    public void Dispose() => _abort.Dispose();

    private void Work()
    {
        while (_queue.Take() is var (lane, parts))
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                lane.Run(parts, _abort.Token);
            }
            catch (Exception e) // it is the callers', and the next batch may do well
            {
                _metrics.Failed(lane.Kind);
                var why = e is OperationCanceledException ? new EngineStoppedException() : e;
                foreach (var part in parts)
                {
                    _queue.Drop(lane, part.Request);
                    part.Request.Fail(why);
                }
            }

            var (count, time) = (parts.Sum(part => part.Count), Stopwatch.GetElapsedTime(began));
            _metrics.Computed(lane.Kind, count, time);
            _queue.Took(count, time);
        }

        _ended.SetResult();
    }
}
