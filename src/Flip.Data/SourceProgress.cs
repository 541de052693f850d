using System.Globalization;

namespace Flip.Data;

/// <summary>Says every few seconds how far a pass over a source's files is; a short one is done before the first line is due.</summary>
/// <param name="say">Shows a line.</param>
/// <param name="work">What is done, such as "Indexing".</param>
/// <param name="items">What it is done to, plural.</param>
/// <param name="time">Clock; null for the system's.</param>
public sealed class SourceProgress(Action<string> say, string work, string items, TimeProvider? time = null)
{
    private const string HashFolder = "hashes";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private long? _saidAt;

    /// <summary>How commands open sources: what is left out of shards and how far their indexing is, is said in one way.</summary>
    /// <param name="say">Shows a line.</param>
    /// <param name="allowMissing">Whether what cannot be read is left out.</param>
    /// <param name="allowOutside">Whether files may name what lies outside their folder.</param>
    public static SourceOptions Sources(Action<string> say, bool allowMissing = false, bool allowOutside = false) =>
        new() { AllowMissing = allowMissing, AllowOutside = allowOutside, Say = say, Indexing = new SourceProgress(say, "Indexing", "shards").Report };

    /// <summary>The hashes of sources' files.</summary>
    /// <param name="cache">Folder that keeps features; they are in a folder of it.</param>
    /// <param name="say">Shows a line.</param>
    public static ContentHashes Hashes(string cache, Action<string> say) =>
        new(Path.Combine(cache, HashFolder), new SourceProgress(say, "Hashing", "files").Report);

    /// <summary>Takes the state, from any thread.</summary>
    public void Report(int done, int all)
    {
        lock (_gate)
        {
            _saidAt ??= _time.GetTimestamp();
            if (_time.GetElapsedTime(_saidAt.Value) >= Interval)
            {
                _saidAt = _time.GetTimestamp();
                say(string.Create(CultureInfo.InvariantCulture, $"{work}: {done:N0} of {all:N0} {items}."));
            }
        }
    }
}
