using System.Globalization;
using Flip.Data.Sources;

namespace Flip.Cli.Runs;

/// <summary>Tells every few seconds how far the indexing of shards is; few shards are done before the first message is due.</summary>
internal sealed class IndexingProgress(Action<string> say, TimeProvider? time = null)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    /// <summary>How commands open sources: what is left out of shards and how far their indexing is, is said in one way.</summary>
    /// <param name="say">Shows a line.</param>
    /// <param name="allowMissing">Whether what cannot be read is left out.</param>
    /// <param name="allowOutside">Whether files may name what lies outside their folder.</param>
    public static SourceOptions Sources(Action<string> say, bool allowMissing = false, bool allowOutside = false) =>
        new() { AllowMissing = allowMissing, AllowOutside = allowOutside, Say = say, Indexing = new IndexingProgress(say).Report };

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private long? _saidAt;

    /// <summary>Takes the state, from any thread.</summary>
    public void Report(int done, int shards)
    {
        lock (_gate)
        {
            _saidAt ??= _time.GetTimestamp();
            if (_time.GetElapsedTime(_saidAt.Value) >= Interval)
            {
                _saidAt = _time.GetTimestamp();
                say(string.Create(CultureInfo.InvariantCulture, $"Indexing: {done:N0} of {shards:N0} shards."));
            }
        }
    }
}
