using Flip.Conversion.Download;

namespace Flip.Cli.Reporting;

/// <summary>
/// Speed of a download and the time left, from the bytes that came over the network: those that were here before, in whole files or in
/// the part of one, come in no time and are not counted (Spectre's own columns would).
/// </summary>
/// <param name="time">Clock.</param>
internal sealed class TransferSpeed(TimeProvider time)
{
    private readonly Lock _gate = new();
    private DownloadProgress? _last;
    private long _lastAt;
    private long _received;
    private TimeSpan _receiving;

    /// <summary>Bytes a second so far; null before any came.</summary>
    public double? BytesPerSecond
    {
        get
        {
            lock (_gate)
            {
                return _received > 0 && _receiving > TimeSpan.Zero ? _received / _receiving.TotalSeconds : null;
            }
        }
    }

    /// <summary>Time for the rest at this speed; null where it is not known.</summary>
    public TimeSpan? Remaining => BytesPerSecond is { } speed && _last is { TotalBytes: { } total, Bytes: var bytes }
        ? TimeSpan.FromSeconds(Math.Min((total - bytes) / speed, TimeSpan.FromDays(999).TotalSeconds))
        : null;

    /// <summary>Takes the state. The first one of a file only says where it begins.</summary>
    public void Report(DownloadProgress progress)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_last is { IsChecking: false } last && !progress.IsChecking && last.File == progress.File && progress.Bytes >= last.Bytes)
            {
                _received += progress.Bytes - last.Bytes;
                _receiving += time.GetElapsedTime(_lastAt, now);
            }

            (_last, _lastAt) = (progress, now);
        }
    }
}
